"""What changed between two releases, said as facts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pyoxigraph as ox
import pytest

import treatkg
from treatkg import graph, namespaces, resources
from treatkg.releases import Differences, compare

ID = namespaces.BASE
TKG = namespaces.TKG
FACT = ID + "lebrikizumab/indication/us-2024-adults-and-adolescents"
Edit = Callable[[ox.Triple], Iterable[ox.Triple]]


KEPT = tuple(ID + name for name in ("lebrikizumab", "crisaborole", "source/", "dataset"))


@pytest.fixture(scope="module")
def triples() -> list[ox.Triple]:
    """Two treatments with their sources, and every term."""
    subjects = ((triple, graph.iri_of(triple.subject)) for triple in graph.parse_file(resources.TRIPLES))
    return [triple for triple, subject in subjects if subject.startswith(KEPT) or not subject.startswith(ID)]


@pytest.fixture(scope="module")
def now(triples: list[ox.Triple], tmp_path_factory: pytest.TempPathFactory) -> treatkg.Knowledge:
    file = tmp_path_factory.mktemp("now") / "treatkg.nt"
    file.write_bytes(graph.canonical_ntriples(triples))
    return treatkg.open(file)


@pytest.fixture(scope="module")
def between(
    now: treatkg.Knowledge, triples: list[ox.Triple], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Edit], Differences]:
    """Return the differences from an edited graph to the graph."""

    def compared(edit: Edit) -> Differences:
        file = tmp_path_factory.mktemp("release") / "treatkg.nt"
        file.write_bytes(graph.canonical_ntriples(edited for triple in triples for edited in edit(triple)))
        return compare(treatkg.open(file), now)

    return compared


def without(iri: str) -> Edit:
    def edit(triple: ox.Triple) -> Iterable[ox.Triple]:
        spoken_of = (graph.iri_of(triple.subject), graph.iri_of(triple.object))
        if not any(term == iri or term.startswith(iri + "/") for term in spoken_of):
            yield triple

    return edit


def replacing(subject: str, prop: str, value: ox.Literal | ox.NamedNode | None) -> Edit:
    def edit(triple: ox.Triple) -> Iterable[ox.Triple]:
        if (graph.iri_of(triple.subject), triple.predicate.value) != (subject, prop):
            yield triple
        elif value is not None:
            yield ox.Triple(triple.subject, triple.predicate, value)

    return edit


def test_a_new_indication_is_said_with_place_and_age(between: Callable[[Edit], Differences]) -> None:
    differences = between(without(FACT))
    assert [change.kind for change in differences.changes] == ["new"]
    assert differences.changes[0].sentence.startswith("lebrikizumab: new US indication, 12 years and older (")
    assert differences.changes[0].id == FACT.removeprefix(ID)
    assert "1 new" in differences.to_text()


def test_an_ended_licence_is_a_change_of_that_property_alone(between: Callable[[Edit], Differences]) -> None:
    ended = ID + "crisaborole/indication/eu-2020-from-2-years"
    differences = between(replacing(ended, TKG + "validUntil", None))
    (change,) = differences.changes
    assert change.kind == "changed"
    assert change.sentence.startswith("crisaborole: EU indication")
    assert change.details == ("valid until added: 2022-01-31",)


def test_a_changed_population_is_said_whole(between: Callable[[Edit], Differences]) -> None:
    (change,) = between(replacing_ages(FACT, 144, 216)).changes
    assert change.kind == "changed"
    (detail,) = change.details
    assert "minimum age in months 216" in detail.split(" → ")[0]
    assert "minimum age in months 144" in detail.split(" → ")[1]


def replacing_ages(fact: str, now: int, before: int) -> Edit:
    def edit(triple: ox.Triple) -> Iterable[ox.Triple]:
        number = ox.Literal(str(now), datatype=ox.NamedNode(namespaces.XSD + "integer"))
        is_age = triple.predicate.value == TKG + "minAgeMonths" and triple.object == number
        if is_age and graph.iri_of(triple.subject).startswith(fact + "/"):
            yield ox.Triple(triple.subject, triple.predicate, ox.Literal(str(before), datatype=number.datatype))
        else:
            yield triple

    return edit


def test_other_evidence_is_kept_apart_from_what_the_fact_says(
    between: Callable[[Edit], Differences], now: treatkg.Knowledge
) -> None:
    evidence = now.select(
        f"SELECT ?e ?title WHERE {{ <{FACT}> tkg:evidence ?e . ?e prov:wasDerivedFrom/dcterms:title ?title }}"
    )
    node, title = evidence.terms[0]
    assert isinstance(title, ox.Literal)
    (change,) = between(without(graph.iri_of(node))).changes
    assert change.kind == "evidence"
    assert any(title.value in detail for detail in change.details)


def test_a_reworded_finding_is_said(between: Callable[[Edit], Differences], now: treatkg.Knowledge) -> None:
    node, finding = now.select(f"SELECT ?e ?f WHERE {{ <{FACT}> tkg:evidence ?e . ?e tkg:finding ?f }}").terms[0]
    assert isinstance(finding, ox.Literal)
    (change,) = between(replacing(graph.iri_of(node), TKG + "finding", ox.Literal("before", language="en"))).changes
    assert change.kind == "evidence"
    assert any(detail.startswith("now read in ") and finding.value in detail for detail in change.details)
    assert any(detail.startswith("no longer read in ") and detail.endswith(": before") for detail in change.details)


def test_what_is_gone(now: treatkg.Knowledge, triples: list[ox.Triple], tmp_path: Path) -> None:
    file = tmp_path / "treatkg.nt"
    file.write_bytes(graph.canonical_ntriples(kept for triple in triples for kept in without(FACT)(triple)))
    (change,) = compare(now, treatkg.open(file)).changes
    assert (change.kind, change.id) == ("gone", FACT.removeprefix(ID))


def test_a_graph_does_not_differ_from_itself(now: treatkg.Knowledge) -> None:
    differences = compare(now, now)
    assert differences.changes == ()
    assert differences.to_text().endswith(": no difference\n")


def test_formats(between: Callable[[Edit], Differences]) -> None:
    differences = between(without(FACT))
    assert json.loads(differences.to_json())["changes"][0]["treatment"] == "lebrikizumab"
    assert "### New\n\n- lebrikizumab: new US indication" in differences.to_markdown()
