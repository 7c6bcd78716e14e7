"""Warnings, precautions and checks that a source limits to people of some age."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from treatkg import graph, namespaces
from treatkg.explorer.asking import rows, text
from treatkg.explorer.patient import Patient
from treatkg.knowledge import Knowledge

_CLASSES: Mapping[str, str] = {
    "tkg:BoxedWarning": "boxed warning",
    "tkg:Warning": "warning",
    "tkg:Precaution": "precaution",
    "tkg:DrugInteraction": "interaction",
    "tkg:Monitoring": "monitor",
    "tkg:Screening": "screen first",
}
_LIMITED = """
SELECT DISTINCT ?treatment ?fact ?class ?statedFor ?place ?least ?most ?note WHERE {
  VALUES ?treatment { %(treatments)s }
  VALUES ?class { %(classes)s }
  ?fact a ?class ; tkg:population ?population ; tkg:treatment ?statedFor ;
    tkg:treatment|tkg:treatment/^tkg:activeSubstance|^tkg:subjectTo ?treatment .
  OPTIONAL { ?population tkg:minAgeMonths ?least }
  OPTIONAL { ?population tkg:maxAgeMonths ?most }
  FILTER(BOUND(?least) || BOUND(?most))
  OPTIONAL { ?fact tkg:jurisdiction ?place }
  OPTIONAL { ?fact tkg:validFrom ?from }
  OPTIONAL { ?fact tkg:validUntil ?until }
  FILTER((!BOUND(?from) || ?from <= "%(day)s"^^xsd:date) && (!BOUND(?until) || "%(day)s"^^xsd:date < ?until))
  OPTIONAL { ?fact skos:note ?note }
  MINUS { ?fact tkg:polarity ?negative }
}
"""


@dataclass(frozen=True)
class Limited:
    """A fact for people of some age; `fits`: the patient is one; `here`: it is said of their place or of none."""

    fact: str
    treatment: str
    stated_for: str
    kind: str
    note: str
    fits: bool
    here: bool

    @property
    def warns(self) -> bool:
        """Whether the fact warns the patient for their age alone, and does not only ask for a check."""
        return self.fits and self.here and self.kind not in ("monitor", "screen first")


def limited(knowledge: Knowledge, patient: Patient, treatments: Iterable[str]) -> Mapping[tuple[str, str], Limited]:
    """Return (treatment, fact) -> whether the patient is of the age that the fact is for; other facts are left out."""
    query = _LIMITED % {
        "treatments": " ".join(f"<{iri}>" for iri in treatments),
        "classes": " ".join(_CLASSES),
        "day": patient.day,
    }
    found: dict[tuple[str, str], Limited] = {}
    for row in rows(knowledge, query):
        fact, treatment = graph.iri_of(row["fact"]), graph.iri_of(row["treatment"])
        fits = int(text(row["least"]) or 0) <= patient.age_months < int(text(row["most"]) or 10_000)
        known = found.get((treatment, fact))
        found[treatment, fact] = Limited(
            fact,
            treatment,
            graph.iri_of(row["statedFor"]),
            _CLASSES[namespaces.shorten(graph.iri_of(row["class"]))],
            text(row["note"]),
            fits or (known is not None and known.fits),
            graph.iri_of(row["place"]) in ("", patient.jurisdiction),
        )
    return found
