"""Short texts for populations."""

import pyoxigraph as ox
import pytest

from treatkg.explorer.facts import Values
from treatkg.explorer.wording import ages, joined, population, together, without_place
from treatkg.results import Term

XSD = "http://www.w3.org/2001/XMLSchema#integer"


def part(low: int | None = None, high: int | None = None, **more: ox.NamedNode) -> Values:
    values: dict[str, tuple[Term, ...]] = {name: (term,) for name, term in more.items()}
    for name, months in (("minAgeMonths", low), ("maxAgeMonths", high)):
        if months is not None:
            values[name] = (ox.Literal(str(months), datatype=ox.NamedNode(XSD)),)
    return values


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (216, None, "adults"),
        (144, 216, "12 to 17 years"),
        (72, 144, "6 to 11 years"),
        (6, 72, "6 months to 5 years"),
        (144, None, "12 years and older"),
        (6, None, "6 months and older"),
        (None, 24, "under 2 years"),
        (None, 216, "under 18 years"),
        (3, 12, "3 months to 11 months"),
        (None, None, ""),
    ],
)
def test_ages(low: int | None, high: int | None, expected: str) -> None:
    assert ages(part(low, high)) == expected


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([(216, None), (144, 216), (6, 72), (72, 144)], "6 months and older"),
        ([(24, 144), (216, None)], "2 to 11 years and adults"),
        ([(None, None), (144, 216)], "all ages"),
    ],
)
def test_ages_together(spans: list[tuple[int | None, int | None]], expected: str) -> None:
    assert together([part(*span) for span in spans], str) == expected


def test_a_severity_stays_with_its_ages() -> None:
    severe = ox.NamedNode("https://example.org/severe")
    parts = [part(216), part(72, 144, severity=severe), part(6, 72, severity=severe), part(144, 216)]
    assert together(parts, lambda iri: iri.rpartition("/")[2]) == "6 months to 11 years, severe; 12 years and older"


def test_populations_are_alternatives() -> None:
    severe = ox.NamedNode("https://example.org/severe")
    parts = [part(216, severity=severe), part(144, 216)]
    assert population(parts, lambda iri: iri.rpartition("/")[2]) == "adults, severe; or 12 to 17 years"


def test_words() -> None:
    assert joined(["a", "b", "c"], "and") == "a, b and c"
    assert joined([], "or") == ""
    assert without_place("Japan: active tuberculosis") == "active tuberculosis"
    assert without_place("JADE COMPARE: nausea") == "JADE COMPARE: nausea"
