"""The graph by subject, with labels and classes: what the formats that are no RDF read."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable, Sequence

import pyoxigraph as ox

from treatkg import namespaces
from treatkg.namespaces import DCTERMS, PROV, RDF, RDFS, SKOS, TKG

Value = ox.NamedNode | ox.Literal
_NO_VALUES: tuple[Value, ...] = ()


class View:
    """Triples indexed by subject and property; values in the order of their spelling."""

    def __init__(self, triples: Iterable[ox.Triple]) -> None:
        index: dict[str, dict[str, list[Value]]] = defaultdict(lambda: defaultdict(list))
        for triple in triples:
            if isinstance(triple.subject, ox.NamedNode) and isinstance(triple.object, (ox.NamedNode, ox.Literal)):
                index[triple.subject.value][triple.predicate.value].append(triple.object)
        self._index = {
            iri: {prop: tuple(sorted(values, key=str)) for prop, values in properties.items()}
            for iri, properties in index.items()
        }
        self._instances: dict[str, list[str]] = defaultdict(list)
        for iri in sorted(self._index):
            for value in self.values(iri, RDF + "type"):
                self._instances[value.value].append(iri)

    @property
    def subjects(self) -> Iterable[str]:
        """The IRIs of everything that the graph says something of."""
        return self._index.keys()

    @functools.cached_property
    def used_properties(self) -> set[str]:
        """The IRIs of all properties."""
        return {prop for properties in self._index.values() for prop in properties}

    def properties(self, iri: str) -> dict[str, tuple[Value, ...]]:
        """Return property -> values of a thing."""
        return self._index.get(iri, {})

    def values(self, iri: str, prop: str) -> Sequence[Value]:
        """Return the values of a property of a thing."""
        return self._index.get(iri, {}).get(prop, _NO_VALUES)

    def texts(self, iri: str, prop: str) -> list[str]:
        """Return the values of a property as strings: the text of literals, the IRI of things."""
        return [value.value for value in self.values(iri, prop)]

    def first(self, iri: str, prop: str) -> str:
        """Return the first value of a property as a string; empty where there is none."""
        return next((value.value for value in self.values(iri, prop)), "")

    def label(self, iri: str) -> str:
        """Return what people call a thing; empty where the graph does not say."""
        return self.first(iri, RDFS + "label") or self.first(iri, SKOS + "prefLabel")

    def classes(self, iri: str) -> set[str]:
        """Return the classes of a thing, entailed ones too."""
        return set(self.texts(iri, RDF + "type"))

    def instances(self, class_name: str) -> Sequence[str]:
        """Return the things of a class of the ontology (its local name), sorted."""
        return self._instances.get(TKG + class_name, [])

    @functools.cached_property
    def fact_classes(self) -> list[str]:
        """The IRIs of the classes of facts that have no narrower ones, sorted."""
        below, queue = set(), [TKG + "Fact"]
        children: dict[str, list[str]] = defaultdict(list)
        for iri in self._index:
            for value in self.values(iri, RDFS + "subClassOf"):
                children[value.value].append(iri)
        while queue:
            for child in children[queue.pop()]:
                below.add(child)
                queue.append(child)
        return sorted(iri for iri in below if not children[iri])

    def kind(self, fact: str) -> str:
        """Return the local name of a fact's own class, such as Indication."""
        classes = self.classes(fact)
        return next(iri.removeprefix(TKG) for iri in self.fact_classes if iri in classes)

    @functools.cached_property
    def facts(self) -> Sequence[str]:
        """The IRIs of all facts, sorted."""
        return self.instances("Fact")

    @functools.cached_property
    def facts_of(self) -> dict[str, list[str]]:
        """Treatment, substance or group -> its own facts, sorted."""
        table: dict[str, list[str]] = defaultdict(list)
        for fact in self.facts:
            for treatment in self.texts(fact, TKG + "treatment"):
                table[treatment].append(fact)
        return table

    def sources(self, fact: str) -> list[str]:
        """Return the IRIs of the sources that a fact has evidence from, sorted."""
        return sorted({self.source(evidence) for evidence in self.texts(fact, TKG + "evidence")})

    def source(self, evidence: str) -> str:
        """Return the IRI of the source of a piece of evidence."""
        return self.first(evidence, PROV + "wasDerivedFrom")

    def address(self, source: str) -> str:
        """Return where a source is found on the web: its DOI, else its address, else where it was read, else empty."""
        return next((iri for prop in _ADDRESSES if (iri := self.first(source, prop))), "")

    @functools.cached_property
    def issued(self) -> str:
        """The day of issue of the release, as YYYY-MM-DD."""
        return self.first(namespaces.DATASET, DCTERMS + "issued")

    def in_force(self, fact: str) -> bool:
        """Whether a fact holds on the day of issue, so far as its dates tell."""
        start, end = self.first(fact, TKG + "validFrom"), self.first(fact, TKG + "validUntil")
        return start <= self.issued and not (end and end <= self.issued)


_ADDRESSES = (TKG + "doi", "https://schema.org/url", TKG + "readVia", TKG + "pmid")
