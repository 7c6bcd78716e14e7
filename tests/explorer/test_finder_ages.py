"""What the finder says to people of some age or sex only."""

import datetime

import treatkg
from treatkg import namespaces
from treatkg.explorer.finder import Candidate, find
from treatkg.explorer.patient import read

TODAY = datetime.date(2026, 11, 28)


def candidates(kg: treatkg.Knowledge, **fields: str) -> dict[str, Candidate]:
    reading = read(kg, {name: [value] for name, value in fields.items()}, TODAY)
    assert reading
    assert reading.patient
    return {namespaces.shorten(one.iri): one for some in find(kg, reading.patient).candidates.values() for one in some}


def cautions(kg: treatkg.Knowledge, treatment: str, **fields: str) -> dict[str, tuple[str, ...]]:
    return {namespaces.shorten(one.fact): one.because for one in candidates(kg, **fields)[treatment].cautions}


def test_a_precaution_at_65_years_is_not_for_the_young(kg: treatkg.Knowledge) -> None:
    """The EU leaflet: infections likelier from 65 years. A young one with an infection is not 65."""
    fact = "baricitinib/precaution/eu-older-age"
    young = cautions(
        kg, "baricitinib", years="64", months="11", jurisdiction="EU", condition="tkg:SeriousInfectionRisk"
    )
    assert "baricitinib/warning/eu-infection" in young
    assert fact not in young
    old = cautions(kg, "baricitinib", years="65", jurisdiction="EU")
    assert old[fact] == ("the age",)
    both = cautions(kg, "baricitinib", years="65", jurisdiction="EU", condition="tkg:SeriousInfectionRisk")
    assert both[fact] == ("serious infections", "the age")


def test_a_check_of_children_is_not_for_adults(kg: treatkg.Knowledge) -> None:
    """EU: children and adolescents are up to date with vaccinations before baricitinib."""

    def checks(**fields: str) -> set[str]:
        one = candidates(kg, jurisdiction="EU", **fields)["baricitinib"]
        return {namespaces.shorten(check.fact) for check in one.checks}

    fact = "baricitinib/screening/eu-vaccination"
    assert fact in checks(years="17", months="11")
    assert fact not in checks(years="18")
    assert "baricitinib/screening/eu-tuberculosis" in checks(years="18")


def test_a_man_is_not_tested_for_pregnancy(kg: treatkg.Knowledge) -> None:
    def checks(**fields: str) -> set[str]:
        one = candidates(kg, years="30", jurisdiction="US", **fields)["upadacitinib"]
        return {check.looks_for for check in one.checks}

    assert "pregnancy state" in checks()
    assert "pregnancy state" in checks(sex="female")
    assert "pregnancy state" not in checks(sex="male")
    assert checks(sex="male")
