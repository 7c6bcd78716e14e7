"""What the finder says in pregnancy, in breast-feeding and of those who could become pregnant."""

import datetime

import pytest

import treatkg
from treatkg import namespaces
from treatkg.explorer.barring import Verdict
from treatkg.explorer.finder import Candidate, Standing, find
from treatkg.explorer.patient import Patient
from treatkg.explorer.reproduction import STAGES, Advice, Reproduction, reproduction

TODAY = datetime.date(2026, 11, 28)
PREGNANT, FEEDING, FERTILE = map(namespaces.expand, STAGES)
ID = namespaces.BASE


def who(place: str, *states: str, day: datetime.date = TODAY) -> Patient:
    return Patient(360, namespaces.expand(place), day, severity=namespaces.expand("tkg:Severe"), conditions=states)


def found(kg: treatkg.Knowledge, place: str, *states: str, day: datetime.date = TODAY) -> dict[str, Candidate]:
    answer = find(kg, who(place, *states, day=day))
    return {namespaces.shorten(one.iri): one for some in answer.candidates.values() for one in some}


def of(kg: treatkg.Knowledge, treatment: str, place: str, *states: str) -> Reproduction:
    return reproduction(kg, who(place, *states), [ID + treatment])[ID + treatment]


def names(advice: list[Advice] | tuple[Advice, ...]) -> set[str]:
    return {one.fact.removeprefix(ID) for one in advice}


@pytest.mark.parametrize("treatment", ["ciclosporin", "mometasone-furoate", "tacrolimus-ointment"])
def test_nothing_reads_as_open_to_the_pregnant_that_is_not(kg: treatkg.Knowledge, treatment: str) -> None:
    """Of these the graph holds advice on pregnancy, though not of the EU."""
    one = found(kg, "tkg:EU", PREGNANT)[treatment]
    assert one.standing == Standing.CAUTION
    assert one.reproduction.unknown == ("pregnancy state",)
    assert one.reproduction.advice


def test_advice_of_another_place_is_marked_with_it(kg: treatkg.Knowledge) -> None:
    said = of(kg, "ciclosporin", "tkg:EU", PREGNANT).advice
    assert names(said) == {
        "ciclosporin/reproductive-safety/uk-pregnancy",
        "ciclosporin/reproductive-safety/jp-2018-pregnancy",
    }
    assert {one.place for one in said} == {"United Kingdom", "Japan"}
    assert not any(one.against for one in said)


def test_where_the_place_speaks_others_are_silent(kg: treatkg.Knowledge) -> None:
    said = of(kg, "ciclosporin", "tkg:UK", PREGNANT)
    assert names(said.advice) == {"ciclosporin/reproductive-safety/uk-pregnancy"}
    assert said.unknown == ()
    assert said.advice[0].level == "use if benefit outweighs risk"


def test_a_contraindication_elsewhere_counts_as_a_word(kg: treatkg.Knowledge) -> None:
    """Baricitinib: contraindicated in pregnancy in the EU; its US advice is not in the graph."""
    said = of(kg, "baricitinib", "tkg:US", PREGNANT)
    assert "baricitinib/contraindication/eu-pregnancy" in names(said.advice)
    assert said.unknown == ("pregnancy state",)
    here = of(kg, "baricitinib", "tkg:EU", PREGNANT)
    assert names(here.advice) == {"baricitinib/reproductive-safety/eu-pregnancy"}
    assert here.unknown == ()


def test_avoid_is_against_it(kg: treatkg.Knowledge) -> None:
    """EU: dupilumab preferably not in pregnancy; breast-feeding or treatment, not both. LactMed has no place."""
    one = found(kg, "tkg:EU", PREGNANT, FEEDING)["dupilumab"]
    assert one.standing == Standing.CARE
    assert names(one.reproduction.of(against=True)) == {
        "dupilumab/reproductive-safety/eu-pregnancy",
        "dupilumab/reproductive-safety/eu-breast-feeding",
    }
    (elsewhere,) = one.reproduction.of(against=False)
    assert (elsewhere.placed, elsewhere.allows) == (False, True)


def test_advice_on_contraception_is_not_against_a_treatment(kg: treatkg.Knowledge) -> None:
    for treatment in ("baricitinib", "abrocitinib", "upadacitinib", "ruxolitinib-cream"):
        (advice,) = of(kg, treatment, "tkg:EU", FERTILE).advice
        assert (advice.level, advice.against) == ("contraception", False)
    assert found(kg, "tkg:EU", FERTILE)["upadacitinib"].standing == Standing.CAUTION


def test_advice_to_men_is_not_for_women(kg: treatkg.Knowledge) -> None:
    assert names(of(kg, "methotrexate", "tkg:US", FERTILE).advice) == {
        "methotrexate/reproductive-safety/us-contraception-females"
    }


def test_what_is_said_of_a_group_reaches_its_members(kg: treatkg.Knowledge) -> None:
    said = of(kg, "mometasone-furoate", "tkg:EU", PREGNANT).advice
    (group,) = [one for one in said if not one.placed]
    assert (group.stated_for, group.level) == ("topical corticosteroids", "may be used")


def test_what_may_be_used_stays_open(kg: treatkg.Knowledge) -> None:
    """EU: delgocitinib cream can be used in breast-feeding."""
    said = of(kg, "delgocitinib-cream", "tkg:EU", FEEDING)
    assert said.settled
    assert [one.level for one in said.advice] == ["may be used"]


def test_nothing_known_is_said_to_be_unknown(kg: treatkg.Knowledge) -> None:
    said = of(kg, "alitretinoin", "tkg:EU", FEEDING)
    assert (said.advice, said.unknown) == ((), ("breast-feeding state",))
    assert not said.settled


def test_on_its_day(kg: treatkg.Knowledge) -> None:
    """The EU label of crisaborole ended on 2022-01-31."""

    def here(day: datetime.date) -> set[str]:
        of_it = reproduction(kg, who("tkg:EU", PREGNANT, day=day), [ID + "crisaborole"])[ID + "crisaborole"]
        return {one.fact for one in of_it.advice if one.placed and not one.place}

    assert here(datetime.date(2022, 1, 30)) == {ID + "crisaborole/reproductive-safety/eu-pregnancy"}
    assert here(datetime.date(2022, 1, 31)) == set()


@pytest.mark.parametrize("place", ["tkg:EU", "tkg:US", "tkg:UK", "tkg:JP", "tkg:CA", "tkg:CN"])
@pytest.mark.parametrize("state", [PREGNANT, FEEDING, FERTILE])
def test_the_pregnant_are_told_of_every_licensed_treatment(kg: treatkg.Knowledge, place: str, state: str) -> None:
    """Each treatment has a word on the state: an advice, a bar, or that nothing is known."""
    for one in found(kg, place, state).values():
        barred = one.of(Verdict.BARRED, Verdict.CERTAIN_CASES, Verdict.RELATIVE, Verdict.IF_ALSO)
        assert one.reproduction.advice or one.reproduction.unknown or barred, one.label
        if one.standing == Standing.OPEN:
            assert one.reproduction.settled


def test_who_has_no_such_state_is_not_told(kg: treatkg.Knowledge) -> None:
    assert reproduction(kg, who("tkg:EU"), [ID + "dupilumab"]) == {}
    assert all(not one.reproduction.advice for one in found(kg, "tkg:EU").values())
