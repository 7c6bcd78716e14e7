"""The EMA medicines table: authorisations, the indications in their text, and what ended or refused a medicine."""

from __future__ import annotations

import csv
import datetime
import json
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatkg.errors import BadInputError
from treatkg.loading import Recognised, Source, find, inputs, recognise, running
from treatkg.loading.items import Document, Fact, Item, Record, Section, Skip
from treatkg.loading.resolving import Resolver
from treatkg.loading.writing import Writer, natural

TKG = "https://w3id.org/treatkg/ontology#"
ID = "https://w3id.org/treatkg/id/"
DAY = datetime.date(2025, 10, 27)
COLUMNS = [
    "Category",
    "Name of medicine",
    "EMA product number",
    "Medicine status",
    "International non-proprietary name (INN) / common name",
    "Active substance",
    "Therapeutic area (MeSH)",
    "Species\n(veterinary)",
    "ATC code (human)",
    "Therapeutic indication",
    "Biosimilar",
    "Marketing authorisation developer / applicant / holder",
    "Withdrawal of application date",
    "Marketing authorisation date",
    "Refusal of marketing authorisation date",
    "Withdrawal / expiry / revocation / lapse of marketing authorisation date",
    "Suspension of marketing authorisation date",
    "Revision number",
    "Last updated date",
    "Medicine URL",
]
TEXT = (
    "Atopic dermatitisAdults and adolescentsZorabex is indicated for the treatment of moderate-to-severe atopic "
    "dermatitis in adults and adolescents 12 years and older.&nbsp;Children 6 months to 11 years of ageZorabex is "
    "indicated for the treatment of severe atopic dermatitis in children 6 months to 11 years old, weighing at least "
    "15 kg."
)
ROW: dict[str, object] = {
    "Category": "Human",
    "Name of medicine": "Zorabex (previously Zorab)",
    "EMA product number": "EMEA/H/C/009001",
    "Medicine status": "Authorised",
    "International non-proprietary name (INN) / common name": "zorabib",
    "Active substance": "Zorabib",
    "Therapeutic area (MeSH)": "Dermatitis, Atopic;Prurigo",
    "ATC code (human)": "D11AH99",
    "Therapeutic indication": TEXT,
    "Biosimilar": "Ne",
    "Marketing authorisation developer / applicant / holder": "Quexal Labs",
    "Marketing authorisation date": "26/09/2017",
    "Revision number": 42.0,
    "Last updated date": "30/04/2025",
    "Medicine URL": "https://www.ema.europa.eu/en/medicines/human/EPAR/zorabex",
}
PREAMBLE = ["Content type:", "Medicine", "Output automatically generated", "27/10/2025 - 06:13"]


@pytest.fixture(scope="module")
def source() -> Source:
    return find("ema-medicines")


@pytest.fixture(scope="module")
def resolver() -> Resolver:
    return running.known_terms()[0]


def table(path: Path, *rows: Mapping[str, object], preamble: bool = True) -> Path:
    """Write the table as it is downloaded, or as a copy whose header stands first."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    if preamble:
        sheet.append(PREAMBLE)
        for _ in range(7):
            sheet.append([])
    sheet.cell(row=9 if preamble else 1, column=1)
    for number, column in enumerate(COLUMNS, start=1):
        sheet.cell(row=9 if preamble else 1, column=number, value=column)
    for row in rows:
        sheet.append([row.get(column) for column in COLUMNS])
    book.save(path)
    return path


def opened(source: Source, path: Path) -> Recognised:
    (found,) = recognise(source, inputs.find([str(path)]))
    return found


def items(source: Source, path: Path) -> list[Item]:
    found = opened(source, path)
    transform = source.transform()
    return [item for record in found.reader().records(found.file) for item in transform(record)]


def of(source: Source, **changes: object) -> list[Item]:
    """Return what a row gives, some of its cells changed."""
    record = Record({**ROW, **changes}, "row 10", {"date": "2025-10-27"})
    return list(source.transform()(record))


def facts(found: Sequence[Item], kind: str) -> list[Fact]:
    return [item for item in found if isinstance(item, Fact) and item.type == kind]


def skips(found: Sequence[Item]) -> list[str]:
    return [item.reason for item in found if isinstance(item, Skip)]


def lines(source: Source, found: Sequence[Item], resolver: Resolver) -> str:
    writer = Writer(source, "2025-10-27", DAY, DAY, resolver)
    return "".join(line for block in writer.blocks(found, "row 10") for line in block.lines())


def population(fact: Fact) -> dict[str, Any]:
    (found,) = fact.values["population"]
    return {key: value for key, value in found.items() if key != "type"}


# --- layouts


def test_the_table_is_read_in_both_layouts_and_from_an_archive(source: Source, tmp_path: Path) -> None:
    downloaded = table(tmp_path / "a.xlsx", ROW)
    assert (opened(source, downloaded).version, opened(source, downloaded).date) == ("2025-10-27", DAY)
    again = table(tmp_path / "b.xlsx", ROW, preamble=False)
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as made:
        made.write(downloaded, "a.xlsx")
    first = items(source, downloaded)
    assert len(facts(first, "Indication")) == 2
    assert first == items(source, again) == items(source, tmp_path / "c.zip")


def test_real_dates_and_the_other_locale_say_the_same(source: Source, tmp_path: Path) -> None:
    row = {
        **ROW,
        "Biosimilar": "No",
        "Marketing authorisation date": datetime.datetime(2017, 9, 26, tzinfo=None),  # noqa: DTZ001 (as Excel has it)
        "Last updated date": datetime.date(2025, 4, 30),
        "Revision number": "42",
    }
    assert items(source, table(tmp_path / "a.xlsx", row)) == items(source, table(tmp_path / "b.xlsx", ROW))


def test_the_json_report_says_the_same(source: Source, tmp_path: Path) -> None:
    row = {
        "category": "Human",
        "name_of_medicine": "Zorabex (previously Zorab)",
        "ema_product_number": "EMEA/H/C/009001",
        "medicine_status": "Authorised",
        "international_non_proprietary_name_common_name": "zorabib",
        "active_substance": ["Zorabib"],
        "therapeutic_area_mesh": ["Dermatitis, Atopic", "Prurigo"],
        "atc_code_human": "D11AH99",
        "therapeutic_indication": TEXT,
        "biosimilar": "No",
        "marketing_authorisation_developer_applicant_holder": "Quexal Labs",
        "withdrawal_of_application_date": None,
        "marketing_authorisation_date": "26/09/2017",
        "revision_number": 42,
        "last_updated_date": "30/04/2025",
        "medicine_url": "https://www.ema.europa.eu/en/medicines/human/EPAR/zorabex",
    }
    path = tmp_path / "report.json"
    path.write_text(json.dumps({"meta": {"timestamp": "2025-10-27T06:13:00Z"}, "data": [row]}), encoding="utf-8-sig")
    assert opened(source, path).date == DAY
    expected = items(source, table(tmp_path / "a.xlsx", ROW))
    assert items(source, path) == expected
    path.write_text(json.dumps([row]), encoding="utf-8")
    assert items(source, path) == expected


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_copy_saved_as_csv_says_the_same(source: Source, tmp_path: Path, separator: str) -> None:
    path = tmp_path / "table.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, delimiter=separator)
        writer.writeheader()
        writer.writerow({**ROW, "Revision number": 42})
    assert items(source, path) == items(source, table(tmp_path / "a.xlsx", ROW))


# --- what a row becomes


def test_the_record_has_the_revision_and_the_verbatim_text(source: Source) -> None:
    document, section, *_ = of(source)
    assert isinstance(document, Document)
    assert (document.key, document.version, document.date) == ("EMEA/H/C/009001", "42-2025-04-30", "2025-04-30")
    assert isinstance(section, Section)
    assert section.text == TEXT


def test_the_row_before_the_first_revision_is_the_older(source: Source) -> None:
    first, later = (of(source, **{"Revision number": number})[0] for number in ("", 1))
    assert isinstance(first, Document)
    assert isinstance(later, Document)
    assert first.date == later.date
    assert natural(first.version) < natural(later.version)


def test_one_indication_for_each_disease_and_population(source: Source) -> None:
    found = of(source)
    older, younger = facts(found, "Indication")
    assert population(older) == {"minAgeMonths": 144, "severity": ["Moderate", "Severe"]}
    assert population(younger) == {"minAgeMonths": 6, "maxAgeMonths": 144, "severity": ["Severe"], "minWeightKg": 15}
    for fact in (older, younger):
        assert (fact.values["observedOn"], fact.values.get("validFrom")) == ("2025-04-30", None)
        assert (fact.values["jurisdiction"], fact.values["authority"]) == ("EU", "EuropeanCommission")
        assert list(fact.values["disease"].names) == ["atopic dermatitis", "Atopic Dermatitis", "Dermatitis, Atopic"]
        (passage,) = fact.passages
        assert TEXT[passage.start : passage.end] == passage.quote
        assert passage.quote.startswith("Zorabex is indicated")
    assert older.label == "EU: Zorabex (previously Zorab) for atopic dermatitis, moderate or severe, from 12 years"


def test_the_authorisation_has_the_validity(source: Source) -> None:
    (fact,) = facts(of(source), "ProductAuthorisation")
    assert fact.values["validFrom"] == fact.values["decidedOn"] == "2017-09-26"
    assert fact.values["holder"] == "Quexal Labs"
    assert fact.values["therapeuticArea"] == ["Dermatitis, Atopic", "Prurigo"]


@pytest.mark.parametrize(
    ("code", "ids"),
    [
        ("D11AH99", ["atc:D11AH99"]),
        ("D11", []),
        ("Not yet assigned", []),
        ("A10AB04;A10AD04", []),
        ("L01XE3", []),
        ("", []),
    ],
)
def test_only_one_complete_code_identifies_a_treatment(source: Source, code: str, ids: list[str]) -> None:
    (fact,) = facts(of(source, **{"ATC code (human)": code}), "ProductAuthorisation")
    assert list(fact.values["treatment"].ids) == ids
    assert fact.values["atcCode"] == [part for part in code.split(";") if part]


@pytest.mark.parametrize(
    ("status", "column", "event"),
    [
        ("Withdrawn", COLUMNS[15], "AuthorisationWithdrawn"),
        ("Revoked", COLUMNS[15], "AuthorisationWithdrawn"),
        ("Expired", COLUMNS[15], "MarketingEnded"),
        ("LAPSED", COLUMNS[15], "MarketingEnded"),
        ("Suspended", COLUMNS[16], "AuthorisationSuspended"),
        ("Refused", COLUMNS[14], "ApplicationRefused"),
        ("Application withdrawn", COLUMNS[12], "ApplicationWithdrawn"),
        ("Withdrawn from rolling review", COLUMNS[12], "ApplicationWithdrawn"),
    ],
)
def test_what_is_not_in_force_is_an_event_and_no_indication(
    source: Source, resolver: Resolver, status: str, column: str, event: str
) -> None:
    found = of(source, **{"Medicine status": status, column: "01/02/2020"})
    assert not facts(found, "Indication")
    (fact,) = facts(found, "RegulatoryEvent")
    assert (fact.values["eventType"], fact.values["eventDate"]) == (event, "2020-02-01")
    in_force = [
        fact.values.get("validUntil") for fact in facts(found, "ProductAuthorisation") if "validFrom" in fact.values
    ]
    assert in_force == (["2020-02-01"] if column == COLUMNS[15] else [])
    assert f"<{TKG}{event}>" in lines(source, found, resolver)


@pytest.mark.parametrize("status", ["Withdrawn", "Suspended", "Refused", "Application withdrawn"])
def test_an_event_without_its_day_is_none(source: Source, status: str) -> None:
    found = of(source, **{"Medicine status": status})
    assert not facts(found, "RegulatoryEvent")
    assert any(reason.endswith("without the day") for reason in skips(found))
    for fact in facts(found, "ProductAuthorisation"):
        assert "validFrom" not in fact.values
        assert (fact.values["observedOn"], fact.values["authorisationStatus"]) == ("2025-04-30", status)


def test_a_date_of_refusal_beside_another_status_is_no_refusal(source: Source) -> None:
    found = of(source, **{"Refusal of marketing authorisation date": "26/04/2013"})
    assert not facts(found, "RegulatoryEvent")
    assert "a date that does not belong to the status" in skips(found)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"Category": "Veterinary"}, "a veterinary medicine"),
        ({"Category": ""}, "neither human nor veterinary"),
        ({"EMA product number": ""}, "a medicine without product number or name"),
        ({"Medicine status": "Opinion"}, "an opinion, no decision yet"),
        ({"Medicine status": "Pondered"}, 'the status "Pondered", which is not known'),
        ({"Therapeutic indication": "For diagnostic use only."}, "no treated disease that the rules can tell"),
    ],
)
def test_what_gives_no_indication_has_a_reason(source: Source, changes: dict[str, object], reason: str) -> None:
    found = of(source, **changes)
    assert reason in skips(found)
    assert not facts(found, "Indication")


def test_terms_of_the_graph_are_found_and_a_brand_is_its_formulation(source: Source, resolver: Resolver) -> None:
    changes = {
        "Name of medicine": "Protopic",
        "International non-proprietary name (INN) / common name": "tacrolimus",
        "Active substance": "tacrolimus",
        "ATC code (human)": "D11AH01",
    }
    text = lines(source, of(source, **changes), resolver)
    assert f"<{TKG}treatment> <{ID}tacrolimus-ointment> ." in text
    assert f"<{TKG}treatment> <{ID}tacrolimus> ." not in text
    assert f"<{TKG}disease> <http://purl.obolibrary.org/obo/MONDO_0004980> ." in text
    assert "UnmappedTerm" not in text


# --- files that are not read


def test_an_encrypted_or_old_workbook_is_refused(source: Source, tmp_path: Path) -> None:
    path = tmp_path / "medicines.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1000)
    with pytest.raises(BadInputError, match=r"save it as \.xlsx without a password"):
        opened(source, path)


def test_another_workbook_is_refused_with_what_it_lacks(source: Source, tmp_path: Path) -> None:
    path = tmp_path / "other.xlsx"
    book = openpyxl.Workbook()
    book.save(path)
    with pytest.raises(BadInputError, match=r"other\.xlsx: not a file of EMA.*\(no row with the columns Category"):
        opened(source, path)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"PK\x03\x04 cut", b'{"data": [{"name_of_medicine": "x"}]}', b"a,b\n1,2\n", b"\xff" * 50, b"[" * 999],
)
def test_other_and_broken_files_are_refused_with_their_name(source: Source, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(BadInputError, match=str(path)):
        items(source, path)


def test_the_report_of_shortages_is_refused(source: Source, tmp_path: Path) -> None:
    path = tmp_path / "shortages.json"
    path.write_text(json.dumps({"data": [{"medicine_affected": "Zorabex"}]}), encoding="utf-8")
    with pytest.raises(BadInputError, match="report of shortages"):
        opened(source, path)


# --- any row

PIECES = [
    TEXT,
    "Treatment of ",
    "psoriasis",
    " in adults",
    "&nbsp;",
    "\n",
    ".",
    "is indicated",
    "Zorabex",
    "(",
    ";",
    "\u00a0",
]
cells: dict[str, st.SearchStrategy[object]] = {
    "Category": st.sampled_from(["Human", "Human", "Veterinary", "", None]),
    "Medicine status": st.sampled_from(["Authorised", "Withdrawn", "Refused", "Suspended", "Opinion", "?", None]),
    "Therapeutic indication": st.lists(st.sampled_from(PIECES), max_size=6).map("".join),
    "Therapeutic area (MeSH)": st.sampled_from(["Psoriasis", "Dermatitis, Atopic; ;", "", None]),
    "Marketing authorisation date": st.sampled_from(["26/09/2017", "2017-09-26", "31/02/2017", "2017", "", None]),
    COLUMNS[15]: st.sampled_from(["01/02/2020", "01/02/2010", "", None]),
    "Revision number": st.sampled_from([1, "2", 3.0, "", None]),
    "Medicine URL": st.sampled_from(["https://www.ema.europa.eu/x", "no address", "https://a b", None]),
}


@given(st.fixed_dictionaries({}, optional=cells))
@settings(max_examples=80, deadline=None)
def test_any_row_gives_triples_or_a_reason(source: Source, changes: dict[str, object]) -> None:
    found = of(source, **changes)
    assert found
    assert lines(source, found, Resolver()) == lines(source, of(source, **dict(reversed(changes.items()))), Resolver())
    text = next((item.text for item in found if isinstance(item, Section)), "")
    names = [item.name for item in found if isinstance(item, Fact)]
    assert len(names) == len(set(names))
    for fact in facts(found, "Indication"):
        assert changes.get("Medicine status", "Authorised") == "Authorised"
        assert all(text[passage.start : passage.end] == passage.quote for passage in fact.passages)


# --- the real table


@pytest.fixture(scope="module")
def real(source: Source) -> list[Item]:
    path = Path(__file__).parents[3] / "shared" / "samples" / "ema" / "medicines_output_medicines_en.xlsx"
    if not path.is_file():
        pytest.skip("the real files of the sources are not beside this checkout")
    return items(source, path)


def of_product(real: Sequence[Item], name: str, kind: str) -> list[Fact]:
    return [fact for fact in facts(real, kind) if fact.values["product"] == name]


def in_short(fact: Fact) -> tuple[str, int | None, int | None, str, int | None]:
    """Return disease, ages in months, severity and weight of an indication."""
    one = fact.values["population"][0] if fact.values["population"] else {}
    severity = "-".join(one.get("severity", ()))
    return (
        fact.values["disease"].names[0],
        one.get("minAgeMonths"),
        one.get("maxAgeMonths"),
        severity,
        int(one["minWeightKg"]) if "minWeightKg" in one else None,
    )


AD, BOTH = "atopic dermatitis", "Moderate-Severe"
GOLDEN: dict[str, list[tuple[str, int | None, int | None, str, int | None]]] = {
    "Adtralza": [(AD, 144, None, BOTH, None)],
    "Cibinqo": [(AD, 144, None, BOTH, None)],
    "Dupixent": [
        (AD, 144, None, BOTH, None),
        (AD, 6, 144, "Severe", None),
        ("asthma", 144, None, "Severe", None),
        ("asthma", 72, 144, "Severe", None),
        ("Chronic rhinosinusitis with nasal polyposis", 216, None, "Severe", None),
        ("prurigo nodularis", 216, None, BOTH, None),
        ("eosinophilic esophagitis", 12, None, "", 15),
        ("uncontrolled chronic obstructive pulmonary disease", 216, None, "", None),
    ],
    "Ebglyss": [(AD, 144, None, BOTH, 40)],
    "Nemluvio": [(AD, 144, None, BOTH, None), ("prurigo nodularis", 216, None, BOTH, None)],
    "Olumiant": [
        ("rheumatoid arthritis", 216, None, BOTH, None),
        (AD, 24, None, BOTH, None),
        ("alopecia areata", 216, None, "Severe", None),
        ("juvenile idiopathic arthritis", 24, None, "", None),
    ],
    # The maintenance treatment names no age.
    "Protopic": [(AD, 192, None, BOTH, None), (AD, 24, None, BOTH, None), (AD, None, None, BOTH, None)],
    "Rinvoq": [
        ("rheumatoid arthritis", 216, None, BOTH, None),
        ("psoriatic arthritis", 216, None, "", None),
        ("non-radiographic axial spondyloarthritis", 216, None, "", None),
        ("ankylosing spondylitis", 216, None, "", None),
        ("giant cell arteritis", 216, None, "", None),
        (AD, 144, None, BOTH, None),
        ("ulcerative colitis", 216, None, BOTH, None),
        ("Crohn's disease", 216, None, BOTH, None),
    ],
    # The cell ends after the disease, before it says that adults are meant.
    "Anzupgo": [("chronic hand eczema", None, None, BOTH, None)],
    "Protopy": [],
    "Staquis": [],
}


@pytest.mark.parametrize("name", list(GOLDEN))
def test_the_indications_of_products_for_atopic_dermatitis(real: list[Item], name: str) -> None:
    assert list(map(in_short, of_product(real, name, "Indication"))) == GOLDEN[name]


def test_no_other_product_is_for_atopic_dermatitis(real: list[Item]) -> None:
    found = {fact.values["product"] for fact in facts(real, "Indication") if AD in fact.values["disease"].names}
    assert found == {name for name, rows in GOLDEN.items() if any(row[0] == AD for row in rows)}


def test_protopy_ended_on_its_day_and_staquis_without_one(real: list[Item]) -> None:
    (protopy,) = of_product(real, "Protopy", "ProductAuthorisation")
    assert (protopy.values["validFrom"], protopy.values["validUntil"]) == ("2002-02-28", "2008-08-22")
    (event,) = of_product(real, "Protopy", "RegulatoryEvent")
    assert (event.values["eventType"], event.values["eventDate"]) == ("AuthorisationWithdrawn", "2008-08-22")
    (staquis,) = of_product(real, "Staquis", "ProductAuthorisation")
    assert (staquis.values["decidedOn"], staquis.values["observedOn"]) == ("2020-03-27", "2022-02-08")
    assert "validFrom" not in staquis.values
    assert not of_product(real, "Staquis", "RegulatoryEvent")


def test_xtandi_was_never_refused(real: list[Item]) -> None:
    assert not of_product(real, "Xtandi", "RegulatoryEvent")


def test_the_real_table_gives_these_numbers(real: list[Item]) -> None:
    assert Counter(item.type for item in real if isinstance(item, Fact)) == {
        "Indication": 1728,
        "ProductAuthorisation": 1896,
        "RegulatoryEvent": 609,
    }
    assert sum(isinstance(item, Document) for item in real) == 2251
    assert Counter(skips(real)) == {
        "a veterinary medicine": 372,
        "an opinion, no decision yet": 38,
        "no treated disease that the rules can tell": 611,
        "a date that does not belong to the status": 24,
        "authorisation withdrawn, without the day": 86,
        "authorisation suspended, without the day": 1,
        "authorisation ended, without the day": 2,
        "application refused, without the day": 2,
        "application withdrawn, without the day": 1,
    }


def test_every_quote_of_the_real_table_stands_in_its_section(real: list[Item]) -> None:
    text = ""
    for item in real:
        if isinstance(item, Section):
            text = item.text
        elif isinstance(item, Fact) and item.type == "Indication":
            assert all(text[passage.start : passage.end] == passage.quote for passage in item.passages)
