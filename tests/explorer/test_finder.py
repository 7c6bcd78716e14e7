"""The finder against cases that were worked out by hand from the facts of the graph."""

import datetime
from decimal import Decimal

import pytest

import treatkg
from treatkg import namespaces
from treatkg.explorer.barring import Bar, Verdict, bars
from treatkg.explorer.choices import MEANINGS, offered
from treatkg.explorer.finder import Candidate, Found, Standing, find
from treatkg.explorer.licences import Answer
from treatkg.explorer.patient import Patient, Reading, read

TODAY = datetime.date(2026, 11, 28)


def reading(kg: treatkg.Knowledge, day: datetime.date = TODAY, /, **fields: str | list[str]) -> Reading:
    found = read(kg, {name: [value] if isinstance(value, str) else value for name, value in fields.items()}, day)
    assert found
    return found


def patient(kg: treatkg.Knowledge, day: datetime.date = TODAY, /, **fields: str | list[str]) -> Patient:
    found = reading(kg, day, **fields)
    assert found.patient, found.errors
    return found.patient


def answer(kg: treatkg.Knowledge, day: datetime.date = TODAY, /, **fields: str | list[str]) -> Found:
    return find(kg, patient(kg, day, **fields))


def everyone(found: Found) -> dict[str, Candidate]:
    return {namespaces.shorten(one.iri): one for some in found.candidates.values() for one in some}


def standing(found: Found) -> dict[Standing, set[str]]:
    return {kind: {namespaces.shorten(one.iri) for one in some} for kind, some in found.candidates.items()}


def bar_of(found: Found, treatment: str, fact: str) -> Bar:
    (bar,) = [bar for bar in everyone(found)[treatment].bars if namespaces.shorten(bar.fact) == f"{treatment}/{fact}"]
    return bar


def test_a_child_of_three_in_the_eu_then_and_now(kg: treatkg.Knowledge) -> None:
    """Dupilumab from 6 months and baricitinib from 2 years came in 2023; crisaborole left in 2022."""
    then = set(everyone(answer(kg, datetime.date(2021, 6, 1), years="3", jurisdiction="EU")))
    now = set(everyone(answer(kg, years="3", jurisdiction="EU")))
    assert {"crisaborole", "tacrolimus-ointment", "pimecrolimus"} <= then
    assert not {"dupilumab", "baricitinib"} & then
    assert {"dupilumab", "baricitinib", "tacrolimus-ointment", "pimecrolimus"} <= now
    assert "crisaborole" not in now


def test_of_the_licences_for_others_it_says_why(kg: treatkg.Knowledge) -> None:
    others = answer(kg, datetime.date(2021, 6, 1), years="3", jurisdiction="EU").others
    dupilumab = {other.why for other in others if namespaces.shorten(other.treatment) == "dupilumab"}
    assert dupilumab == {"the patient is too young"}


def test_severity_narrows_the_licences(kg: treatkg.Knowledge) -> None:
    """In the EU dupilumab is for severe disease under 12 years, and for moderate too from 12."""
    assert "dupilumab" not in everyone(answer(kg, years="3", jurisdiction="EU", severity="Moderate"))
    assert "dupilumab" in everyone(answer(kg, years="3", jurisdiction="EU", severity="Severe"))
    assert "dupilumab" in everyone(answer(kg, years="12", jurisdiction="EU", severity="Moderate"))


def test_a_severity_that_is_not_stated_cannot_be_told(kg: treatkg.Knowledge) -> None:
    def severe(**fields: str) -> list[tuple[str, Answer]]:
        one = everyone(answer(kg, years="3", jurisdiction="EU", **fields))["dupilumab"]
        return [(need.text, need.answer) for need in one.licences[0].needs if "disease" in need.text]

    assert severe() == [("severe disease", Answer.UNKNOWN)]
    assert severe(severity="Severe") == [("severe disease", Answer.MET)]


def test_breast_feeding_bars_where_the_label_says_so(kg: treatkg.Knowledge) -> None:
    found = everyone(answer(kg, years="30", jurisdiction="EU", condition="tkg:BreastFeedingState"))
    asked = kg.query("contraindications", about="tkg:BreastFeedingState", jurisdiction="EU").to_dicts()
    assert {name for name, one in found.items() if one.of(Verdict.BARRED)} == {
        str(row["treatment"]) for row in asked
    } & set(found)


def test_pregnancy_bars_the_oral_jak_inhibitors_in_the_eu(kg: treatkg.Knowledge) -> None:
    found = answer(kg, years="30", jurisdiction="EU", condition="tkg:PregnancyState")
    assert standing(found)[Standing.BARRED] == {"abrocitinib", "baricitinib", "upadacitinib"}
    assert {"dupilumab", "tralokinumab", "lebrikizumab"} <= standing(found)[Standing.CARE]
    (advice,) = everyone(found)["dupilumab"].reproduction.of(against=True)
    assert (advice.level, advice.state) == ("prefer avoidance", "pregnancy state")


def test_nothing_is_barred_by_what_was_not_named(kg: treatkg.Knowledge) -> None:
    found = answer(kg, years="30", jurisdiction="EU")
    assert not standing(found)[Standing.BARRED]
    pregnancy = bar_of(found, "upadacitinib", "contraindication/eu-pregnancy")
    assert pregnancy.verdict == Verdict.NOT_STATED
    assert pregnancy.needs == ("pregnancy state",)


def test_hepatitis_b_with_a_jak_inhibitor(kg: treatkg.Knowledge) -> None:
    found = everyone(answer(kg, years="30", jurisdiction="US", condition="MONDO:0005344"))
    abrocitinib = {(one.kind, namespaces.shorten(one.fact)) for one in found["abrocitinib"].cautions}
    assert ("screen first", "abrocitinib/screening/us-hepatitis-b") in abrocitinib
    assert "boxed warning" in {kind for kind, _ in abrocitinib}, "of serious infections"
    assert "hepatitis B virus infection" in {check.looks_for for check in found["abrocitinib"].checks}
    assert not found["dupilumab"].cautions


def test_a_disease_counts_as_its_broader_diseases(kg: treatkg.Knowledge) -> None:
    """Hepatitis B is a liver disorder, and roflumilast cream is barred in that only from Child-Pugh B."""
    found = answer(kg, years="30", jurisdiction="US", condition="hepatitis B virus infection")
    bar = bar_of(found, "roflumilast-cream-0.15", "contraindication/us-liver-moderate")
    assert bar.verdict == Verdict.CERTAIN_CASES
    assert bar.met == (("hepatitis B virus infection", "liver disorder"),)
    assert bar.limits == ("Child-Pugh B",)


def test_two_conditions_bar_only_together(kg: treatkg.Knowledge) -> None:
    """The US label of ciclosporin bars people with psoriasis and uncontrolled hypertension at once."""
    of = ["https://w3id.org/treatkg/id/ciclosporin"]
    fact = "ciclosporin/contraindication/us-psoriasis-uncontrolled-hypertension"

    def verdict(*conditions: str) -> tuple[Verdict, tuple[str, ...]]:
        who = patient(kg, years="40", jurisdiction="US", condition=list(conditions))
        (bar,) = [bar for bar in bars(kg, who, of) if namespaces.shorten(bar.fact) == fact]
        return bar.verdict, bar.needs

    assert verdict("tkg:UncontrolledHypertension") == (Verdict.IF_ALSO, ("psoriasis",))
    assert verdict("MONDO:0005083") == (Verdict.IF_ALSO, ("uncontrolled hypertension",))
    assert verdict("MONDO:0005083", "tkg:UncontrolledHypertension")[0] in (Verdict.BARRED, Verdict.CERTAIN_CASES)
    assert verdict("HP:0000822") == (Verdict.IF_ALSO, ("psoriasis", "uncontrolled hypertension")), "it may be that"
    assert verdict("MONDO:0004979")[0] == Verdict.NOT_STATED


def test_pregnancy_with_a_disease_that_is_no_neoplasm(kg: treatkg.Knowledge) -> None:
    """The US label bars methotrexate in pregnancy with a non-neoplastic disease, which atopic dermatitis is."""
    who = patient(kg, years="30", jurisdiction="US", condition="pregnancy state")
    found = bars(kg, who, ["https://w3id.org/treatkg/id/methotrexate"])
    (bar,) = [one for one in found if one.fact.endswith("us-pregnancy-non-neoplastic")]
    assert bar.verdict == Verdict.BARRED
    rheumatoid = [one for one in found if one.verdict == Verdict.IF_ALSO]
    assert all("rheumatoid arthritis" in one.needs or "psoriasis" in one.needs for one in rheumatoid)


def test_a_note_that_limits_a_contraindication_stands_beside_it(kg: treatkg.Knowledge) -> None:
    found = answer(kg, years="40", jurisdiction="EU", condition="tuberculosis")
    bar = bar_of(found, "upadacitinib", "contraindication/eu-active-tuberculosis")
    assert bar.verdict == Verdict.BARRED
    assert bar.notes == ("Of tuberculosis only the active disease is meant.",)


def test_an_exception_does_not_bar(kg: treatkg.Knowledge) -> None:
    """Abrocitinib with antiplatelet therapy, except low-dose aspirin, in the first three months (US label)."""
    of = ["https://w3id.org/treatkg/id/abrocitinib"]

    def found(*conditions: str) -> list[Bar]:
        who = patient(kg, years="40", jurisdiction="US", condition=list(conditions))
        return [bar for bar in bars(kg, who, of) if bar.fact.endswith("us-antiplatelet")]

    assert found("tkg:LowDoseAspirinTherapy") == []
    (bar,) = found("tkg:AntiplateletTherapy")
    assert bar.verdict == Verdict.CERTAIN_CASES
    assert bar.limits == ("except low-dose aspirin", "first 3 months of treatment")


def test_an_age_of_a_contraindication(kg: treatkg.Knowledge) -> None:
    """In the UK betamethasone valerate is not for dermatitis of infants under 1 year."""
    of = ["https://w3id.org/treatkg/id/betamethasone-valerate"]

    def found(months: str) -> list[Verdict]:
        who = patient(kg, years="0", months=months, jurisdiction="UK")
        return [bar.verdict for bar in bars(kg, who, of) if bar.fact.endswith("uk-under-1-year")]

    assert found("11") == [Verdict.BARRED]
    who = patient(kg, years="1", jurisdiction="UK")
    assert not [bar for bar in bars(kg, who, of) if bar.fact.endswith("uk-under-1-year")]


def test_restrictions_by_age_reach_members_of_the_group(kg: treatkg.Knowledge) -> None:
    """EMA, 2023: oral JAK inhibitors from 65 years only where nothing else serves."""
    found = answer(kg, years="65", jurisdiction="EU")
    bar = next(bar for bar in everyone(found)["upadacitinib"].bars if bar.fact.endswith("eu-65-years"))
    assert bar.verdict == Verdict.RESTRICTED
    assert namespaces.shorten(bar.stated_for) == "oral-jak-inhibitors"
    assert bar.met == (("the age", "the age"),)
    younger = everyone(answer(kg, years="64", months="11", jurisdiction="EU"))["upadacitinib"].bars
    assert not [bar for bar in younger if bar.fact.endswith("eu-65-years") and bar.verdict == Verdict.RESTRICTED]
    before = answer(kg, datetime.date(2022, 12, 31), years="65", jurisdiction="EU")
    assert not [bar for bar in everyone(before)["upadacitinib"].bars if bar.fact.endswith("eu-65-years")]


def test_a_strong_cyp3a4_inhibitor_is_a_cyp3a4_inhibitor(kg: treatkg.Knowledge) -> None:
    found = everyone(answer(kg, years="40", jurisdiction="US", condition="tkg:StrongCYP3A4InhibitorTherapy"))
    interactions = {
        name: {namespaces.shorten(one.fact) for one in found[name].cautions if one.kind == "interaction"}
        for name in ("upadacitinib", "tacrolimus-ointment", "ruxolitinib-cream", "dupilumab")
    }
    assert "upadacitinib/interaction/us-strong-cyp3a4-inhibitors" in interactions["upadacitinib"]
    assert interactions["tacrolimus-ointment"]
    assert "ruxolitinib-cream/interaction/us-cyp3a4" in interactions["ruxolitinib-cream"]
    assert not interactions["dupilumab"]


def test_live_vaccines(kg: treatkg.Knowledge) -> None:
    found = everyone(answer(kg, years="40", jurisdiction="EU", condition="tkg:LiveVaccination"))
    assert {"interaction", "precaution"} <= {one.kind for one in found["lebrikizumab"].cautions}
    assert not found["pimecrolimus"].cautions


def test_a_medicine_that_is_taken_is_no_hypersensitivity(kg: treatkg.Knowledge) -> None:
    who = patient(kg, years="40", jurisdiction="EU", condition="methotrexate")
    found = bars(kg, who, ["https://w3id.org/treatkg/id/methotrexate"])
    assert {bar.verdict for bar in found if "hypersensitivity" in bar.fact} == {Verdict.NOT_STATED}


def test_what_must_have_been_tried_first(kg: treatkg.Knowledge) -> None:
    """US: dupilumab after topical treatment; a topical corticosteroid is one."""

    def prior(**fields: str) -> Answer:
        one = everyone(answer(kg, years="30", jurisdiction="US", **fields))["dupilumab"]
        return next(need.answer for need in one.licences[0].needs if "tried first" in need.text)

    assert prior() == Answer.UNKNOWN
    assert prior(earlier="none") == Answer.NOT_MET
    assert prior(earlier="phototherapy") == Answer.NOT_MET
    assert prior(earlier="mometasone-furoate") == Answer.MET
    assert prior(unsuitable="topical-corticosteroids") == Answer.MET


def test_not_advisable_is_no_inadequate_response(kg: treatkg.Knowledge) -> None:
    """The EU licence of tacrolimus ointment for children needs that corticosteroids were tried."""

    def prior(**fields: str) -> Answer:
        one = everyone(answer(kg, years="3", jurisdiction="EU", **fields))["tacrolimus-ointment"]
        (licence,) = [one for one in one.licences if one.fact.endswith("eu-2002-children")]
        return next(need.answer for need in licence.needs if "tried first" in need.text)

    assert prior(earlier="topical-corticosteroids") == Answer.MET
    assert prior(unsuitable="topical-corticosteroids") == Answer.NOT_MET


def test_weight(kg: treatkg.Knowledge) -> None:
    """Lebrikizumab in the EU: from 12 years and 40 kg."""

    def weight(**fields: str) -> list[Answer]:
        one = everyone(answer(kg, years="12", jurisdiction="EU", **fields)).get("lebrikizumab")
        needs = one.licences[0].needs if one else ()
        return [need.answer for need in needs if "weight" in need.text]

    assert weight() == [Answer.UNKNOWN]
    assert weight(weight="40") == [Answer.MET]
    assert weight(weight="39.9") == []


def test_an_immune_system_that_is_compromised(kg: treatkg.Knowledge) -> None:
    def immune(**fields: str) -> Answer:
        one = everyone(answer(kg, years="30", jurisdiction="US", **fields))["tacrolimus-ointment"]
        return next(need.answer for need in one.licences[0].needs if "immune" in need.text)

    assert immune() == Answer.UNKNOWN
    assert immune(condition="MONDO:0005109") == Answer.NOT_MET
    assert immune(condition="MONDO:0004979") == Answer.UNKNOWN


def test_none_listed_is_not_unknown(kg: treatkg.Knowledge) -> None:
    found = everyone(answer(kg, years="30", jurisdiction="US"))
    assert found["tapinarof"].checked, "its US label lists no contraindication"
    assert not found["tapinarof"].bars
    assert not found["difamilast"].checked, "nobody recorded how it stands there"


@pytest.mark.parametrize("conditions", [["tkg:PregnancyState"], ["MONDO:0005344", "MONDO:0005154"], ["MONDO:0004992"]])
@pytest.mark.parametrize("place", ["EU", "US", "JP"])
def test_it_agrees_with_the_stored_query(kg: treatkg.Knowledge, conditions: list[str], place: str) -> None:
    """Whatever cautions-for-conditions calls a contraindication bars here too, and the other way round."""
    who = patient(kg, years="40", jurisdiction=place, condition=conditions)
    treatments = [str(row["thing"]) for row in kg.select("SELECT ?thing WHERE { ?thing a tkg:Treatment }").to_dicts()]
    kinds = {"must not be used", "must not be used in certain cases", "weigh the risk"}
    asked = {
        (row["treatment"], row["fact"])
        for row in kg.query(
            "cautions-for-conditions",
            condition=[*conditions, "MONDO:0004980", "MONDO:0000001"],
            treatment=treatments,
            jurisdiction=place,
        ).to_dicts()
        if row["kind"] in kinds
    }
    ours = {
        (namespaces.shorten(bar.treatment), namespaces.shorten(bar.fact))
        for bar in bars(kg, who, map(namespaces.expand, treatments))
        if bar.verdict in kinds
    }
    assert ours == asked
    assert ours or "tkg:PregnancyState" not in conditions


def test_every_line_has_its_evidence(kg: treatkg.Knowledge) -> None:
    found = answer(kg, years="40", jurisdiction="EU", condition=["tkg:PregnancyState", "MONDO:0005344"])
    facts = [line.fact for one in everyone(found).values() for line in one.licences]
    facts += [line.fact for one in everyone(found).values() for line in one.bars]
    facts += [line.fact for one in everyone(found).values() for line in one.cautions]
    facts += [line.fact for one in everyone(found).values() for line in one.reproduction.advice]
    assert facts
    assert all(found.evidence[fact] for fact in facts)


def test_what_the_form_offers_is_of_the_graph(kg: treatkg.Knowledge) -> None:
    choices = offered(kg)
    values = {choice.value for some in [*choices.conditions.values(), *choices.more.values()] for choice in some}
    assert {"tkg:PregnancyState", "MONDO:0005344", "HP:0000155", "immunosuppressants"} <= values
    assert all(kg.terms.names(namespaces.expand(value)) for value in values)
    named = {name for meaning in MEANINGS.values() for name in (*meaning.also, *meaning.maybe, *meaning.risks)}
    assert all(kg.terms.names(namespaces.expand(name)) for name in {*MEANINGS, *named})


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"jurisdiction": "EU"}, "years"),
        ({"years": "3"}, "jurisdiction"),
        ({"years": "-3", "jurisdiction": "EU"}, "years"),
        ({"years": "3.5", "jurisdiction": "EU"}, "years"),
        ({"years": "٣", "jurisdiction": "EU"}, "years"),
        ({"years": "200", "jurisdiction": "EU"}, "years"),
        ({"years": "3", "months": "12", "jurisdiction": "EU"}, "months"),
        ({"years": ["3", "4"], "jurisdiction": "EU"}, "years"),
        ({"years": "3", "jurisdiction": "Atlantis"}, "jurisdiction"),
        ({"years": "3", "jurisdiction": "EU", "weight": "0"}, "weight"),
        ({"years": "3", "jurisdiction": "EU", "weight": "NaN"}, "weight"),
        ({"years": "3", "jurisdiction": "EU", "severity": "awful"}, "severity"),
        ({"years": "3", "jurisdiction": "EU", "sex": "other"}, "sex"),
        ({"years": "30", "jurisdiction": "EU", "sex": "male", "condition": "tkg:PregnancyState"}, "sex"),
        ({"years": "3", "jurisdiction": "EU", "condition": "the blues"}, "condition"),
        ({"years": "3", "jurisdiction": "EU", "condition": "MONDO:9999999"}, "condition"),
        ({"years": "3", "jurisdiction": "EU", "condition": "x" * 10_000}, "condition"),
        ({"years": "3", "jurisdiction": "EU", "condition": 'a"} <b>\x00'}, "condition"),
        ({"years": "3", "jurisdiction": "EU", "condition": ["MONDO:0005344", *map(str, range(41))]}, "condition"),
        ({"years": "3", "jurisdiction": "EU", "earlier": "MONDO:0005344"}, "earlier"),
        ({"years": "3", "jurisdiction": "EU", "earlier": ["none", "dupilumab"]}, "earlier"),
    ],
)
def test_bad_input_names_its_field(kg: treatkg.Knowledge, fields: dict[str, str | list[str]], wrong: str) -> None:
    found = reading(kg, **fields)
    assert found.patient is None
    assert list(found.errors) == [wrong]
    assert 0 < len(found.errors[wrong]) < 400


def test_reading(kg: treatkg.Knowledge) -> None:
    who = patient(
        kg, years="3", months="6", weight="14,5", jurisdiction="European Union", condition="Hepatitis-B virus infection"
    )
    assert (who.age_months, who.weight) == (42, Decimal("14.5"))
    assert who.conditions == ("http://purl.obolibrary.org/obo/MONDO_0005344",)
    assert read(kg, {"years": [" "]}, TODAY) is None
