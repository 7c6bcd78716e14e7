"""Treatments side by side, against the stored queries."""

import datetime

import pytest

import treatkg
from treatkg import namespaces
from treatkg.errors import UsageError
from treatkg.explorer.comparison import Aligned, Comparison, Table, chosen, compare

DAY = datetime.date(2026, 11, 28)


def both(kg: treatkg.Knowledge, *names: str, day: datetime.date = DAY) -> Comparison:
    return compare(kg, chosen(kg, names), day)


def table(found: Comparison, title: str) -> Table:
    return next(one for one in found.tables if one.title == title)


def row(found: Comparison, title: str, name: str) -> Aligned:
    return next(one for one in table(found, title).rows if one.name == name)


def facts(found: Comparison, title: str, column: int) -> set[str]:
    return {namespaces.shorten(line.fact) for one in table(found, title).rows for line in one.cells[column]}


def test_targets_and_cytokines(kg: treatkg.Knowledge) -> None:
    found = both(kg, "dupilumab", "upadacitinib")
    receptor = row(found, "Acts on", "Interleukin-4 receptor subunit alpha")
    assert [[line.label for line in cell] for cell in receptor.cells] == [["antagonist"], []]
    assert receptor.differs
    blocked = {one.name for one in table(found, "Cytokines whose signalling it blocks").rows if one.cells[0]}
    asked = kg.query("drugs-blocking-cytokine").to_dicts()
    assert blocked == {str(one["cytokineName"]) for one in asked if one["drug"] == "dupilumab"}


def test_it_holds_every_fact_of_the_stored_queries(kg: treatkg.Knowledge) -> None:
    found = both(kg, "dupilumab", "upadacitinib", "abrocitinib")
    for title, query in (
        ("Licensed for", "licensed-treatments"),
        ("Checks before treatment", "screening-before-treatment"),
        ("Boxed warnings", "boxed-warnings"),
    ):
        for column, treatment in enumerate(("dupilumab", "upadacitinib", "abrocitinib")):
            asked = {
                str(one["fact"])
                for one in kg.query(query).to_dicts()
                if one["treatment"] == treatment and "/label-check/" not in str(one["fact"])
            }
            assert facts(found, title, column) == asked if title in {one.title for one in found.tables} else not asked
    for column, treatment in enumerate(("dupilumab", "upadacitinib", "abrocitinib")):
        asked = {
            str(one["fact"])
            for one in kg.query("contraindications", treatment=treatment).to_dicts()
            if one["finding"] == "contraindication"
        }
        assert facts(found, "Contraindications", column) == asked


def test_conditions_of_one_contraindication_stand_together(kg: treatkg.Knowledge) -> None:
    found = both(kg, "methotrexate", "ciclosporin")
    names = {one.name for one in table(found, "Contraindications").rows}
    assert "psoriasis together with uncontrolled hypertension" in names


def test_only_shared_adverse_reactions_and_outcomes(kg: treatkg.Knowledge) -> None:
    found = both(kg, "dupilumab", "tralokinumab", "lebrikizumab")
    for title in ("Adverse reactions in common", "Trial outcomes in common"):
        for one in table(found, title).rows:
            assert sum(1 for cell in one.cells if cell) >= 2
            assert one.differs == any(not cell for cell in one.cells)
    assert row(found, "Adverse reactions in common", "Conjunctivitis")
    assert any("EASI" in one.name and "week 16" in one.name for one in table(found, "Trial outcomes in common").rows)


def test_the_same_is_not_marked(kg: treatkg.Knowledge) -> None:
    found = both(kg, "tralokinumab", "lebrikizumab")
    bound = row(found, "Acts on", "Interleukin-13")
    assert all(bound.cells)
    assert not bound.differs


def test_a_day_before_a_licence(kg: treatkg.Knowledge) -> None:
    then = both(kg, "dupilumab", "upadacitinib", day=datetime.date(2018, 1, 1))
    assert not facts(then, "Licensed for", 1)
    assert facts(then, "Licensed for", 0)


def test_every_fact_has_evidence(kg: treatkg.Knowledge) -> None:
    found = both(kg, "dupilumab", "upadacitinib")
    shown = {line.fact for one in found.tables for row in one.rows for cell in row.cells for line in cell if line.fact}
    assert len(shown) > 80
    assert all(found.evidence[fact] for fact in shown)


@pytest.mark.parametrize(
    "names",
    [[], ["dupilumab"], ["dupilumab", "dupilumab"], ["dupilumab", "nothing at all"], ["dupilumab", "MONDO:0004980"]],
)
def test_what_cannot_be_compared(kg: treatkg.Knowledge, names: list[str]) -> None:
    with pytest.raises(UsageError):
        chosen(kg, names)


def test_six_are_too_many(kg: treatkg.Knowledge) -> None:
    with pytest.raises(UsageError, match="2 to 5"):
        chosen(kg, ["dupilumab", "upadacitinib", "abrocitinib", "baricitinib", "tralokinumab", "lebrikizumab"])
