"""Pages about sources: what a document is, and every fact that rests on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from treatkg import graph, namespaces
from treatkg.cards import EvidenceLine
from treatkg.explorer.asking import Behind, ask, behind, text
from treatkg.explorer.entities import Head
from treatkg.explorer.facts import Named, evidence_of
from treatkg.explorer.passages import address_of, passage
from treatkg.knowledge import Knowledge

CLASSES = frozenset({"Source"})
_LENGTH = {"tkg:Year": 4, "tkg:Month": 7}
_DETAILS = {
    "tkg:sourceType": "type",
    "dcterms:creator": "author",
    "dcterms:publisher": "publisher",
    "schema:version": "version",
    "tkg:retrievedOn": "read on",
    "dcterms:license": "licence",
    "tkg:doi": "DOI",
    "tkg:pmid": "PubMed",
    "schema:url": "address",
    "tkg:readVia": "read via",
    "dcterms:references": "refers to",
}


@dataclass(frozen=True)
class Said:
    """What a source says for or against a fact."""

    fact: str
    label: str
    cls: str
    locator: str
    finding: str
    supports: bool
    passage: str
    other_sources: int


@dataclass(frozen=True)
class SourcePage:
    """A source: its details (label -> text and address), and facts by treatment."""

    head: Head
    title: str
    date: str
    address: str
    details: Mapping[str, Sequence[tuple[str, str]]]
    facts: Mapping[Named, Sequence[Said]]
    behind: Sequence[Behind]

    @property
    def count(self) -> int:
        """How many facts rest on the source."""
        return len({said.fact for some in self.facts.values() for said in some})

    @property
    def alone(self) -> int:
        """How many facts rest on no other source."""
        return len({said.fact for some in self.facts.values() for said in some if not said.other_sources})


def source(knowledge: Knowledge, found: Head) -> SourcePage:
    """Return the page about a source."""
    values = {
        name: found.values.get(namespaces.expand(name), ()) for name in (*_DETAILS, "dcterms:date", "dcterms:title")
    }
    precision = namespaces.shorten(next(iter(found.values.get(namespaces.TKG + "datePrecision", ())), ""))
    date = next(iter(values["dcterms:date"]), "")[: _LENGTH.get(precision, 10)]
    address = next(filter(None, map(address_of, (*values["tkg:doi"], *values["schema:url"]))), "")
    details = {
        words: [_shown(knowledge, value) for value in values[name]] for name, words in _DETAILS.items() if values[name]
    }
    title = next(iter(values["dcterms:title"]), found.label)
    facts = _facts(knowledge, found.iri, address)
    return SourcePage(found, title, date, address, details, facts, [behind("facts-by-source", {"source": found.iri})])


def _shown(knowledge: Knowledge, value: str) -> tuple[str, str]:
    """Return a value as words, with the address that it leads to."""
    if knowledge.terms.names(value):
        inside = "/id/" + value.removeprefix(namespaces.BASE) if value.startswith(namespaces.BASE) else ""
        return knowledge.terms.label(value), inside
    return namespaces.shorten(value).replace("https://bioregistry.io/", ""), address_of(value)


def _facts(knowledge: Knowledge, iri: str, address: str) -> Mapping[Named, Sequence[Said]]:
    asked = list(ask(knowledge, "facts-by-source", {"source": iri}))
    facts = {graph.iri_of(row["fact"]) for row in asked}
    evidence = evidence_of(knowledge, facts)
    own = namespaces.shorten(iri)
    groups: dict[Named, dict[tuple[str, str, str], Said]] = defaultdict(dict)
    for row in asked:
        fact, treatment = graph.iri_of(row["fact"]), graph.iri_of(row["treatment"])
        about = (
            Named(treatment, knowledge.terms.label(treatment))
            if treatment
            else Named("", "The disease and its mechanisms")
        )
        locator, finding = text(row["locator"]), text(row["finding"])
        lines: Sequence[EvidenceLine] = evidence.get(fact, ())
        groups[about][fact, locator, finding] = Said(
            fact=fact,
            label=text(row["label"]),
            cls=knowledge.terms.label(graph.iri_of(row["class"])),
            locator=locator,
            finding=finding,
            supports=text(row["direction"]) == "tkg:Supports",
            passage=_passage(lines, own, locator, address),
            other_sources=len({line.source for line in lines} - {own}),
        )
    ordered = sorted(groups, key=lambda about: (not about.iri, about.label.casefold()))
    return {about: sorted(groups[about].values(), key=lambda said: (said.cls, said.label)) for about in ordered}


def _passage(lines: Sequence[EvidenceLine], own: str, locator: str, address: str) -> str:
    anchors = [line.anchor for line in lines if line.source == own and line.locator == locator and line.anchor]
    return passage(address, anchors[0]) if anchors else ""
