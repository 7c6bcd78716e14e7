"""What the finder says to people who are hypersensitive to a treatment."""

import datetime

import treatkg
from treatkg import namespaces
from treatkg.explorer.barring import Verdict
from treatkg.explorer.choices import offered
from treatkg.explorer.finder import Found, Standing, find
from treatkg.explorer.patient import Patient

TODAY = datetime.date(2026, 11, 28)
ID = namespaces.BASE


def found(kg: treatkg.Knowledge, place: str, *allergies: str) -> Found:
    return find(kg, Patient(480, namespaces.expand(place), TODAY, allergies=tuple(ID + name for name in allergies)))


def names(answer: Found, standing: Standing) -> set[str]:
    return {one.iri.removeprefix(ID) for one in answer.candidates[standing]}


def test_hypersensitivity_bars_the_treatment_and_no_other(kg: treatkg.Knowledge) -> None:
    answer = found(kg, "tkg:EU", "dupilumab")
    assert names(answer, Standing.BARRED) == {"dupilumab"}
    (one,) = answer.candidates[Standing.BARRED]
    assert [(bar.fact.removeprefix(ID), bar.verdict) for bar in one.hits] == [
        ("dupilumab/contraindication/eu-hypersensitivity", Verdict.BARRED)
    ]
    assert not names(answer, Standing.CAUTION)


def test_it_is_not_of_the_whole_group(kg: treatkg.Knowledge) -> None:
    """One topical corticosteroid that is not borne does not bar the others."""
    answer = found(kg, "tkg:UK", "mometasone-furoate")
    assert "fluticasone-propionate" in names(answer, Standing.OPEN)
    assert "fluticasone-propionate" in names(found(kg, "tkg:US", "desonide"), Standing.OPEN)


def test_where_the_place_has_no_such_fact_others_are_told(kg: treatkg.Knowledge) -> None:
    """No Canadian contraindication of lebrikizumab is in the graph; those of other places are."""
    answer = found(kg, "tkg:CA", "lebrikizumab")
    assert names(answer, Standing.CAUTION) == {"lebrikizumab"}
    (one,) = answer.candidates[Standing.CAUTION]
    assert {line.kind for line in one.said_elsewhere} == {"must not be used after hypersensitivity"}
    assert all(line.place for line in one.said_elsewhere)


def test_who_is_not_hypersensitive_is_not_barred(kg: treatkg.Knowledge) -> None:
    assert not names(found(kg, "tkg:EU"), Standing.BARRED)


def test_what_can_be_ticked(kg: treatkg.Knowledge) -> None:
    values = {choice.value for choice in offered(kg).allergies}
    assert {"dupilumab", "tacrolimus-ointment", "HP:0100327"} <= values
    assert all(kg.terms.names(namespaces.expand(value)) for value in values)


def test_to_take_a_medicine_is_not_to_be_hypersensitive_to_it(kg: treatkg.Knowledge) -> None:
    """Neither here nor elsewhere: texts of other places than China have that contraindication."""
    who = Patient(480, namespaces.expand("tkg:CN"), TODAY, conditions=(ID + "ciclosporin",))
    (one,) = [c for some in find(kg, who).candidates.values() for c in some if c.iri == ID + "ciclosporin"]
    assert not [line for line in one.elsewhere if "hypersensitivity" in line.kind]
