"""What other places say of what was named, where the patient's place says nothing of it."""

import datetime

import treatkg
from treatkg import namespaces
from treatkg.explorer.choices import offered
from treatkg.explorer.finder import Candidate, Standing, find
from treatkg.explorer.patient import Patient

TODAY = datetime.date(2026, 11, 28)
TUBERCULOSIS = namespaces.expand("MONDO:0018076")


def candidate(kg: treatkg.Knowledge, treatment: str, place: str, months: int, *conditions: str) -> Candidate:
    found = find(kg, Patient(months, namespaces.expand(place), TODAY, conditions=conditions)).candidates
    (one,) = [one for some in found.values() for one in some if one.iri == namespaces.BASE + treatment]
    return one


def test_tuberculosis_in_china(kg: treatkg.Knowledge) -> None:
    """The graph holds no Chinese contraindication of abrocitinib; the EU bars it in active tuberculosis."""
    one = candidate(kg, "abrocitinib", "tkg:CN", 360, TUBERCULOSIS)
    assert one.standing == Standing.CAUTION
    said = {(namespaces.shorten(line.fact), line.kind, line.place) for line in one.said_elsewhere}
    assert ("abrocitinib/contraindication/eu-tuberculosis", "must not be used", "European Union") in said
    assert not one.cautions


def test_where_the_place_speaks_others_are_silent(kg: treatkg.Knowledge) -> None:
    one = candidate(kg, "abrocitinib", "tkg:EU", 360, TUBERCULOSIS)
    assert one.standing == Standing.BARRED
    assert one.elsewhere
    assert not one.said_elsewhere


def test_pregnancy_is_told_once(kg: treatkg.Knowledge) -> None:
    one = candidate(kg, "baricitinib", "tkg:JP", 360, namespaces.expand("tkg:PregnancyState"))
    advised = {line.fact for line in one.reproduction.advice}
    assert not advised & {line.fact for line in one.elsewhere}


def test_ages_hold_elsewhere_too(kg: treatkg.Knowledge) -> None:
    """The EU precaution at 65 years is no word for a Canadian of 30 years."""
    infection = namespaces.expand("tkg:SeriousInfectionRisk")
    fact = namespaces.BASE + "abrocitinib/precaution/eu-older-age"
    assert fact in {line.fact for line in candidate(kg, "abrocitinib", "tkg:CA", 800, infection).elsewhere}
    assert fact not in {line.fact for line in candidate(kg, "abrocitinib", "tkg:CA", 360, infection).elsewhere}
    assert not candidate(kg, "abrocitinib", "tkg:CA", 800).cautions


def test_a_warned_of_disease_can_be_named(kg: treatkg.Knowledge) -> None:
    """Who had diverticulitis is told of gut perforation; herpes zoster and skin cancer can be ticked too."""
    values = {choice.value for choice in offered(kg).more["More conditions"]}
    assert {"MONDO:0004235", "MONDO:0005609", "MONDO:0002898", "HP:0000509"} <= values
    one = candidate(kg, "upadacitinib", "tkg:US", 480, namespaces.expand("MONDO:0004235"))
    assert namespaces.BASE + "upadacitinib/warning/us-gastrointestinal-perforation" in {
        line.fact for line in one.cautions
    }
