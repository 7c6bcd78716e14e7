"""Rules on the text of labels: what is stated, what is not, and where."""

from __future__ import annotations

import itertools
import json
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from treatkg.loading.items import Fact, Mention, Section, Skip
from treatkg.loading.text import boxed_warnings, disease_names, label_products, label_rules
from treatkg.loading.text.contraindications import Product, barred, reads_whole
from treatkg.loading.text.label_indications import Unsure, Use, uses
from treatkg.loading.text.label_rules import Label, LabelSection
from treatkg.loading.text.none_listed import says_none
from treatkg.loading.text.pieces import pieces, without_references

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "dailymed_spl"
NAMES = ["Zonib", "zonimab"]
PRODUCT = Product(Mention("Treatment", NAMES), NAMES)


Case = dict[str, Any]
CASES: dict[str, list[Case]] = yaml.safe_load((Path(__file__).parent / "data" / "label_text.yaml").read_text())


def _name(case: Case) -> str:
    return str(case["text"])[:40]


def stated(text: str, title: str = "") -> list[Any]:
    """Return the uses without the notes of their populations, and None for a statement that is not certain."""
    return [_use(use) if isinstance(use, Use) else None for use in uses(text, title)]


def _use(use: Use) -> Case:
    known = [{k: v for k, v in one.items() if k not in {"type", "note"}} for one in use.populations]
    return {"disease": use.disease, **({"sign": use.sign} if use.sign else {}), "populations": known}


def conditions(text: str) -> list[list[dict[str, str]]]:
    return [
        [
            {one["kind"]: one["about"] if isinstance(one["about"], str) else one["about"].names[0]}
            for one in each.conditions
        ]
        for each in barred(text, PRODUCT)
    ]


# --- pieces


def test_text_is_cut_at_sentences_items_and_pointers_but_not_within() -> None:
    text = (
        "Zonib is barred (see WARNINGS, Use (5.1)). In patients with gout [see Use (7.4) ] In patients with 1.5 mg "
        "(e.g., St. John). \u2022 one \u2022 two\nthree; Four 4.2 Pregnancy and more ( 4 )"
    )
    found = list(pieces(text))
    assert [without_references(piece.text) for piece in found] == [
        "Zonib is barred", "In patients with gout", "In patients with 1.5 mg (e.g., St. John)", "one", "two", "three",
        "Four", "4.2 Pregnancy and more",
    ]  # fmt: skip
    assert all(text[piece.start : piece.end] == piece.text for piece in found)


@given(st.text("aB1. ;:\n\u2022()[]see", max_size=60))
@settings(max_examples=100)
def test_pieces_fit_the_text_and_lose_no_word(text: str) -> None:
    found = list(pieces(text))
    assert all(text[piece.start : piece.end] == piece.text for piece in found)
    assert all(first.end <= second.start for first, second in itertools.pairwise(found))


# --- none listed


@pytest.mark.parametrize("case", CASES["none listed"], ids=_name)
def test_none_is_told_from_nothing_and_from_something(case: Case) -> None:
    assert says_none(case["text"]) is case["none"]


# --- names of diseases


@pytest.mark.parametrize("case", CASES["names of diseases"], ids=_name)
def test_a_disease_ends_as_diseases_do_or_is_none(case: Case) -> None:
    assert disease_names.names_at(case["text"]) == case["names"]


# --- indications


@pytest.mark.parametrize("case", CASES["indications"], ids=_name)
def test_what_a_label_says_it_is_for(case: Case) -> None:
    assert stated(case["text"]) == case["uses"]


def test_the_title_of_a_subsection_names_the_disease_where_the_statement_does_too() -> None:
    text = "1.2 Crohn\u2019s Disease\n\nZonib is indicated for reducing signs in adults with active Crohn's disease."
    assert stated(text, "Crohn\u2019s Disease") == [
        {"disease": "Crohn\u2019s Disease", "populations": [{"minAgeMonths": 216}]}
    ]
    assert stated(text) == [None]
    prevention = "Zonib is indicated for the prevention of Crohn's disease."
    assert stated(prevention, "Crohn\u2019s Disease") == [None]
    assert stated("Zonib is indicated for reducing fever.", "Crohn\u2019s Disease") == [None]


def test_what_limits_a_use_further_is_kept_in_the_words_of_the_label() -> None:
    (use,) = uses(
        "Zonib is indicated for the treatment of atopic dermatitis in adults whose disease is not adequately "
        "controlled with topical prescription therapies or when those therapies are not advisable (1.1)."
    )
    assert isinstance(use, Use)
    (population,) = use.populations
    assert population["priorTherapy"] == Mention("Treatment", ["topical treatments"])
    assert population["priorTherapyOutcome"] == "InadequateOrNotAdvisable"
    assert population["note"].startswith("for the treatment of atopic dermatitis in adults whose disease")
    (plain,) = uses("Zonib is indicated for the topical treatment of mild atopic dermatitis in adults.")
    assert isinstance(plain, Use)
    assert "note" not in plain.populations[0]


def test_real_texts_of_labels_for_atopic_dermatitis() -> None:
    if not SAMPLES.is_dir():
        pytest.skip("the real files of the sources are not beside this checkout")
    dupixent = json.loads((SAMPLES / "dailymed-indications_dupixent.json").read_text())["data"]
    found = {one["title"]: stated(one["text"], one["title"])[0] for one in dupixent}
    assert all(found.values())
    assert found["Atopic Dermatitis"]["populations"][0]["minAgeMonths"] == 6
    assert found["Asthma"]["populations"][0]["minAgeMonths"] == 72
    assert found["Eosinophilic Esophagitis"]["populations"] == [{"minAgeMonths": 12, "minWeightKg": Decimal(15)}]
    assert found["Prurigo Nodularis"]["populations"] == [{"minAgeMonths": 216}]
    texts = [
        json.loads(line)["text"] for line in (SAMPLES / "indication_text_curation_AD.jsonl").read_text().splitlines()
    ]
    by_text = {text: stated(text) for text in texts}
    assert None not in [one for several in by_text.values() for one in several]
    assert {text[:20] for text, several in by_text.items() if not several} == {
        text[:20] for text in texts if "Possibly" in text
    }
    protopic = next(several for text, several in by_text.items() if text.startswith("PROTOPIC"))
    assert [(one["minAgeMonths"], one.get("maxAgeMonths")) for one in protopic[0]["populations"]] == [
        (24, 192),
        (216, None),
    ]
    zonalon = next(several for text, several in by_text.items() if text.startswith("Zonalon"))
    assert [(one["disease"], one["sign"]) for one in zonalon] == [
        ("atopic dermatitis", "pruritus"),
        ("lichen simplex chronicus", "pruritus"),
    ]


# --- contraindications


@pytest.mark.parametrize("case", CASES["contraindications"], ids=_name)
def test_what_is_contraindicated(case: Case) -> None:
    assert conditions(case["text"]) == case["conditions"]


def test_excipients_count_where_the_text_says_so() -> None:
    both = "Hypersensitivity to zonimab. Hypersensitivity to zonimab or any excipient."
    assert [one.conditions[0].get("includesExcipients") for one in barred(both, PRODUCT)] == [None, True]


# --- boxed warnings


@pytest.mark.parametrize("case", CASES["boxed warnings"], ids=_name)
def test_the_heading_of_a_box_names_its_risks(case: Case) -> None:
    words, start, end = boxed_warnings.heading(case["text"], case["title"])
    assert words == case["heading"] == case["text"][start:end]
    risks = boxed_warnings.risks(words) if words else []
    assert [one if isinstance(one, str) else {"unmapped": one.names[0]} for one in risks] == case["risks"]


# --- products


def test_the_substance_stands_for_the_product_only_where_it_is_alone() -> None:
    single = label_products.product(["Zonib"], ["ZONIMAB"], ["ZONIMAB"], ["0123456789"])
    assert single.mention == Mention("Treatment", ["Zonib", "ZONIMAB"], ["unii:0123456789"])
    several = label_products.product(
        ["Hydrocortisone"], ["x"], ["HYDROCORTISONE", "UREA"], ["AAAAAAAAAA", "BBBBBBBBBB"]
    )
    assert several.mention == Mention("Treatment", ["x"], [])
    unnamed = label_products.product([], ["UREA"], ["HYDROCORTISONE", "UREA"], [])
    assert unnamed.mention == Mention("Treatment", ["HYDROCORTISONE and UREA"], [])
    assert [label_products.is_licence(number) for number in ("BLA761055", "ANDA 040", "part341", "M012", "")] == [
        True, True, False, False, False,
    ]  # fmt: skip
    assert label_products.route(["TOPICAL", "topical"]) == "CutaneousRoute"
    assert label_products.route(["ORAL", "TOPICAL"]) == ""


# --- the whole label


def label(*sections: tuple[str, str], **changes: Any) -> list[Any]:  # noqa: ANN401 (fields of Label)
    made = [LabelSection(kind, f"s{n}", f"section {n}", text) for n, (kind, text) in enumerate(sections)]
    return list(label_rules.items(Label(PRODUCT, made, "US", "FDA", **changes)))


def facts(items: list[Any]) -> list[Fact]:
    return [item for item in items if isinstance(item, Fact)]


def test_a_section_that_lists_nothing_is_a_check_and_an_absent_one_says_nothing() -> None:
    (check,) = facts(label(("ContraindicationsText", "4 CONTRAINDICATIONS None.")))
    assert (check.type, check.values["checkFinding"]) == ("LabelCheck", "NoneListed")
    assert facts(label(("WarningsText", "5 WARNINGS None."))) == []
    assert facts(label(("ContraindicationsText", "4 CONTRAINDICATIONS"))) == []


def test_only_hypersensitivity_is_a_check_too_but_not_beside_anything_else() -> None:
    only = "4 CONTRAINDICATIONS Known hypersensitivity to zonimab. Anaphylaxis has occurred."
    assert [(fact.type, fact.values.get("checkFinding")) for fact in facts(label(("ContraindicationsText", only)))] == [
        ("Contraindication", None),
        ("LabelCheck", "OnlyHypersensitivityListed"),
    ]
    for more in (only + " Gout.", only + " Care is needed in asthma.", only + " Do not give it to children."):
        assert "LabelCheck" not in [fact.type for fact in facts(label(("ContraindicationsText", more)))]


def test_what_is_said_twice_is_one_fact_with_two_passages() -> None:
    text = "Zonib is indicated for the treatment of gout. Zonib is a drug indicated for the treatment of gout. (1)"
    (fact,) = facts(label(("IndicationsText", text)))
    assert [passage.quote for passage in fact.passages] == [
        "Zonib is indicated for the treatment of gout.",
        "Zonib is a drug indicated for the treatment of gout.",
    ]


def test_what_nobody_licensed_is_no_indication_and_a_box_for_lay_people_no_boxed_warning() -> None:
    text = ("IndicationsText", "Zonib is indicated for the treatment of gout.")
    assert [item.reason for item in label(text, licensed=False) if isinstance(item, Skip)] == [label_rules.UNLICENSED]
    assert facts(label(text, licensed=False)) == []
    box = ("BoxedWarningText", "TAMPER-EVIDENT: DO NOT USE IF THE SEAL IS BROKEN")
    assert [fact.type for fact in facts(label(box))] == ["BoxedWarning"]
    assert facts(label(box, over_the_counter=True)) == []


WORDS = st.lists(
    st.sampled_from(
        [word for case in (*CASES["indications"], *CASES["contraindications"]) for word in case["text"].split(" ")]
    ),
    max_size=25,
)


@given(st.sampled_from(["IndicationsText", "ContraindicationsText", "BoxedWarningText"]), WORDS)
@settings(max_examples=200, deadline=None)
def test_any_text_gives_facts_whose_passages_fit(kind: str, words: list[str]) -> None:
    items = label((kind, " ".join(words)))
    texts = {item.name: item.text for item in items if isinstance(item, Section)}
    names = [fact.name for fact in facts(items)]
    assert len(set(names)) == len(names)
    for fact in facts(items):
        for passage in fact.passages:
            assert texts[passage.section][passage.start : passage.end] == passage.quote
    assert items == label((kind, " ".join(words)))


@pytest.mark.parametrize("hostile", [" ", "( ", "[see ", "and ", "12 ", "with ", "A.", "\n", "history of "])
def test_hostile_text_is_read_in_time(hostile: str) -> None:
    text = f"Zonib is indicated for the treatment of {hostile * 1_000} contraindicated in {hostile * 50_000}"
    begin = time.process_time()
    assert list(uses(text)) is not None
    assert reads_whole(text, list(barred(text, PRODUCT))) in {True, False}
    assert time.process_time() - begin < 4


def test_a_statement_that_is_not_certain_has_its_place() -> None:
    text = "Zonib is indicated for AD. Zonib is indicated to reduce fever."
    assert [text[one.start : one.end] for one in uses(text) if isinstance(one, Unsure)] == [
        "Zonib is indicated for AD.",
        "Zonib is indicated to reduce fever.",
    ]
