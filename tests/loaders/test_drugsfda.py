"""Drugs@FDA: what becomes an authorisation, what only a decision, and what neither."""

from __future__ import annotations

import datetime
import json
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatkg.errors import BadInputError
from treatkg.loading import Recognised, Source, find, inputs, recognise, running
from treatkg.loading.items import Document, Fact, Item, Mention, Record, Skip
from treatkg.loading.resolving import Resolver
from treatkg.loading.writing import Block, Writer

TKG = "https://w3id.org/treatkg/ontology#"
DATE = "<http://www.w3.org/2001/XMLSchema#date>"
DAY = datetime.date(2019, 7, 2)
TABLES = {
    "Applications": "ApplNo\tApplType\tApplPublicNotes\tSponsorName\r\n",
    "Products": "ApplNo\tProductNo\tForm\tStrength\tReferenceDrug\tDrugName\tActiveIngredient\tReferenceStandard\r\n",
    "MarketingStatus": "MarketingStatusID\tApplNo\tProductNo\r\n",
    "Submissions": "ApplNo\tSubmissionClassCodeID\tSubmissionType\tSubmissionNo\tSubmissionStatus\t"
    "SubmissionStatusDate\tSubmissionsPublicNotes\tReviewPriority\r\n",
    "ApplicationDocs": "ApplicationDocsID\tApplicationDocsTypeID\tApplNo\tSubmissionType\tSubmissionNo\t"
    "ApplicationDocsTitle\tApplicationDocsURL\tApplicationDocsDate\r\n",
    "MarketingStatus_Lookup": "MarketingStatusID\tMarketingStatusDescription\r\n1\tPrescription\r\n"
    "2\tOver-the-counter\r\n3\tDiscontinued\r\n4\tNone (Tentative Approval)\r\n",
    "SubmissionClass_Lookup": "SubmissionClassCodeID\tSubmissionClassCode\tSubmissionClassCodeDescription\r\n"
    "1\tEFFICACY\tEfficacy\r\n2\tLABELING\tLabeling\r\n3\tTYPE 1\tType 1\r\n",
}


@pytest.fixture(scope="module")
def source() -> Source:
    return find("drugsfda")


@pytest.fixture(scope="module")
def resolver() -> Resolver:
    return running.known_terms()[0]


def dump(path: Path, **rows: Sequence[str]) -> Path:
    """Write an archive with these rows; cells are separated by "|"."""
    with zipfile.ZipFile(path, "w") as made:
        for name, head in TABLES.items():
            lines = [line.replace("|", "\t") + "\r\n" for line in rows.get(name, ())]
            made.writestr(zipfile.ZipInfo(f"{name}.txt", (2019, 7, 2, 0, 0, 0)), head + "".join(lines))
    return path


def opened(source: Source, path: Path) -> Recognised:
    (found,) = recognise(source, inputs.find([str(path)]))
    return found


def items(source: Source, path: Path) -> list[Item]:
    found = opened(source, path)
    transform = source.transform()
    return [item for record in found.reader().records(found.file) for item in transform(record)]


def facts(found: Sequence[Item], kind: str) -> list[Fact]:
    return [item for item in found if isinstance(item, Fact) and item.type == kind]


def triples(source: Source, path: Path, resolver: Resolver) -> str:
    found = opened(source, path)
    writer = Writer(source, found.version, found.date, found.file.retrieved, resolver)
    transform = source.transform()
    records = found.reader().records(found.file)
    blocks = (block for record in records for block in writer.blocks(transform(record), record.where))
    return "".join(line for block in blocks for line in block.lines())


CREAM = {
    "Applications": ["009001|NDA||QUEXAL LABS"],
    "Products": ["009001|001|CREAM;TOPICAL|2%|1|ZORABEX|ZORABIB|1", "009001|002|CREAM;TOPICAL|4%|1|ZORABEX|ZORABIB|1"],
    "MarketingStatus": ["1|009001|001", "3|009001|002"],
    "Submissions": [
        "009001|3|ORIG       |1|AP|2011-05-04 00:00:00||PRIORITY",
        "009001|1|SUPPL      |2|AP|2013-06-07 00:00:00||STANDARD",
        "009001|2|SUPPL      |3|AP|2014-06-07 00:00:00||STANDARD",
    ],
    "ApplicationDocs": [
        "1|1|009001|ORIG      |1|0|http://www.accessdata.fda.gov/letter.pdf|2011-05-05 00:00:00",
        "2|1|009001|SUPPL     |2|0|not an address|2011-05-05 00:00:00",
    ],
}


def test_an_application_becomes_an_authorisation_with_its_products(source: Source, tmp_path: Path) -> None:
    found = items(source, dump(tmp_path / "d.zip", **CREAM))
    (document,) = (item for item in found if isinstance(item, Document))
    assert (document.key, document.title) == ("NDA009001", "ZORABEX (NDA009001)")
    assert document.url.endswith("ApplNo=009001")
    (fact,) = facts(found, "ProductAuthorisation")
    assert fact.values["treatment"] == Mention("Treatment", ("ZORABEX", "ZORABIB"))
    assert fact.values["validFrom"] == fact.values["decidedOn"] == "2011-05-04"
    assert (fact.values["jurisdiction"], fact.values["authority"]) == ("US", "FDA")
    assert fact.values["product"] == ("ZORABEX",)
    assert (fact.values["holder"], fact.values["applicationNumber"]) == ("QUEXAL LABS", "NDA009001")
    first, second = fact.values["authorisedProduct"]
    assert (first["productStrength"], first["marketingStatus"]) == ("2%", ["Prescription"])
    assert (second["productStrength"], second["marketingStatus"]) == ("4%", ["Discontinued"])
    assert fact.label == "US: ZORABEX (NDA009001) approved on 2011-05-04"


def test_supplements_are_decisions_and_those_for_the_text_are_counted(source: Source, tmp_path: Path) -> None:
    found = items(source, dump(tmp_path / "d.zip", **CREAM))
    original, efficacy = facts(found, "SubmissionDecision")
    assert original.values["publication"] == ["http://www.accessdata.fda.gov/letter.pdf"]
    assert efficacy.values["publication"] == []
    assert (efficacy.values["submissionType"], efficacy.values["submissionNumber"]) == ("SUPPL", "2")
    assert (efficacy.values["submissionClass"], efficacy.values["decidedOn"]) == ("EFFICACY", "2013-06-07")
    assert "validFrom" not in efficacy.values
    assert [item.reason for item in found if isinstance(item, Skip)] == ["a supplement of the class LABELING"]


def test_nothing_is_ever_an_indication(source: Source) -> None:
    assert set(source.gives) == {"ProductAuthorisation", "SubmissionDecision"}


def test_what_is_off_the_market_has_no_validity(source: Source, tmp_path: Path) -> None:
    rows = {**CREAM, "MarketingStatus": ["3|009001|001", "3|009001|002"]}
    (fact,) = facts(items(source, dump(tmp_path / "d.zip", **rows)), "ProductAuthorisation")
    assert "validFrom" not in fact.values
    assert (fact.values["decidedOn"], fact.values["observedOn"]) == ("2011-05-04", "2019-07-02")
    assert fact.label.endswith("approved on 2011-05-04, now discontinued")


@pytest.mark.parametrize("status", ["1", "4"])
def test_a_tentative_approval_is_a_decision_and_no_authorisation(source: Source, tmp_path: Path, status: str) -> None:
    rows = {
        **CREAM,
        "Submissions": ["009001|3|ORIG|1|TA|2011-05-04 00:00:00||PRIORITY"],
        "MarketingStatus": [f"{status}|009001|001", f"{status}|009001|002"],
    }
    found = items(source, dump(tmp_path / "d.zip", **rows))
    assert not facts(found, "ProductAuthorisation")
    (decision,) = facts(found, "SubmissionDecision")
    assert decision.values["submissionStatus"] == "TA"
    assert "tentatively approved on 2011-05-04" in decision.label


def test_an_unknown_day_is_none(source: Source, tmp_path: Path) -> None:
    rows = {**CREAM, "Submissions": ["009001|3|ORIG|1|AP|1900-01-01 00:00:00||", "009001|3|ORIG|2|AP|||"]}
    (fact,) = facts(items(source, dump(tmp_path / "d.zip", **rows)), "ProductAuthorisation")
    assert fact.values["decidedOn"] == ""
    assert (fact.values.get("validFrom"), fact.values["observedOn"]) == (None, "2019-07-02")


def test_several_ingredients_are_no_single_substance(source: Source, tmp_path: Path) -> None:
    products = ["009001|001|CREAM;TOPICAL|1%|0|HYDROCORTISONE|ACETIC ACID; HYDROCORTISONE|0"]
    (fact,) = facts(items(source, dump(tmp_path / "d.zip", **{**CREAM, "Products": products})), "ProductAuthorisation")
    assert fact.values["treatment"] == Mention("Treatment", ["ACETIC ACID; HYDROCORTISONE"])


def test_products_of_different_ingredients_are_authorisations_of_their_own(source: Source, tmp_path: Path) -> None:
    products = ["009001|001|CREAM|1%|0|XYLOMIN|LIDOMIN|0", "009001|002|GEL|1%|0|XYLOMIN W|EPIMIN; LIDOMIN|0"]
    found = items(source, dump(tmp_path / "d.zip", **{**CREAM, "Products": products}))
    names = [(fact.name, fact.values["treatment"].names[0]) for fact in facts(found, "ProductAuthorisation")]
    assert names == [("authorisation/LIDOMIN", "XYLOMIN"), ("authorisation/EPIMIN; LIDOMIN", "XYLOMIN W")]


def test_the_suffix_of_a_biological_product_is_no_part_of_the_substance(source: Source, tmp_path: Path) -> None:
    products = ["009001|001|INJECTABLE|1%|0|QUEX|TRALOKINUMAB-LDRM|0", "009001|002|INJECTABLE|1%|0|R|ALFA-2B|0"]
    first, second = facts(
        items(source, dump(tmp_path / "d.zip", **{**CREAM, "Products": products})), "SubmissionDecision"
    )[:2]
    assert list(first.values["treatment"].names) == ["QUEX", "TRALOKINUMAB-LDRM", "TRALOKINUMAB"]
    assert first.values["treatment"] == second.values["treatment"]


def test_rows_without_their_application_are_counted(source: Source, tmp_path: Path) -> None:
    rows = {**CREAM, "Products": [*CREAM["Products"], "009009|001|GEL|1%|0|STRAY|STRAYIN|0", "broken|row"]}
    reasons = Counter(item.reason for item in items(source, dump(tmp_path / "d.zip", **rows)) if isinstance(item, Skip))
    assert reasons["rows of no application"] == 1
    assert reasons["a broken row of Products"] == 1


def test_terms_of_the_graph_are_found(source: Source, tmp_path: Path, resolver: Resolver) -> None:
    rows = {
        "Applications": ["050777|NDA||LEO"],
        "Products": ["050777|001|OINTMENT;TOPICAL|0.1%|1|PROTOPIC|TACROLIMUS|1"],
        "MarketingStatus": ["1|050777|001"],
        "Submissions": ["050777|3|ORIG|1|AP|2000-12-08 00:00:00||STANDARD"],
    }
    text = triples(source, dump(tmp_path / "d.zip", **rows), resolver)
    record = "https://w3id.org/treatkg/load/drugsfda/record/NDA050777/2019-07-02"
    assert f"<{record}/authorisation> <{TKG}treatment> <https://w3id.org/treatkg/id/tacrolimus-ointment> ." in text
    assert f'<{record}/authorisation> <{TKG}validFrom> "2000-12-08"^^{DATE} .' in text
    assert f'<{record}/submission/ORIG-1> <{TKG}decidedOn> "2000-12-08"^^{DATE} .' in text
    assert "UnmappedTerm" not in text


# --- openFDA's JSON

REPLY: dict[str, Any] = {
    "meta": {"last_updated": "2026-11-24", "results": {"skip": 0, "limit": 1, "total": 1}},
    "results": [
        {
            "submissions": [
                {
                    "submission_type": "ORIG",
                    "submission_number": "1",
                    "submission_status": "AP",
                    "submission_status_date": "20110504",
                    "submission_class_code": "TYPE 1",
                    "review_priority": "PRIORITY",
                    "application_docs": [{"id": "1", "url": "https://www.accessdata.fda.gov/l.pdf", "type": "Letter"}],
                },
                {"submission_type": "SUPPL", "submission_number": "2", "submission_class_code": "LABELING"},
            ],
            "application_number": "NDA009001",
            "sponsor_name": "QUEXAL LABS",
            "products": [
                {
                    "product_number": "001",
                    "brand_name": "ZORABEX",
                    "active_ingredients": [{"name": "ZORABIB", "strength": "2%"}],
                    "dosage_form": "CREAM",
                    "route": "TOPICAL",
                    "marketing_status": "Prescription",
                }
            ],
            "openfda": {"brand_name": ["OTHER"]},
        }
    ],
}


def written(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_the_json_of_openfda_says_the_same_as_the_tables(source: Source, tmp_path: Path) -> None:
    path = written(tmp_path / "reply.json", REPLY)
    assert opened(source, path).version == "2026-11-24"
    found = items(source, path)
    (fact,) = facts(found, "ProductAuthorisation")
    rows = {**CREAM, "Products": CREAM["Products"][:1]}
    (other,) = facts(items(source, dump(tmp_path / "d.zip", **rows)), "ProductAuthorisation")
    assert fact.values == other.values
    (decision,) = facts(found, "SubmissionDecision")
    assert decision.values["publication"] == ["https://www.accessdata.fda.gov/l.pdf"]


def test_absent_and_null_keys_and_single_nodes_are_read(source: Source, tmp_path: Path) -> None:
    result = {
        "application_number": "bla 9001",
        "sponsor_name": None,
        "products": {"brand_name": "ZORABEX", "active_ingredients": {"name": "ZORABIB"}, "product_number": 1},
        "submissions": None,
    }
    found = items(source, written(tmp_path / "reply.json", {"results": [result]}))
    assert [item.key for item in found if isinstance(item, Document)] == ["BLA009001"]
    assert [item.reason for item in found if isinstance(item, Skip)] == [
        "neither an approved submission nor a product on the market"
    ]


def test_the_download_of_openfda_is_read_from_its_zip(source: Source, tmp_path: Path) -> None:
    path = tmp_path / "drug-drugsfda-0001-of-0001.json.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("drug-drugsfda-0001-of-0001.json", json.dumps(REPLY))
    assert len(facts(items(source, path), "ProductAuthorisation")) == 1


# --- files that are not read


@pytest.mark.parametrize("name", list(TABLES))
def test_a_single_table_is_refused(source: Source, tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name}.txt"
    path.write_text(TABLES[name], encoding="cp1252")
    with pytest.raises(BadInputError, match="give the zip archive as it was downloaded"):
        opened(source, path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"results": [',
        b'{"error": {"code": "NOT_FOUND"}}',
        b'{"results": [{"application_number": "NDA1", "product_ndc": "1-2"}]}',
        b"PK\x03\x04 cut",
        b"\xff\xfe\x00\x00",
        b"[" * 5000,
    ],
)
def test_other_and_broken_files_are_refused_with_their_name(source: Source, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(BadInputError, match=str(path)):
        items(source, path)


def test_an_archive_without_a_table_is_no_dump(source: Source, tmp_path: Path) -> None:
    path = dump(tmp_path / "d.zip", **CREAM)
    less = tmp_path / "less.zip"
    with zipfile.ZipFile(path) as full, zipfile.ZipFile(less, "w") as made:
        for entry in full.infolist():
            if not entry.filename.startswith("ApplicationDocs"):
                made.writestr(entry, full.read(entry))
    with pytest.raises(BadInputError, match=r"no ApplicationDocs\.txt in it; give the complete archive"):
        items(source, less)


# --- any record

texts = st.one_of(
    st.none(), st.text(max_size=8), st.integers(), st.booleans(), st.lists(st.text(max_size=4), max_size=2)
)
dated = st.sampled_from(["20110504", "2011-05-04 00:00:00", "1900-01-01", "2011", "soon", None])
submissions = st.fixed_dictionaries(
    {
        "submission_type": st.sampled_from(["ORIG", "SUPPL", None]),
        "submission_status": st.sampled_from(["AP", "TA", ""]),
    },
    optional={"submission_number": texts, "submission_status_date": dated, "submission_class_code": texts},
)
products = st.fixed_dictionaries(
    {},
    optional={
        "brand_name": texts,
        "active_ingredients": st.lists(st.fixed_dictionaries({"name": texts}), max_size=3),
        "marketing_status": st.sampled_from(["Prescription", "Discontinued", "None (Tentative Approval)", None]),
    },
)
applications = st.fixed_dictionaries(
    {"application_number": st.sampled_from(["NDA009001", "BLA761055", "", None, "X1"])},
    optional={
        "products": st.one_of(texts, st.lists(products, max_size=3)),
        "submissions": st.one_of(texts, st.lists(submissions, max_size=3)),
        "sponsor_name": texts,
    },
)


def blocks(source: Source, data: Mapping[str, Any], resolver: Resolver) -> Iterator[Block]:
    writer = Writer(source, "1", DAY, DAY, resolver)
    return writer.blocks(source.transform()(Record(data, "results[0]", {"modified": "2019-07-02"})), "results[0]")


@given(data=applications)
@settings(max_examples=60, deadline=None)
def test_any_application_gives_triples_or_a_reason(source: Source, data: dict[str, Any]) -> None:
    found = list(source.transform()(Record(data, "results[0]")))
    assert found
    resolver = Resolver()
    lines = [block.lines() for block in blocks(source, data, resolver)]
    mixed = dict(reversed(data.items()))
    assert lines == [block.lines() for block in blocks(source, mixed, resolver)]
    approved = [fact for fact in facts(found, "ProductAuthorisation") if "validFrom" in fact.values]
    assert all(
        {"Prescription"} & set(fact.values["marketingStatus"]) or not fact.values["marketingStatus"]
        for fact in approved
    )


# --- the real files


@pytest.fixture(scope="module")
def real(source: Source) -> list[Item]:
    path = Path(__file__).parents[3] / "shared" / "samples" / "drugsfda" / "drugsatfda.zip"
    if not path.is_file():
        pytest.skip("the real files of the sources are not beside this checkout")
    return items(source, path)


def test_the_real_archive_gives_these_numbers(real: list[Item]) -> None:
    assert Counter(item.type for item in real if isinstance(item, Fact)) == {
        "ProductAuthorisation": 22498,
        "SubmissionDecision": 24535,
    }
    assert sum(isinstance(item, Document) for item in real) == 23051
    assert Counter(item.reason for item in real if isinstance(item, Skip)) == {
        "a supplement of the class LABELING": 60659,
        "a supplement of the class MANUF (CMC)": 65622,
        "a supplement of the class REMS": 1535,
        "rows of no application": 1296,
        "an application without products": 216,
        "the original submission is not approved (tentative approval)": 629,
    }


def test_dupixent_is_authorised_since_its_first_approval(real: list[Item]) -> None:
    mine = [item for item in real if isinstance(item, Fact) and item.values["applicationNumber"] == "BLA761055"]
    (authorisation,) = facts(mine, "ProductAuthorisation")
    assert authorisation.values["validFrom"] == "2017-03-28"
    assert authorisation.values["holder"] == "REGENERON PHARMACEUTICALS"
    (product,) = authorisation.values["authorisedProduct"]
    assert (product["dosageForm"], product["productStrength"]) == ("INJECTABLE; INJECTION", "150MG/ML")
    decided = [(fact.values["submissionClass"], fact.values["decidedOn"]) for fact in facts(mine, "SubmissionDecision")]
    assert decided == [
        ("TYPE 1", "2017-03-28"),
        ("EFFICACY", "2018-04-10"),
        ("EFFICACY", "2018-10-19"),
        ("EFFICACY", "2019-03-11"),
        ("EFFICACY", "2019-06-26"),
    ]


def test_the_first_creams_for_atopic_dermatitis_have_their_days(real: list[Item]) -> None:
    days = {
        fact.values["applicationNumber"]: fact.values.get("validFrom") for fact in facts(real, "ProductAuthorisation")
    }
    assert (days["NDA050777"], days["NDA021302"], days["NDA207695"]) == ("2000-12-08", "2001-12-13", "2016-12-14")


def test_the_schema_is_refused(source: Source, samples: Path) -> None:
    with pytest.raises(BadInputError, match="not a file of Drugs@FDA"):
        opened(source, samples / "drugsfda" / "drugsfda_schema.json")


@pytest.mark.parametrize("other", ["faers_ascii/faers_ascii_2017q2.zip", "ema/medicines_output_medicines_en.xlsx"])
def test_archives_of_other_sources_are_refused(source: Source, samples: Path, other: str) -> None:
    with pytest.raises(BadInputError, match="not a file of Drugs@FDA"):
        list(recognise(source, inputs.find([str(samples / other)])))
