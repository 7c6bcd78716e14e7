"""What the finder says of the day and the age of a licence."""

import datetime

import pytest

import treatkg
from treatkg import namespaces
from treatkg.explorer.licences import Answer, licences
from treatkg.explorer.patient import Patient

ID = namespaces.BASE


def unknown(kg: treatkg.Knowledge, months: int, place: str, day: datetime.date, fact: str) -> list[str]:
    """Return what cannot be told of a licence."""
    found = licences(kg, Patient(months, namespaces.expand(place), day))
    (licence,) = [one for some in found.values() for one in some if one.fact == ID + fact]
    return [need.text for need in licence.needs if need.answer is Answer.UNKNOWN]


@pytest.mark.parametrize(
    ("fact", "place", "inside", "after"),
    [
        ("baricitinib/indication/eu-2020-adults", "tkg:EU", datetime.date(2020, 12, 31), datetime.date(2021, 1, 1)),
        ("tralokinumab/indication/uk-2021-adults", "tkg:UK", datetime.date(2021, 6, 30), datetime.date(2021, 7, 1)),
    ],
)
def test_a_licence_of_which_the_day_is_not_known(
    kg: treatkg.Knowledge, fact: str, place: str, inside: datetime.date, after: datetime.date
) -> None:
    """Of some licences the source tells the year or the month only; in it nobody knows whether they had begun."""
    assert any(text.startswith("in force from some day of 202") for text in unknown(kg, 360, place, inside, fact))
    assert not any(text.startswith("in force") for text in unknown(kg, 360, place, after, fact))


def test_a_licence_of_a_known_day(kg: treatkg.Knowledge) -> None:
    day = datetime.date(2017, 3, 28)
    assert not any(
        "some day" in text for text in unknown(kg, 360, "tkg:US", day, "dupilumab/indication/us-2017-adults")
    )


def test_an_indication_that_bounds_no_age_is_not_one_for_infants(kg: treatkg.Knowledge) -> None:
    """UK ciclosporin and EU mometasone name no age in the indication; desonide in the US names 3 months."""
    day = datetime.date(2026, 11, 28)
    for fact, place in (
        ("ciclosporin/indication/uk-2024-severe", "tkg:UK"),
        ("mometasone-furoate/indication/eu-2012-cream", "tkg:EU"),
    ):
        assert "an age: the indication bounds none" in unknown(kg, 215, place, day, fact)
        assert "an age: the indication bounds none" not in unknown(kg, 216, place, day, fact)
    gel = unknown(kg, 6, "tkg:US", day, "desonide/indication/us-2006-gel-mild-to-moderate")
    assert "an age: the indication bounds none" not in gel
