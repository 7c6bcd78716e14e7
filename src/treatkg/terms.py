"""Names of things: from what a person writes to an IRI, and from an IRI to a label."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import defaultdict
from typing import Protocol

import pyoxigraph as ox

from treatkg import graph, namespaces
from treatkg.errors import AmbiguousNameError, UsageError, did_you_mean
from treatkg.results import Term, to_text

_NAMES = f"""
PREFIX rdfs: <{namespaces.RDFS}>
PREFIX skos: <{namespaces.SKOS}>
PREFIX tkg: <{namespaces.TKG}>
SELECT ?thing ?name ?preferred WHERE {{
  VALUES (?property ?preferred) {{
    (rdfs:label true) (skos:prefLabel true) (skos:altLabel false) (tkg:brandName false) (skos:notation false)
  }}
  ?thing ?property ?name .
}}
"""
_MEMBERS = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT DISTINCT ?thing WHERE { ?thing a/rdfs:subClassOf* <%s> }
"""
_FEW = 20


class Engine(Protocol):
    """Something that answers SPARQL queries."""

    def ask(self, query: str) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
        """Return the answer to a query of any form."""


class Terms:
    """The names in a graph. Names match without regard to case, accents, spaces and punctuation ("IL-13", "il13")."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @functools.cached_property
    def _names(self) -> tuple[dict[str, set[str]], dict[str, str], dict[str, list[str]]]:
        by_key: dict[str, set[str]] = defaultdict(set)
        labels: dict[str, str] = {}
        spelled: dict[str, list[str]] = defaultdict(list)
        for row in graph.rows(self._engine.ask(_NAMES)):
            thing, name = row["thing"], row["name"]
            if not (isinstance(thing, ox.NamedNode) and isinstance(name, ox.Literal)):
                continue
            by_key[normalise(name.value)].add(thing.value)
            spelled[thing.value].append(name.value)
            if str(row["preferred"]).startswith('"true"'):
                labels[thing.value] = min(name.value, labels.get(thing.value, name.value))
        return by_key, labels, spelled

    def label(self, iri: str) -> str:
        """Return the label of an IRI, or its shortest form where it has none."""
        return self._names[1].get(iri) or namespaces.shorten(iri)

    def readable(self, term: Term) -> str:
        """Return a term for a table: ids of this graph as they are, other IRIs by their label."""
        iri = graph.iri_of(term)
        return self.label(iri) if iri and not iri.startswith(namespaces.BASE) else to_text(term)

    def names(self, iri: str) -> list[str]:
        """Return every name of an IRI."""
        return sorted(self._names[2].get(iri, []))

    def resolve(self, text: str, cls: str | None = None) -> str:
        """Return the IRI of an IRI, CURIE, id or name, which may have to be of a class of the ontology.

        Raises:
            UsageError: unknown (with near names), ambiguous (with the candidates), or of another class.
        """
        if not text or len(text) > 300:
            raise UsageError("a name is 1 to 300 characters long")
        identifier = text if _is_iri(text) else self._as_identifier(text)
        if identifier:
            if cls and identifier not in self._of_class(cls):
                raise UsageError(f'"{text[:80]}" is not of the class {cls}')
            return identifier
        found = self._names[0].get(normalise(text), set()) & self._of_class(cls)
        if len(found) == 1:
            return next(iter(found))
        what = f" of the class {cls}" if cls else ""
        if found:
            options = ", ".join(sorted(f"{namespaces.shorten(iri)} ({self.label(iri)})" for iri in found))
            message = f'"{text}" can mean several things{what}: {options}. Name one by its id'
            raise AmbiguousNameError(message, sorted(map(namespaces.shorten, found)))
        near = did_you_mean(text, (name for iri in self._of_class(cls) for name in self._names[2].get(iri, [])))
        raise UsageError(f'nothing{what} is called "{text[:80]}"{near or self._listed(cls)}')

    def members(self, cls: str, most: int) -> dict[str, str]:
        """Return what is of a class, short form -> label, in the order of the labels; empty if more than `most` are."""
        found = self._of_class(cls)
        if len(found) > most:
            return {}
        return {
            namespaces.shorten(iri): self.label(iri) for iri in sorted(found, key=lambda iri: (self.label(iri), iri))
        }

    def _listed(self, cls: str | None) -> str:
        """Say what a name could be, if that is not much."""
        few = self.members(cls, _FEW) if cls else {}
        return "; there are: " + ", ".join(f"{name} ({label})" for name, label in few.items()) if few else ""

    def _as_identifier(self, text: str) -> str | None:
        prefix, colon, local = text.partition(":")
        if colon and not re.search(r"\s", text):
            pattern = namespaces.identifier_patterns().get(prefix)
            if pattern and not pattern.fullmatch(local):
                raise UsageError(f'"{text}" is not the form of a {prefix} identifier')
            return _checked(namespaces.expand(text))
        for iri in (namespaces.BASE + text, namespaces.TKG + text):
            if iri in self._names[1]:
                return iri
        return None

    @functools.lru_cache(maxsize=64)  # noqa: B019 (a graph is open as long as the process)
    def _of_class(self, cls: str | None) -> frozenset[str]:
        if cls is None:
            return frozenset(self._names[2])
        rows = graph.rows(self._engine.ask(_MEMBERS % (namespaces.TKG + cls)))
        return frozenset(graph.iri_of(row["thing"]) for row in rows)


def normalise(name: str) -> str:
    """Return a name without case, accents, spaces and punctuation."""
    decomposed = unicodedata.normalize("NFKD", name).casefold()
    return re.sub(r"[\W_]+", "", "".join(c for c in decomposed if not unicodedata.combining(c)))


def _is_iri(text: str) -> bool:
    return text.startswith(("http://", "https://")) and bool(_checked(text))


def _checked(iri: str) -> str:
    problem = UsageError(f'"{iri[:80]}" is not an IRI')
    if re.search(r'[\s<>"{}|\\^`]', iri):
        raise problem
    try:
        return ox.NamedNode(iri).value
    except ValueError as error:
        raise problem from error
