"""What a treatment is: names, brands, classes, groups, routes, identifiers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from treatkg import graph, namespaces
from treatkg.explorer.facts import Fact, Named
from treatkg.explorer.wording import Label, place_code, rank
from treatkg.knowledge import Knowledge
from treatkg.results import Term, to_text

_PROPERTIES = """
SELECT ?thing ?property ?value WHERE {
  { BIND(<%s> AS ?thing) } UNION { <%s> tkg:activeSubstance ?thing }
  VALUES ?property {
    skos:definition skos:altLabel skos:exactMatch skos:closeMatch tkg:modality tkg:routeOfAdministration tkg:memberOf
    tkg:activeSubstance
  }
  ?thing ?property ?value .
}
"""
# Whether it is licensed depends on the day, and the classes speak of the day of the release.
_CLASSES = """
SELECT DISTINCT ?class WHERE {
  <%s> a ?class .
  MINUS { <%s> a ?narrower . ?narrower rdfs:subClassOf+ ?class . FILTER(?narrower != ?class) }
  FILTER(STRSTARTS(STR(?class), STR(tkg:)) && ?class NOT IN (
    tkg:TreatmentSubject, tkg:Treatment, tkg:Substance, tkg:LicensedTreatment, tkg:LicensedSystemicTreatment
  ))
}
"""


@dataclass(frozen=True)
class Identity:
    """What a treatment is called and counted among; `brands` with short names of jurisdictions."""

    iri: str
    label: str
    definition: str
    classes: tuple[Named, ...]
    groups: tuple[Named, ...]
    modality: str
    routes: tuple[str, ...]
    substance: Named | None
    synonyms: tuple[str, ...]
    brands: tuple[tuple[str, tuple[str, ...]], ...]
    identifiers: tuple[Named, ...]
    near: tuple[Named, ...]


def identity(knowledge: Knowledge, iri: str, names: Sequence[Fact]) -> Identity:
    """Collect what a treatment is.

    Args:
        knowledge: the graph.
        iri: the IRI of the treatment.
        names: its name statements.
    """
    found: dict[str, list[Term]] = defaultdict(list)
    for _, prop, value in knowledge.select(_PROPERTIES % (iri, iri)).terms:
        found[graph.iri_of(prop).rpartition("#")[2]].append(value)
    label = knowledge.terms.label
    brands: dict[str, dict[str, None]] = defaultdict(dict)
    for fact in names:
        if fact.iri_of("nameType") == namespaces.TKG + "BrandName":
            brands[fact.text("name")][place_code(fact)] = None
    substances = _named(found["activeSubstance"], label)
    return Identity(
        iri=iri,
        label=label(iri),
        definition=next(map(to_text, found["definition"]), ""),
        classes=_named([row[0] for row in knowledge.select(_CLASSES % (iri, iri)).terms], label),
        groups=_named(found["memberOf"], label),
        modality=next(map(label, map(graph.iri_of, found["modality"])), ""),
        routes=tuple(sorted({label(graph.iri_of(term)) for term in found["routeOfAdministration"]})),
        substance=next(iter(substances), None),
        synonyms=tuple(sorted({to_text(term) for term in found["altLabel"]} - set(brands))),
        brands=tuple((name, tuple(sorted(filter(None, places), key=rank))) for name, places in brands.items()),
        identifiers=_named(found["exactMatch"], _curie),
        near=_named(found["closeMatch"], _curie),
    )


def _named(terms: Sequence[Term], label: Label) -> tuple[Named, ...]:
    iris = {graph.iri_of(term) for term in terms}
    return tuple(sorted((Named(iri, label(iri)) for iri in iris), key=lambda named: named.label))


def _curie(iri: str) -> str:
    return namespaces.shorten(iri).replace("https://bioregistry.io/", "")
