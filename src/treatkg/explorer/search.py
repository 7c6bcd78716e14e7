"""Search over labels, synonyms, brands and identifiers, tolerant of typos: an index made once for each graph."""

from __future__ import annotations

import difflib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from treatkg import graph, namespaces
from treatkg.errors import UsageError
from treatkg.explorer.asking import once, text
from treatkg.knowledge import Knowledge
from treatkg.terms import normalise

_NAMES = """
SELECT ?thing ?how ?name WHERE {
  {
    VALUES (?property ?how) {
      (rdfs:label "label") (skos:prefLabel "label") (dcterms:title "title") (skos:altLabel "synonym")
      (skos:hiddenLabel "looser word") (tkg:brandName "brand") (skos:notation "symbol")
      (tkg:doi "identifier") (tkg:pmid "identifier") (skos:exactMatch "identifier") (skos:closeMatch "near identifier")
      (tkg:formerIdentifier "former identifier")
    }
    ?thing ?property ?name
  }
}
"""
_KINDS = "SELECT ?thing ?class WHERE { ?thing a ?class . FILTER(STRSTARTS(STR(?class), STR(tkg:))) }"
# What a thing is called in the results, the first that fits; their order is the order of the groups.
KINDS: Mapping[str, Sequence[str]] = {
    "treatments": ("Treatment",),
    "groups of treatments": ("TreatmentGroup",),
    "substances": ("Substance",),
    "cytokines": ("Cytokine",),
    "proteins and targets": ("Protein", "ProteinFamily", "ProteinComplex"),
    "diseases": ("Disease",),
    "features and phenotypes": ("Phenotype",),
    "processes, pathways, cells": ("BiologicalProcess", "Pathway", "CellType"),
    "states and risks": ("State", "Risk"),
    "trials": ("Trial",),
    "sources": ("Source",),
    "facts": ("Fact",),
    "terms": (),
}
LONGEST = 300
_WORDS = 8
_GOOD = 80.0  # a name that begins with the query
_NEAR = 0.7
_FUZZY_FROM = 4  # shorter words have too many neighbours
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Hit:
    """A thing that was found; `by` is the name that matched and `how` its kind, empty where it is the label."""

    iri: str
    label: str
    kind: str
    score: float
    by: str = ""
    how: str = ""


@dataclass(frozen=True)
class Found:
    """Hits by kind, best first; the most similar name, where none fits well; and whether all are only similar."""

    query: str
    groups: Mapping[str, Sequence[Hit]]
    suggestion: str
    only_similar: bool

    @property
    def count(self) -> int:
        """How many things were found."""
        return sum(map(len, self.groups.values()))


@dataclass(frozen=True)
class _Name:
    iri: str
    name: str
    how: str
    key: str
    words: tuple[str, ...]


class Index:
    """The names in a graph, ready to be searched."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._label = knowledge.terms.label
        self._kinds = _kinds(knowledge)
        self._names = list(_names(knowledge))
        self._by_key: dict[str, list[int]] = defaultdict(list)
        self._by_word: dict[str, list[int]] = defaultdict(list)
        self._by_trigram: dict[str, list[int]] = defaultdict(list)
        for place, name in enumerate(self._names):
            self._by_key[name.key].append(place)
            for word in name.words:
                self._by_word[word].append(place)
            if self.kind(name.iri) not in ("facts", "sources") and "identifier" not in name.how:
                for trigram in _trigrams(name.key):
                    self._by_trigram[trigram].append(place)

    def kind(self, iri: str) -> str:
        """Return the heading under which a thing is shown."""
        return self._kinds.get(iri, "terms")

    def search(self, query: str) -> Found:
        """Find things by name.

        Raises:
            UsageError: the query is too long, or holds control characters.
        """
        words = " ".join(query.split())
        if len(words) > LONGEST:
            raise UsageError(f"a search is at most {LONGEST} characters long, and this one has {len(words)}")
        if not words.isprintable():
            raise UsageError("the search holds control characters")
        direct = self._direct(words)
        similar = self._similar(normalise(words)) if max(direct.values(), default=0) < _GOOD else {}
        scores = {**similar, **direct}
        best: dict[str, tuple[float, int]] = {}
        for place, score in scores.items():
            name = self._names[place]
            best[name.iri] = max(best.get(name.iri, (0.0, 0)), (score, place))
        groups: dict[str, list[Hit]] = {kind: [] for kind in KINDS}
        for iri, (score, place) in best.items():
            groups[self.kind(iri)].append(self._hit(iri, score, self._names[place]))
        for hits in groups.values():
            hits.sort(key=lambda hit: (-hit.score, hit.label.casefold(), hit.iri))
        near = max((place for place in similar if place not in direct), key=lambda place: similar[place], default=None)
        hint = "" if near is None else self._names[near].name
        return Found(words, {kind: hits for kind, hits in groups.items() if hits}, hint, not direct)

    def _hit(self, iri: str, score: float, name: _Name) -> Hit:
        label = self._label(iri)
        plain = name.name == label
        return Hit(iri, label, self.kind(iri), score, "" if plain else name.name, "" if plain else name.how)

    def _direct(self, query: str) -> dict[int, float]:
        """Score the names that hold the words of the query: the whole name first, then its beginning, then words."""
        key, wanted = normalise(query), _split(query)[:_WORDS]
        scores: dict[int, float] = {}
        for place in self._by_key.get(key, ()) if key else ():
            scores[place] = 100.0 - (self._names[place].how != "label")
        if len(key) < 2:
            return scores
        holding = self._holding(wanted)
        for place in holding:
            name = self._names[place]
            short = len(key) / max(len(name.key), 1)
            scores.setdefault(place, (85 if name.key.startswith(key) else 65) + 10 * min(short, 1.0))
        if len(key) >= 3:
            for other, places in self._by_key.items():
                if key in other:
                    for place in places:
                        scores.setdefault(place, 50 + 10 * len(key) / len(other))
        return scores

    def _holding(self, wanted: Sequence[str]) -> set[int]:
        """Return the names in which every wanted word begins a word."""
        found: set[int] | None = None
        for begin in wanted:
            places = {place for word, of in self._by_word.items() if word.startswith(begin) for place in of}
            found = places if found is None else found & places
            if not found:
                break
        return found or set()

    def _similar(self, key: str) -> dict[int, float]:
        """Score names that look like the query, by the share of their characters in common order."""
        if len(key) < _FUZZY_FROM:
            return {}
        wanted = _trigrams(key)
        shared = Counter(place for trigram in wanted for place in self._by_trigram.get(trigram, ()))
        by_likeness = sorted(
            shared, key=lambda place: (-shared[place] / (len(wanted) + len(self._names[place].key)), place)
        )
        matcher = difflib.SequenceMatcher(autojunk=False)
        matcher.set_seq2(key)
        scores: dict[int, float] = {}
        for place in by_likeness[:60]:
            matcher.set_seq1(self._names[place].key)
            if matcher.real_quick_ratio() >= _NEAR and (ratio := matcher.ratio()) >= _NEAR:
                scores[place] = 50 * ratio
        return scores


@once
def index(knowledge: Knowledge) -> Index:
    """Return the index of a graph, which is made at the first search."""
    return Index(knowledge)


def _names(knowledge: Knowledge) -> Iterator[_Name]:
    seen: set[tuple[str, str]] = set()
    rows = knowledge.select(_NAMES).terms
    # A brand may also stand among the synonyms: it is a brand then.
    for thing, how, name in sorted(rows, key=lambda row: text(row[1]) == "synonym"):
        iri, word, kind = graph.iri_of(thing), text(name), text(how)
        if not iri:
            continue
        curie = namespaces.shorten(iri)
        spellings = [(word, kind), (curie, "identifier"), (curie.partition(":")[2], "identifier")]
        if "identifier" in kind:
            spellings.append((word.partition(":")[2], kind))
        for one, of in spellings:
            key = normalise(one)
            if len(key) > (3 if one is not word and of == "identifier" else 0) and (iri, key) not in seen:
                seen.add((iri, key))
                yield _Name(iri, one, of, key, tuple(dict.fromkeys(_split(one))))


def _kinds(knowledge: Knowledge) -> dict[str, str]:
    rank = {cls: place for place, classes in enumerate(KINDS.values()) for cls in classes}
    headings = list(KINDS)
    best: dict[str, int] = {}
    for thing, cls in knowledge.select(_KINDS).terms:
        place = rank.get(graph.iri_of(cls).removeprefix(namespaces.TKG))
        if place is not None:
            iri = graph.iri_of(thing)
            best[iri] = min(best.get(iri, place), place)
    return {iri: headings[place] for iri, place in best.items()}


def _split(name: str) -> list[str]:
    """Return the words of a name as they are compared."""
    return [key for word in _WORD.findall(name.replace("_", " ")) if (key := normalise(word))]


def _trigrams(key: str) -> set[str]:
    padded = f" {key} "
    return {padded[at : at + 3] for at in range(len(padded) - 2)}
