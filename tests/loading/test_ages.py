"""Age limits in words: what is read, what is no age, and how ranges join."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatkg.loading.text.ages import ADULT, find_ages, populations

READ = [
    ("adults with moderate-to-severe disease", [(216, None)]),
    ("adult and pediatric patients aged 6 months and older with severe disease", [(6, None)]),
    ("adults and adolescents 12 years and older", [(144, None)]),
    ("adolescents (12 years of age and above)", [(144, None)]),
    ("children 6 months to 11 years old", [(6, 144)]),
    ("patients 12 to 17 years of age", [(144, 216)]),
    ("aged 6 months to less than 6 years", [(6, 72)]),
    ("children \u226512 to <18 years of age", [(144, 216)]),
    ("infants 6 to 23 months of age", [(6, 24)]),
    ("ages 6 through 11", [(72, 144)]),
    ("12- to 17-year-olds", [(144, 216)]),
    ("2\u201317 years of age", [(24, 216)]),
    ("between 2 and 11 years of age", [(24, 144)]),
    ("children from 2 years of age", [(24, None)]),
    ("over the age of 12 years", [(144, None)]),
    ("patients aged \u2265\u00a012\u00a0years", [(144, None)]),
    ("one year of age or older", [(12, None)]),
    ("aged 12 and older", [(144, None)]),
    ("children younger than 2 years", [(None, 24)]),
    ("children 17 years of age or younger", [(None, 216)]),
    ("up to and including 17 years of age", [(None, 216)]),
    ("adult patients 65 years of age and older", [(780, None)]),
    ("adults less than 65 years of age", [(216, 780)]),
    (
        "0.1% for adults, and only 0.03% for children aged 2 to 15 years, in adults and children",
        [(24, 192), (216, None)],
    ),
    ("pediatric patients 3 months to 18 years of age", [(3, 228)]),
]
NOT_READ = [
    "treatment for 2 to 5 years",
    "patients treated for 2 to 5 years",
    "at least 2 years of therapy",
    "for up to 12 months or less",
    "patients 2 to 5 months after transplantation",
    "patients weighing 15 to 30 kg",
    "aged 2 weeks and older",
    "children",
    "adults and children who have failed to respond",
    "adult-onset disease",
    "",
]


@pytest.mark.parametrize(("text", "expected"), READ)
def test_limits_are_read_as_months(text: str, expected: list[tuple[int | None, int | None]]) -> None:
    assert [(one.minimum, one.maximum) for one in populations(text)] == expected


@pytest.mark.parametrize("text", NOT_READ)
def test_what_is_no_limit_of_age_gives_none(text: str) -> None:
    assert populations(text) == []


def test_ranges_come_with_their_place_and_keys() -> None:
    text = "indicated for children (6 months to 5 years of age) and for adults"
    child, adult = find_ages(text)
    assert text[child.start : child.end] == "children (6 months to 5 years of age"
    assert child.values() == {"minAgeMonths": 6, "maxAgeMonths": 72}
    assert text[adult.start : adult.end] == "adults"
    assert adult.values() == {"minAgeMonths": ADULT}


@given(low=st.integers(1, 60), more=st.integers(0, 30), unit=st.sampled_from(["years", "months"]))
@settings(max_examples=60)
def test_a_range_ends_after_its_last_completed_year_or_month(low: int, more: int, unit: str) -> None:
    (found,) = populations(f"patients aged {low} to {low + more} {unit} with eczema")
    size = 12 if unit == "years" else 1
    assert (found.minimum, found.maximum) == (low * size, (low + more + 1) * size)


@given(
    st.lists(st.sampled_from([*(text for text, _ in READ), *NOT_READ, "\n", ";", "1", "years", "\u2265"]), max_size=5)
)
@settings(max_examples=100)
def test_any_text_gives_ranges_that_fit_it(parts: list[str]) -> None:
    text = " ".join(parts)
    for one in find_ages(text):
        assert 0 <= one.start < one.end <= len(text)
        assert one.maximum is None or (one.minimum or 0) < one.maximum
    joined = populations(text)
    assert all(
        first.maximum is not None and first.maximum < (second.minimum or 0)
        for first, second in itertools.pairwise(joined)
    )


@given(st.text(max_size=80))
@settings(max_examples=60)
def test_no_text_breaks_it(text: str) -> None:
    assert isinstance(populations(text), list)
