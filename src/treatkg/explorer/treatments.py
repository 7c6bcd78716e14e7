"""All treatments by kind, with where each is licensed for atopic dermatitis on a day."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from treatkg import graph, namespaces
from treatkg.explorer.sections import ATOPIC_DERMATITIS
from treatkg.explorer.wording import PLACES
from treatkg.knowledge import Knowledge
from treatkg.results import to_text

_TREATMENTS = """
SELECT ?treatment ?kind ?route ?action WHERE {
  ?treatment a tkg:Treatment .
  OPTIONAL { { ?treatment tkg:modality ?kind } UNION { ?treatment tkg:activeSubstance/tkg:modality ?kind } }
  OPTIONAL { ?treatment tkg:routeOfAdministration ?route }
  OPTIONAL {
    VALUES ?action { %s }
    ?treatment a ?action .
  }
}
"""
_LICENCES = """
SELECT DISTINCT ?treatment ?place WHERE {
  ?licence a tkg:Indication ; tkg:treatment ?treatment ; tkg:jurisdiction ?place ; tkg:disease <%s> ;
    tkg:validFrom ?from .
  OPTIONAL { ?licence tkg:validUntil ?until }
  OPTIONAL { ?licence tkg:polarity ?denied }
  FILTER(?from <= "%s"^^xsd:date && (!BOUND(?until) || "%s"^^xsd:date < ?until) && !BOUND(?denied))
}
"""
# The classes that group the list, the narrower before the wider; a treatment of none is grouped by its modality.
GROUPS = (
    "MonoclonalAntibody",
    "SystemicJanusKinaseInhibitor",
    "TopicalJanusKinaseInhibitor",
    "TopicalCorticosteroid",
    "SystemicCorticosteroid",
    "CalcineurinInhibitor",
    "Phosphodiesterase4Inhibitor",
    "ArylHydrocarbonReceptorAgonist",
)


@dataclass(frozen=True)
class Listed:
    """A treatment in the list; `licensed` by short name of the jurisdiction."""

    iri: str
    label: str
    routes: tuple[str, ...]
    licensed: tuple[str, ...]


@dataclass(frozen=True)
class Treatments:
    """Name of the group -> its treatments; `places` are all jurisdictions by short name."""

    groups: Mapping[str, tuple[Listed, ...]]
    places: Mapping[str, str]
    licensed: int
    total: int


def treatments(knowledge: Knowledge, day: datetime.date) -> Treatments:
    """List every treatment, with where it is licensed for atopic dermatitis on a day."""
    label = knowledge.terms.label
    facts: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    classes = " ".join(f"tkg:{name}" for name in GROUPS)
    for treatment, *values in knowledge.select(_TREATMENTS % classes).terms:
        for name, value in zip(("kind", "route", "action"), values, strict=True):
            facts[graph.iri_of(treatment)][name].add(graph.iri_of(value))
    licensed: dict[str, set[str]] = defaultdict(set)
    for treatment, place in knowledge.select(_LICENCES % (ATOPIC_DERMATITIS, day, day)).terms:
        licensed[graph.iri_of(treatment)].add(to_text(place).removeprefix("tkg:"))
    groups: dict[str, list[Listed]] = defaultdict(list)
    for iri, found in facts.items():
        routes = tuple(sorted(label(route) for route in found["route"] if route))
        where = tuple(place for place in PLACES if place in licensed[iri])
        groups[_group(found)].append(Listed(iri, label(iri), routes, where))
    ranked = sorted(groups, key=lambda name: (_rank(name), label(name)))
    return Treatments(
        {_title(label(name)): tuple(sorted(groups[name], key=lambda one: one.label)) for name in ranked},
        {place: label(namespaces.TKG + place) for place in PLACES},
        sum(1 for iri in facts if licensed[iri]),
        len(facts),
    )


def _group(found: Mapping[str, set[str]]) -> str:
    action = next((namespaces.TKG + name for name in GROUPS if namespaces.TKG + name in found["action"]), "")
    return action or min(found["kind"])


def _rank(name: str) -> int:
    local = name.removeprefix(namespaces.TKG)
    return GROUPS.index(local) if local in GROUPS else len(GROUPS)


def _title(name: str) -> str:
    return (name[:1].upper() + name[1:]) or "Others"
