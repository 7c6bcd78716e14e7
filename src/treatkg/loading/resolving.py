"""From what a source names to terms of the graph, by identifier or name; what is not found is kept and flagged."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pyoxigraph as ox

from treatkg import graph, namespaces
from treatkg.loading.identifiers import prefix_of, slug
from treatkg.loading.items import Mention
from treatkg.loading.vocabulary import prefixes
from treatkg.terms import normalise

LOAD = namespaces.LOAD
# The classes whose members a mention of a kind may be.
_MEMBERS = {
    "Treatment": ("Treatment", "Substance", "TreatmentGroup"),
    "Protein": ("Protein", "Cytokine"),
    "Thing": (),
}
_MATCH = namespaces.SKOS + "exactMatch"
_BRAND = "brandName"
_NAMES = (namespaces.RDFS + "label", namespaces.SKOS + "altLabel", namespaces.TKG + _BRAND)
# Vocabularies whose own IRIs the graph uses: what has such an id is another thing than its namesake of another id.
_HOMES = {
    "Protein": "uniprot",
    "Disease": "MONDO",
    "Phenotype": "HP",
    "BiologicalProcess": "GO",
    "CellType": "CL",
    "Pathway": "reactome",
}


@dataclass(frozen=True)
class Found:
    """A term: its IRI, the classes it gets where it is new, the name to keep for it, and whether the graph has it."""

    iri: str
    name: str
    classes: tuple[str, ...] = ()
    known: bool = True


@dataclass
class Resolver:
    """Finds terms of the curated graph.

    Args:
        by_id: IRI of an identifier -> IRIs of the terms that it names (a disease and a phenotype may share one), the
            best first.
        by_name: (class, normalised name) -> IRIs of the terms of that class so called; "brandName" stands for a class.
        labels: IRI -> label, of every term that the graph labels.
    """

    by_id: Mapping[str, Sequence[str]] = field(default_factory=dict)
    by_name: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    def find(self, mention: Mention, source: str) -> Found:
        """Return the term that is meant, or a new one under the source's own identifier or name.

        Args:
            mention: what the source names.
            source: the id of the source, under which a thing without identifier is kept.
        """
        iris = [iri for iri in map(expand, mention.ids) if iri]
        name = next(iter(mention.names), "") or next(iter(mention.ids), "")
        # A brand is a formulation, whose facts are its own; an identifier may be that of the molecule.
        brands = [self.by_name.get((_BRAND, normalise(one)), frozenset()) for one in mention.names]
        for branded in brands if mention.kind == "Treatment" else ():
            if len(branded) == 1:
                return Found(next(iter(branded)), name)
        for iri in iris:
            for term in self.by_id.get(iri, ()):
                if self._is_of(mention.kind, term):
                    return Found(term, name)
        home = prefixes().get(_HOMES.get(mention.kind, ""), "")
        for candidate in () if home and any(iri.startswith(home) for iri in iris) else mention.names:
            found = self._named(mention.kind, candidate)
            if len(found) == 1:
                return Found(next(iter(found)), name)
        iri = iris[0] if iris else f"{LOAD}{source}/name/{mention.kind}/{slug(name)}"
        return Found(iri, name, ("UnmappedTerm", *_new_classes(mention.kind)), known=False)

    def _named(self, kind: str, name: str) -> frozenset[str]:
        classes = _MEMBERS.get(kind, (kind,))
        key = normalise(name)
        found: set[str] = set()
        for cls in classes:
            found |= self.by_name.get((cls, key), frozenset())
        return frozenset(found)

    def _is_of(self, kind: str, iri: str) -> bool:
        return kind == "Thing" or any(iri in self.by_name.get((cls, ""), ()) for cls in _MEMBERS.get(kind, (kind,)))


def _new_classes(kind: str) -> tuple[str, ...]:
    return {"Treatment": ("Substance",), "Thing": ()}.get(kind, (kind,))


def resolver_of(triples: Iterable[ox.Triple]) -> Resolver:
    """Make a resolver from the curated graph: types, names, and exact matches with other vocabularies."""
    types: dict[str, set[str]] = defaultdict(set)
    names: dict[str, set[str]] = defaultdict(set)
    labels: dict[str, str] = {}
    matches: dict[str, set[str]] = defaultdict(set)
    by_name: dict[tuple[str, str], set[str]] = defaultdict(set)
    for triple in triples:
        subject, predicate, value = graph.iri_of(triple.subject), triple.predicate.value, triple.object
        if predicate == graph.RDF_TYPE.value and isinstance(value, ox.NamedNode):
            types[subject].add(value.value.removeprefix(namespaces.TKG))
        elif predicate in _NAMES and isinstance(value, ox.Literal):
            names[subject].add(value.value)
            if predicate == _NAMES[0]:
                labels[subject] = value.value
            elif predicate == _NAMES[2]:
                by_name[_BRAND, normalise(value.value)].add(subject)
        elif predicate == _MATCH and isinstance(value, ox.NamedNode):
            matches[value.value].add(subject)
    for iri, classes in types.items():
        for cls in classes & _RESOLVED:
            by_name[cls, ""].add(iri)
            for name in names[iri]:
                by_name[cls, normalise(name)].add(iri)
    by_id = {iri: [iri] for iri, classes in types.items() if classes & _RESOLVED}
    by_id |= {match: _substance_first(subjects, types) for match, subjects in matches.items()}
    return Resolver(by_id, {key: frozenset(iris) for key, iris in by_name.items()}, labels)


_RESOLVED = {
    "Treatment", "Substance", "TreatmentGroup", "Disease", "Phenotype", "Protein", "Cytokine", "ProteinFamily",
    "ProteinComplex", "BiologicalProcess", "Pathway", "CellType", "Trial",
}  # fmt: skip


def _substance_first(subjects: set[str], types: Mapping[str, set[str]]) -> list[str]:
    """Order those that match one identifier, the substance first: the identifier is the molecule's."""
    return sorted(subjects, key=lambda iri: ("Substance" not in types[iri], iri))


def expand(curie: str) -> str:
    """Return the IRI of a CURIE, or an empty string where the prefix is unknown or the form is wrong."""
    if curie.startswith(("http://", "https://")):
        return "" if re.search(r'[\s<>"{}|\\^`]', curie) else curie
    prefix, colon, local = curie.partition(":")
    prefix = prefix_of(prefix)
    namespace = prefixes().get(prefix)
    if not colon or not local or namespace is None or re.search(r'[\s<>"{}|\\^`]', local):
        return ""
    pattern = namespaces.identifier_patterns().get(prefix)
    return namespace + local if pattern is None or pattern.fullmatch(local) else ""
