"""openFDA drug labels: pages, parts and single records, and the traps of the source."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatkg import loading, resources
from treatkg.errors import BadInputError
from treatkg.loading import Check, Options, inputs
from treatkg.loading.items import Document, Fact, Item, Mention, Record, Section, Skip

SOURCE = loading.find(str(resources.LOADERS / "openfda-label"))
SET_ID = "0f0f0f0f-1111-2222-3333-444444444444"
USE = (
    "indicated for the treatment of adult and pediatric patients aged 6 months and older with moderate-to-severe "
    "atopic dermatitis."
)
Data = dict[str, Any]


def label(**changes: Any) -> Data:  # noqa: ANN401 (values of JSON)
    """Return a record as openFDA has it; a value None leaves the key out."""
    record: Data = {
        "set_id": SET_ID,
        "id": "99999999-1111-2222-3333-444444444444",
        "version": "7",
        "effective_time": "20250131",
        "indications_and_usage": [
            f"1 INDICATIONS AND USAGE 1.1 Atopic Dermatitis ZONIB is {USE} ZONIB is a drug {USE} (1.1)"
        ],
        "contraindications": ["4 CONTRAINDICATIONS None. None (4)"],
        "adverse_reactions": ["6 ADVERSE REACTIONS Itch in 3 %."],
        "adverse_reactions_table": ["<table/>"],
        "openfda": {
            "brand_name": ["Zonib"],
            "generic_name": ["ZONIMAB"],
            "substance_name": ["ZONIMAB"],
            "unii": ["0123456789"],
            "application_number": ["BLA761999"],
            "product_type": ["HUMAN PRESCRIPTION DRUG"],
            "route": ["SUBCUTANEOUS"],
            "manufacturer_name": ["Zoni Inc."],
            "is_original_packager": [True],
            "spl_set_id": [SET_ID],
        },
    }
    record |= changes
    return {key: value for key, value in record.items() if value is not None}


def block(**changes: Any) -> Data:  # noqa: ANN401 (values of JSON)
    return {key: value for key, value in {**label()["openfda"], **changes}.items() if value is not None}


def items(record: object) -> list[Item]:
    return list(SOURCE.transform()(Record(record, "results[0]")))


def facts(record: object, kind: str = "") -> list[Fact]:
    return [item for item in items(record) if isinstance(item, Fact) and kind in {"", item.type}]


def document(record: object) -> Document:
    return next(item for item in items(record) if isinstance(item, Document))


def skips(record: object) -> list[str]:
    return [item.reason for item in items(record) if isinstance(item, Skip)]


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Path]:
    def save(content: object, name: str = "labels.json") -> Path:
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return save


def known(*paths: Path) -> list[loading.Recognised]:
    return list(loading.recognise(SOURCE, inputs.find(map(str, paths))))


# --- what a record becomes


def test_a_label_gives_a_document_sections_and_the_facts_that_are_certain() -> None:
    first, *rest = items(label())
    assert first == Document(
        key=SET_ID,
        title="Zonib (ZONIMAB)",
        version="7",
        date="2025-01-31",
        url=f"https://dailymed.nlm.nih.gov/dailymed/drugInfo.cfm?setid={SET_ID}",
        values={"holder": ["Zoni Inc."], "note": ""},
    )
    sections = {item.name: item for item in rest if isinstance(item, Section)}
    assert {name: (one.kind, one.locator) for name, one in sections.items()} == {
        "indications-and-usage": ("IndicationsText", "1 Indications and usage"),
        "contraindications": ("ContraindicationsText", "4 Contraindications"),
        "adverse-reactions": ("AdverseReactionsText", "6 Adverse reactions"),
    }
    indication, check = facts(label())
    common = {"jurisdiction": "US", "observedOn": "2025-01-31", "route": "SubcutaneousRoute", "product": "Zonib"}
    assert common.items() <= indication.values.items()
    assert "validFrom" not in indication.values
    assert indication.values["treatment"] == Mention("Treatment", ["Zonib", "ZONIMAB"], ["unii:0123456789"])
    assert indication.values["disease"] == Mention("Disease", ["atopic dermatitis"])
    assert indication.values["authority"] == "FDA"
    assert indication.values["population"] == [
        {"type": "Population", "minAgeMonths": 6, "severity": ["Moderate", "Severe"]}
    ]
    assert len(indication.passages) == 2
    assert check.values["checkFinding"] == "NoneListed"
    for passage in (*indication.passages, *check.passages):
        assert sections[passage.section].text[passage.start : passage.end] == passage.quote


def test_a_label_without_the_section_says_nothing_of_it() -> None:
    assert facts(label(contraindications=None, indications_and_usage=None)) == []
    assert facts(label(contraindications=[], indications_and_usage=[" "])) == []


@pytest.mark.parametrize(
    "value", ["4 CONTRAINDICATIONS None.", ["4 CONTRAINDICATIONS None."], ["4 CONTRAINDICATIONS None.", ""]]
)
def test_a_section_may_be_a_text_or_a_list(value: object) -> None:
    assert [fact.values["checkFinding"] for fact in facts(label(contraindications=value), "LabelCheck")] == [
        "NoneListed"
    ]


def test_several_texts_of_a_section_are_several_sections() -> None:
    found = [
        item
        for item in items(label(warnings=["first", "second"]))
        if isinstance(item, Section) and "warnings" in item.name
    ]
    assert [(one.name, one.locator, one.text) for one in found] == [
        ("warnings", "Warnings", "first"),
        ("warnings-2", "Warnings (2)", "second"),
    ]


def test_numbers_in_place_of_texts_are_read() -> None:
    found = document(label(version=12, effective_time=20240229))
    assert (found.version, found.date) == ("12", "2024-02-29")


def test_without_the_block_the_product_is_named_by_its_data_and_that_is_said() -> None:
    record = label(openfda={}, spl_product_data_elements=["Zonib zonimab ZONIMAB ZONIMAB HISTIDINE WATER"])
    assert document(record).title == "Zonib"
    assert "spl_product_data_elements" in document(record).values["note"]
    assert skips(record) == ["no openfda block: the product is named by the first words of spl_product_data_elements"]
    (indication,) = facts(record, "Indication")
    assert indication.values["treatment"] == Mention("Treatment", ["Zonib", "zonimab"], [])
    assert indication.values["authority"] == ""
    same = label(openfda=None, spl_product_data_elements=["Albuterol Sulfate Albuterol Sulfate WATER ALBUTEROL"])
    assert document(same).title == "Albuterol Sulfate"


def test_the_block_of_another_label_is_not_read() -> None:
    record = label(openfda=block(spl_set_id=["ffffffff-1111-2222-3333-444444444444"], brand_name=["Other"]))
    assert skips(record) == [
        "the openfda block is of another label (its spl_set_id is not the set_id): the block is not read"
    ]
    assert "Other" not in str(items(record))


def test_of_a_combination_no_substance_stands_for_the_product() -> None:
    both = block(brand_name=["Zoniduo"], generic_name=["ZONIMAB AND GOUTOL"], substance_name=["ZONIMAB", "GOUTOL"],
                 unii=["0123456789", "9876543210"])  # fmt: skip
    (indication,) = facts(label(openfda=both), "Indication")
    assert indication.values["treatment"] == Mention("Treatment", ["Zoniduo", "ZONIMAB AND GOUTOL"], [])


@pytest.mark.parametrize("numbers", [None, [], ["part341"], ["M012"]])
def test_what_an_unapproved_drug_is_indicated_for_is_no_licence(numbers: object) -> None:
    record = label(openfda=block(application_number=numbers))
    assert facts(record, "Indication") == []
    assert len(skips(record)) == 2
    assert facts(record, "LabelCheck")


def test_a_repackager_is_kept_and_marked() -> None:
    assert "repackager" in document(label(openfda=block(is_original_packager=None))).values["note"]
    assert document(label()).values["note"] == ""


def test_a_label_for_lay_people_has_sections_and_no_boxed_warning() -> None:
    record = label(
        openfda=block(product_type=["HUMAN OTC DRUG"], application_number=["M012"]),
        do_not_use=["Do not use if the seal is broken"],
        ask_doctor=["Ask a doctor before use if you have gout"],
        boxed_warning=["WARNING: FIRE Keep away"],
        contraindications=None,
    )
    kinds = {item.kind for item in items(record) if isinstance(item, Section)}
    assert {"DoNotUseText", "AskDoctorText", "BoxedWarningText"} <= kinds
    assert facts(record) == []


@pytest.mark.parametrize(
    "record", [{}, {"set_id": None}, {"set_id": 5}, {"set_id": [""]}, [], "text", None, {"term": "x", "count": 3}]
)
def test_what_is_no_label_is_skipped_with_the_reason(record: object) -> None:
    (found,) = items(record)
    assert isinstance(found, Skip)


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.lists(st.text(max_size=20), max_size=2)
)
KEYS = st.sampled_from([*label(), *label()["openfda"], "boxed_warning", "do_not_use", "spl_product_data_elements"])


@given(st.dictionaries(KEYS, JUNK, max_size=6), st.dictionaries(KEYS, JUNK, max_size=6), st.randoms())
@settings(max_examples=100, deadline=None)
def test_any_record_gives_items_and_the_order_of_keys_does_not_matter(changes: Data, inner: Data, random: Any) -> None:  # noqa: ANN401
    record = {**label(), **changes}
    record["openfda"] = {**label()["openfda"], **inner}
    found = items(record)
    assert isinstance(found[0], Document | Skip)
    keys = list(record)
    random.shuffle(keys)
    assert items({key: record[key] for key in keys}) == found


# --- files


def test_a_page_a_part_a_list_and_a_record_are_read(saved: Callable[..., Path]) -> None:
    page = {"meta": {"last_updated": "2025-02-08"}, "results": [label(), label(set_id=SET_ID[:-1] + "5")]}
    found = known(
        saved(page, "a.json"),
        saved(label(), "b.json"),
        saved([label()], "c.json"),
        saved({"results": [label()]}, "d.json"),
    )
    assert [one.format.name for one in found] == ["page", "record", "records", "page"]
    assert found[0].version == "2025-02-08"
    assert [len(list(one.reader().records(one.file))) for one in found] == [2, 1, 1, 1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"error": {"code": "NOT_FOUND", "message": "No matches found!"}}, "answer is an error"),
        ({"results": [{"term": "ORAL", "count": 5}]}, "counts values"),
        ({"results": [{"safetyreportid": "1", "patient": {}}]}, "adverse events"),
        ({"$schema": "x", "properties": {"set_id": {}}}, "JSON Schema"),
        ({"_doc": {"properties": {"set_id": {"type": "keyword"}}}}, "index mapping"),
        ({"studies": []}, "not a file of openFDA drug label"),
        ("", "the file is empty"),
        ("set_id: x\n", "not a file of openFDA drug label"),
    ],
)
def test_other_files_are_refused_with_the_reason(saved: Callable[..., Path], content: object, message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        known(saved(content))


def test_a_file_that_ends_too_early_is_refused_by_name(saved: Callable[..., Path]) -> None:
    with pytest.raises(BadInputError, match=r"labels\.json: not valid JSON"):
        known(saved(json.dumps({"results": [label(), label()]})[:-200]))


# --- real files


def test_real_files_give_the_numbers_of_the_guide(samples: Path) -> None:
    files = [str(samples / "openfda_label" / f"{name}.json") for name in (
        "drug-label-0013-of-0013.slice", "label_bulk_shape", "label_one")]  # fmt: skip
    report = loading.try_out(SOURCE, files, Options(check=Check.ALL, jobs=1))
    assert (report.records, report.documents, sum(report.findings.values())) == (13, 13, 0)
    assert report.facts == {"Contraindication": 20, "Indication": 12, "LabelCheck": 3, "BoxedWarning": 1}
    assert report.skipped == {
        "a statement of what it is indicated for whose disease is not certain": 3,
        "no openfda block: the product is named by the first words of spl_product_data_elements": 2,
    }


def test_facts_of_the_real_part(samples: Path) -> None:
    (one,) = known(samples / "openfda_label" / "drug-label-0013-of-0013.slice.json")
    found = {
        (item.values["treatment"].names[0], item.name): item.values
        for record in one.reader().records(one.file)
        for item in SOURCE.transform()(record)
        if isinstance(item, Fact)
    }
    bronchospasm = found["Albuterol Sulfate", "indication/bronchospasm"]
    assert [one["minAgeMonths"] for one in bronchospasm["population"]] == [24]
    aliskiren = next(
        values for (_, name), values in found.items() if "aliskiren" in name and "coadministration" in name
    )
    assert [one["kind"] for one in aliskiren["condition"]] == ["CoMedicationCondition", "DiseaseCondition"]
    box = found["OLMESARTAN MEDOXOMIL AND HYDROCHLOROTHIAZIDE", "boxed-warning"]
    assert box["risk"] == ["tkg:EmbryoFetalToxicityRisk"]
    assert found["BRIDION", "label-check/contraindications"]["checkFinding"] == "OnlyHypersensitivityListed"


@pytest.mark.parametrize("name", ["druglabel_fields.yaml", "druglabel_schema.json", "spl_mapping.json"])
def test_descriptions_beside_the_real_files_are_refused(samples: Path, name: str) -> None:
    with pytest.raises(BadInputError, match=r"not a file of"):
        known(samples / "openfda_label" / name)
