"""What a text of indications says is treated: what is read, and what must not be."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatkg.loading.text.indications import Stated, find_indications

READ = [
    (
        "Zorabex is indicated for the treatment of moderate-to-severe atopic dermatitis in adults.",
        [("atopic dermatitis", [(216, None)], ("Moderate", "Severe"))],
    ),
    (
        "Treatment of mild to severe psoriasis in children from 2 years of age.",
        [("psoriasis", [(24, None)], ("Mild", "Moderate", "Severe"))],
    ),
    (
        "Zorabex is indicated in adults and adolescents 12 years and older as add-on therapy for severe asthma.",
        [("asthma", [(144, None)], ("Severe",))],
    ),
    (
        "Zorabex is indicated for the treatment of adults with moderately to severely active ulcerative colitis.",
        [("ulcerative colitis", [(216, None)], ("Moderate", "Severe"))],
    ),
    ("Zorabex is indicated for adults with gout.", [("gout", [(216, None)], ())]),
    (
        "Zorabex is indicated in adults for:  treatment of gout; treatment of acute pancreatitis;",
        [("gout", [(216, None)], ()), ("acute pancreatitis", [(216, None)], ())],
    ),
    (
        "Treatment of gout in children aged 2 to 5 years; treatment of psoriasis",
        [("gout", [(24, 72)], ()), ("psoriasis", [], ())],
    ),
    ("Zorabex is indicated for the treatment of gout. Zorabex is indicated in adults.", [("gout", [(216, None)], ())]),
    (
        "Zorabex is indicated for treatment of eczema from 2 years of age.GoutZORABEX is indicated for men with gout.",
        [("eczema", [(24, None)], ()), ("gout", [], ())],
    ),
    (
        "Adults and adolescents (16 years of age and above) Treatment of eczema in adults who did not respond.",
        [("eczema", [(192, None)], ())],
    ),
    ("Treatment of Crohn\u2019s&nbsp;disease in adults", [("Crohn's disease", [(216, None)], ())]),
    ("For the treatment of the signs and symptoms of gout", [("gout", [], ())]),
    (
        "Zorabex is indicated for the treatment of granulomatosis with polyangiitis in adults.",
        [("granulomatosis with polyangiitis", [(216, None)], ())],
    ),
]
NOT_READ = [
    "",
    "Zorabex is not indicated for the treatment of gout in children.",
    "The treatment of gout is not recommended.",
    "Zorabex is indicated for the prevention of gout in adults.",
    "Zorabex is indicated in adults who receive maintenance therapy for chronic pain.",
    "Patients receiving treatment for gout should be monitored.",
    "Zorabex is indicated in combination with diet after treatment of gout.",
    "Zorabex is indicated for the treatment of the following infections: skin",
    "Zorabex is indicated for the treatment of unresectable, advanced",
    "Zorabex is indicated for the treatment of estrogen receptor (ER)-positive disease",
    "Zorabex is indicated for the treatment of HIV-1 infected adults.",
    "Zorabex is indicated for diagnostic use in patients with gout.",
    "Zorabex is used for imaging: detection and treatment of gout",
]


@pytest.mark.parametrize(("text", "expected"), READ)
def test_what_is_treated_is_read_with_ages_and_severity(text: str, expected: list[object]) -> None:
    found = find_indications(text, ["Zorabex"])
    assert [
        (one.names[0], [(age.minimum, age.maximum) for age in one.ages], one.severities) for one in found
    ] == expected


@pytest.mark.parametrize("text", NOT_READ)
def test_what_is_no_treatment_of_a_disease_is_not_read(text: str) -> None:
    assert find_indications(text, ["Zorabex"]) == []


def one(text: str) -> Stated:
    (found,) = find_indications(text, ["Zorabex"])
    return found


def test_a_statement_begins_at_the_product_and_ends_at_its_sentence() -> None:
    text = "GoutZorabex is indicated for the treatment of gout in adults.Zorabex is not recommended in children."
    found = one(text)
    assert text[found.start : found.end] == "Zorabex is indicated for the treatment of gout in adults."


def test_an_abbreviation_is_written_out_by_the_heading_or_by_what_came_before() -> None:
    heading = (
        "Chronic rhinosinusitis with nasal polyps (CRSwNP) Zorabex is indicated for the treatment of severe CRSwNP."
    )
    assert one(heading).names == ("Chronic rhinosinusitis with nasal polyps", "CRSwNP")
    before = "Treatment of deep vein thrombosis (DVT) in adults. Treatment of DVT in children aged 2 to 5 years."
    assert [found.names[0] for found in find_indications(before)] == ["deep vein thrombosis"] * 2


def test_the_state_of_a_disease_is_told_beside_its_name() -> None:
    found = one("Zorabex is indicated for the treatment of adults with relapsed or refractory multiple myeloma.")
    assert found.names == ("relapsed or refractory multiple myeloma", "multiple myeloma")
    assert found.state == "relapsed or refractory"


def test_children_without_ages_and_the_least_weight_are_told() -> None:
    assert one("Treatment of gout in paediatric patients.").who == "paediatric"
    assert one("Treatment of gout in adults and children.").who == ""
    assert one("Treatment of gout in adolescents weighing at least 40 kg.").weight == "40"


PIECES = [
    *(text for text, _ in READ),
    *NOT_READ,
    "Zorabex",
    "(",
    ";",
    "\n",
    "&nbsp;",
    "\u00a0",
    ".",
    "with",
    "treatment of",
]


@given(st.lists(st.sampled_from(PIECES), max_size=5), st.sampled_from(["", " "]))
@settings(max_examples=100, deadline=None)
def test_statements_fit_the_text_and_stand_in_its_order(pieces: list[str], between: str) -> None:
    text = between.join(pieces)
    found = find_indications(text, ["Zorabex"])
    assert found == find_indications(text, ["Zorabex"])
    assert [one.start for one in found] == sorted(one.start for one in found)
    for one in found:
        assert 0 <= one.start < one.end <= len(text)
        assert one.names
        assert not text[one.start].isspace()


@given(st.text(max_size=120))
@settings(max_examples=60, deadline=None)
def test_no_text_breaks_it(text: str) -> None:
    assert isinstance(find_indications(text, [text[:5]]), list)


def test_long_texts_are_read_in_a_moment() -> None:
    import time

    begin = time.perf_counter()
    find_indications("Zorabex is indicated in patients with " * 3000 + "treatment of " * 3000, ["Zorabex"])
    find_indications("newly diagnosed " * 5000 + "adult, " * 5000 + "(" * 5000, ["Zorabex"])
    assert time.perf_counter() - begin < 5
