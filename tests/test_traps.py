"""The traps of curation: each is set once, and the quality query that watches for it speaks."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from treatkg import graph, namespaces, queries

PREFIXES = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in namespaces.prefixes().items())
FACT = """
<a/{kind}/x> tkg:treatment <a> ; rdfs:label "x"@en ; tkg:evidence <a/e> .
<a/e> tkg:finding "{finding}"@en .
"""
RESULT = """
<a/trial-result/{name}> a tkg:TrialResult ; tkg:arm <arm> ; tkg:endpoint tkg:EASI75 ; tkg:week 16 ; tkg:unit "%" ;
    tkg:value {value} .
"""
AGE = "<a/indication/x> tkg:population <p> . <p> tkg:minAgeMonths 12 ." + FACT
RATING = "<a/potency-class/x> a tkg:PotencyRating ; tkg:potencyClass tkg:{cls} ; tkg:jurisdiction tkg:{place} ."


def rows(name: str, turtle: str) -> int:
    store = ox.Store()
    store.load(PREFIXES + turtle, format=ox.RdfFormat.TURTLE, base_iri=namespaces.BASE)
    return len(list(graph.rows(store.query(queries.find(name).text))))


@pytest.mark.parametrize(
    ("name", "trap", "sound"),
    [
        (
            "age-unit-violation",
            AGE.format(kind="indication", finding="for patients of 12 years and older"),
            AGE.format(kind="indication", finding="for children of 12 months and older"),
        ),
        (
            "conflicting-trial-values-violation",
            RESULT.format(name="one", value="51.0") + RESULT.format(name="two", value="15.0"),
            RESULT.format(name="one", value="51.0") + RESULT.format(name="two", value="51.3"),
        ),
        (
            "potency-scale-violation",
            RATING.format(cls="PotencyUKPotent", place="US"),
            RATING.format(cls="PotencyClass2", place="US"),
        ),
    ],
)
def test_trap_is_noticed_and_sound_data_are_not(name: str, trap: str, sound: str) -> None:
    assert rows(name, trap) >= 1
    assert rows(name, sound) == 0


def test_date_of_an_announcement_is_listed() -> None:
    licence = """
    <a/indication/us-2020> a tkg:Indication ; tkg:treatment <a> ; tkg:jurisdiction tkg:US ; rdfs:label "x"@en ;
        tkg:validFrom "2020-05-26"^^xsd:date ; tkg:evidence <e> .
    <e> tkg:evidenceDirection tkg:Supports ; prov:wasDerivedFrom <s> . <s> tkg:sourceType tkg:{kind} .
    """
    assert rows("dates-from-announcements", licence.format(kind="PressRelease")) == 1
    assert rows("dates-from-announcements", licence.format(kind="PrescribingInformation")) == 0
