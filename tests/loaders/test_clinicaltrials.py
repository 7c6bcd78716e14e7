"""ClinicalTrials.gov: the same study in every form, ages, arms, counts and outcomes, and what is no treatment fact."""

from __future__ import annotations

import csv
import datetime
import io
import json
import zipfile
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatkg.errors import BadInputError
from treatkg.loading import Recognised, Source, find, inputs, recognise, running
from treatkg.loading.items import Document, Fact, Item, Mention, Own, Record, Section, Skip, Thing
from treatkg.loading.resolving import Resolver
from treatkg.loading.writing import Block, Writer

NCT = "NCT09999901"
TRIAL = f"<https://clinicaltrials.gov/study/{NCT}>"
TKG = "https://w3id.org/treatkg/ontology#"
RECORD = f"https://w3id.org/treatkg/load/clinicaltrials/record/{NCT}/2026-02-03"
INTEGER = "<http://www.w3.org/2001/XMLSchema#integer>"


def study(**modules: Mapping[str, Any]) -> dict[str, Any]:
    """Return a study; a module replaces that of the same name."""
    protocol: dict[str, Any] = {
        "identificationModule": {
            "nctId": NCT,
            "nctIdAliases": ["NCT09999900"],
            "briefTitle": "Dupilumab and Zorvimab in Eczema",
            "officialTitle": "A Phase 2/3 Study of Dupilumab and Zorvimab",
            "acronym": "ZORRO",
        },
        "statusModule": {
            "overallStatus": "COMPLETED",
            "lastUpdatePostDateStruct": {"date": "2026-02-03", "type": "ACTUAL"},
        },
        "sponsorCollaboratorsModule": {"leadSponsor": {"name": "Nowhere Pharma"}, "collaborators": [{"name": "Other"}]},
        "conditionsModule": {"conditions": ["Atopic Dermatitis", "Zorvian Itch"]},
        "designModule": {
            "studyType": "INTERVENTIONAL",
            "phases": ["PHASE2", "PHASE3"],
            "enrollmentInfo": {"count": 120, "type": "ACTUAL"},
        },
        "armsInterventionsModule": {
            "armGroups": [
                {
                    "label": "Active",
                    "type": "EXPERIMENTAL",
                    "interventionNames": ["Drug: Dupilumab 300 mg", "Other: Diary"],
                },
                {
                    "label": "New",
                    "type": "EXPERIMENTAL",
                    "interventionNames": ["Biological: Zorvimab", "Drug: Placebo"],
                },
                {
                    "label": "None",
                    "type": "PLACEBO_COMPARATOR",
                    "interventionNames": ["Drug: Placebo", "Drug: Dupilumab 300 mg"],
                },
            ],
            "interventions": [
                {"type": "DRUG", "name": "Dupilumab 300 mg", "armGroupLabels": ["Active", "None"]},
                {"type": "BIOLOGICAL", "name": "Zorvimab", "otherNames": ["ZRV-1"], "armGroupLabels": ["New"]},
                {"type": "DRUG", "name": "Placebo", "armGroupLabels": ["New", "None"]},
                {"type": "OTHER", "name": "Diary", "armGroupLabels": ["Active"]},
            ],
        },
        "eligibilityModule": {
            "eligibilityCriteria": "Inclusion Criteria:\n\n* EASI \\>= 16 \\[moderate\\]",
            "sex": "FEMALE",
            "minimumAge": "6 Months",
            "maximumAge": "17 Years",
        },
    }
    groups = [{"id": "EG000", "title": "Active"}, {"id": "EG001", "title": "None"}]
    stats = [
        {"groupId": "EG000", "numAffected": 3, "numAtRisk": 60},
        {"groupId": "EG001", "numAffected": 0, "numAtRisk": 60},
    ]
    results = {
        "adverseEventsModule": {
            "timeFrame": "16 weeks",
            "eventGroups": groups,
            "seriousEvents": [{"term": "Sepsis", "organSystem": "Infections and infestations", "stats": stats[:1]}],
            "otherEvents": [{"term": "Conjunctivitis", "sourceVocabulary": "MedDRA (27.1)", "stats": stats}],
        },
        "outcomeMeasuresModule": {"outcomeMeasures": [outcome([("OG000", "-1,234.50"), ("OG001", "NA")])]},
    }
    derived = {
        "conditionBrowseModule": {"meshes": [{"id": "D003876", "term": "Dermatitis, Atopic"}]},
        "miscInfoModule": {"versionHolder": "2026-03-06"},
    }
    return {
        "protocolSection": protocol | modules,
        "resultsSection": results,
        "derivedSection": derived,
        "hasResults": True,
    }


def arm(label: str, kind: str, *interventions: str) -> dict[str, Any]:
    return {"label": label, "type": kind, "interventionNames": list(interventions)}


def outcome(values: list[tuple[str, str]], **more: object) -> dict[str, Any]:
    measurements = [
        {"groupId": group, "value": value, "spread": "2.5", "lowerLimit": "-5", "upperLimit": "NA"}
        for group, value in values
    ]
    return {
        "type": "PRIMARY",
        "title": "Change of EASI",
        "timeFrame": "Week 16",
        "paramType": "MEAN",
        "dispersionType": "Standard Deviation",
        "unitOfMeasure": "points",
        "groups": [{"id": "OG000", "title": "Active"}, {"id": "OG001", "title": "None"}],
        "denoms": [{"units": "Participants", "counts": [{"groupId": "OG000", "value": "59"}]}],
        "classes": [{"title": "Week 16", "categories": [{"measurements": measurements}]}],
        **more,
    }


@pytest.fixture(scope="module")
def source() -> Source:
    return find("clinicaltrials")


@pytest.fixture(scope="module")
def resolver() -> Resolver:
    return running.known_terms()[0]


def items_of(source: Source, data: object) -> list[Item]:
    return list(source.transform()(Record(data, "here")))


def trial_of(source: Source, data: object) -> Thing:
    [trial] = [item for item in items_of(source, data) if isinstance(item, Thing) and item.types == ["Trial"]]
    return trial


def skips(source: Source, data: object) -> Counter[str]:
    return Counter(item.reason for item in items_of(source, data) if isinstance(item, Skip))


def stored(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def load(source: Source, resolver: Resolver, path: Path) -> tuple[list[Recognised], list[Block], Counter[str]]:
    formats: list[Recognised] = []
    blocks: list[Block] = []
    skipped = Counter[str]()
    for got in recognise(source, inputs.find([str(path)])):
        writer = Writer(source, got.version, got.date, got.file.retrieved, resolver)
        formats.append(got)
        for record in got.reader().records(got.file):
            blocks += writer.blocks(source.transform()(record), record.where)
        skipped += writer.skips
    return formats, blocks, skipped


# --- forms


def test_every_form_of_a_study_gives_the_same(source: Source, resolver: Resolver, tmp_path: Path) -> None:
    one, other = study(), study(identificationModule={"nctId": "NCT09999902", "briefTitle": "Another"})
    page = {"totalCount": 2, "nextPageToken": "abc", "studies": [other, one]}
    with zipfile.ZipFile(tmp_path / "bulk.zip", "w") as made:
        for entry in (one, other):
            made.writestr(f"{entry['protocolSection']['identificationModule']['nctId']}.json", json.dumps(entry))
    files = {
        "study": stored(tmp_path / "study.json", "\ufeff" + json.dumps(one, indent=2)),
        "page": stored(tmp_path / "page.json", page),
        "array": stored(tmp_path / "array.json", [other, one]),
        "zip": tmp_path / "bulk.zip",
    }
    lines = {}
    for form, file in files.items():
        got, blocks, _ = load(source, resolver, file)
        assert {entry.format.name for entry in got} == {"study" if form == "zip" else form}
        assert {entry.version for entry in got} == {"2026-03-06"}
        lines[form] = next(block.lines() for block in blocks if block.key == NCT)
    assert lines["study"] == lines["page"] == lines["array"] == lines["zip"]
    assert len(lines["study"]) > 100


def test_the_last_page_and_a_page_without_a_study_are_pages(source: Source, resolver: Resolver, tmp_path: Path) -> None:
    [last], blocks, _ = load(source, resolver, stored(tmp_path / "a.json", {"studies": [study()]}))
    assert (last.format.name, len(blocks)) == ("page", 1)
    [empty], blocks, _ = load(source, resolver, stored(tmp_path / "b.json", {"totalCount": 0, "studies": []}))
    assert (empty.format.name, len(blocks)) == ("empty-page", 0)


NEW = {
    "NCT Number": NCT,
    "Study Title": "Dupilumab and Zorvimab in Eczema",
    "Acronym": "ZORRO",
    "Study Status": "COMPLETED",
    "Conditions": "Atopic Dermatitis|Zorvian Itch",
    "Interventions": "DRUG: Dupilumab 300 mg|BIOLOGICAL: Zorvimab|DRUG: Placebo|OTHER: Diary",
    "Sponsor": "Nowhere Pharma",
    "Sex": "FEMALE",
    "Age": "CHILD, ADULT",
    "Phases": "PHASE2|PHASE3",
    "Enrollment": "120",
    "Study Type": "INTERVENTIONAL",
    "Last Update Posted": "2026-02-03",
}
OLD = {
    "Rank": "1",
    "NCT Number": NCT,
    "Title": "Dupilumab and Zorvimab in Eczema",
    "Acronym": "ZORRO",
    "Status": "Completed",
    "Conditions": "Atopic Dermatitis|Zorvian Itch",
    "Interventions": "Drug: Dupilumab 300 mg|Biological: Zorvimab|Drug: Placebo|Other: Diary",
    "Sponsor/Collaborators": "Nowhere Pharma|Other",
    "Gender": "Female",
    "Age": "6 Months to 17 Years   (Child)",
    "Phases": "Phase 2|Phase 3",
    "Enrollment": "120",
    "Study Type": "Interventional",
    "Last Update Posted": "February 3, 2026",
}


def table(row: Mapping[str, str], separator: str = ",") -> str:
    target = io.StringIO()
    writer = csv.DictWriter(target, list(row), delimiter=separator, lineterminator="\r\n")
    writer.writeheader()
    writer.writerow(row)
    return target.getvalue()


@pytest.mark.parametrize("separator", [",", "\t"])
@pytest.mark.parametrize("row", [NEW, OLD], ids=["2026", "2022"])
def test_a_row_says_what_the_study_says_as_far_as_its_columns_go(
    source: Source, resolver: Resolver, tmp_path: Path, row: dict[str, str], separator: str
) -> None:
    file = stored(tmp_path / "ctg-studies.csv", "\ufeff" + table(row, separator))
    [got], [block], skipped = load(source, resolver, file)
    assert got.format.name == {",": "csv", "\t": "tsv"}[separator]
    assert (block.key, block.version, skipped) == (NCT, "2026-02-03", Counter())
    whole = trial_of(source, study()).values
    of_row = trial_of(source, row).values
    for key in ("label", "title", "studyType", "trialPhase", "enrollment", "sponsor", "studyStatus"):
        assert of_row[key] == whole[key], key
    assert [mention.names for mention in of_row["studyCondition"]] == [["Atopic Dermatitis"], ["Zorvian Itch"]]
    assert [mention.names[0] for mention in of_row["studyIntervention"]] == ["Dupilumab 300 mg", "Zorvimab"]
    [population] = [item for item in items_of(source, row) if isinstance(item, Thing) and "Population" in item.types]
    ages = (population.values["minAgeMonths"], population.values["maxAgeMonths"], population.values["sex"])
    assert ages == ((6, 216, "Female") if row is OLD else (None, None, "Female"))


def test_quotes_in_the_former_tab_separated_download_are_text(
    source: Source, resolver: Resolver, tmp_path: Path
) -> None:
    row = {**OLD, "Study Documents": '"Study Protocol", https://classic.example/Prot_000.pdf'}
    text = "\n".join("\t".join(line) for line in (row.keys(), row.values(), row.values()))
    _, blocks, _ = load(source, resolver, stored(tmp_path / "SearchResults.tsv", text))
    assert [block.key for block in blocks] == [NCT, NCT]


def test_a_row_with_the_number_alone_is_a_trial(source: Source) -> None:
    document, trial = items_of(source, {"NCT Number": NCT.lower(), "Zip": "x"})
    assert isinstance(document, Document)
    assert (document.key, document.title, document.version) == (NCT, NCT, "")
    assert isinstance(trial, Thing)
    given_keys = {key for key, value in trial.values.items() if value not in (None, "", [])}
    assert given_keys == {"label", "title"}


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("18 Years and older   (Adult, Older Adult)", (216, None)),
        ("up to 17 Years   (Child)", (None, 216)),
        ("Up to 2 Years", (None, 36)),
        ("3 Years to 99 Years   (Child, Adult, Older Adult)", (36, 1200)),
        ("Child, Adult, Older Adult", None),
        ("CHILD, ADULT, OLDER_ADULT", None),
        ("", None),
    ],
)
def test_ages_of_a_row(source: Source, text: str, limits: tuple[int | None, int | None] | None) -> None:
    found = [item for item in items_of(source, {"NCT Number": NCT, "Age": text}) if isinstance(item, Thing)][1:]
    assert [(item.values["minAgeMonths"], item.values["maxAgeMonths"]) for item in found] == (
        [limits] if limits else []
    )


def test_a_bar_within_a_name_splits_nothing(source: Source) -> None:
    row = {"NCT Number": NCT, "Interventions": "DRUG: Zorvimab|low dose|Dietary Supplement: Oil|BIOLOGICAL: Dupilumab"}
    named = trial_of(source, row).values["studyIntervention"]
    assert [mention.names[0] for mention in named] == ["Zorvimab|low dose", "Dupilumab"]


@pytest.mark.parametrize(
    ("written", "version", "precision"),
    [("April 3, 2020", "2020-04-03", ""), ("April 2020", "2020-04", "Month"), ("2020-04-03", "2020-04-03", "")],
)
def test_dates_of_a_row(source: Source, written: str, version: str, precision: str) -> None:
    document = items_of(source, {"NCT Number": NCT, "Last Update Posted": written})[0]
    assert isinstance(document, Document)
    assert (document.version, document.precision) == (version, precision)


def test_without_the_day_of_its_update_the_version_is_that_of_the_data(source: Source) -> None:
    document = items_of(source, study(statusModule={}))[0]
    assert isinstance(document, Document)
    assert (document.version, document.date) == ("2026-03-06", "2026-03-06")


# --- the trial


def test_what_is_said_of_a_trial(source: Source, resolver: Resolver, tmp_path: Path) -> None:
    _, [block], skipped = load(source, resolver, stored(tmp_path / "study.json", study()))
    lines = "".join(block.lines())
    for line in (
        f'{TRIAL} <{TKG}enrollment> "120"^^{INTEGER} .',
        f"{TRIAL} <{TKG}trialPhase> <{TKG}Phase2> .",
        f"{TRIAL} <{TKG}trialPhase> <{TKG}Phase3> .",
        f'{TRIAL} <{TKG}sponsor> "Nowhere Pharma" .',
        f'{TRIAL} <{TKG}studyStatus> "COMPLETED" .',
        f'{TRIAL} <{TKG}formerIdentifier> "nct:NCT09999900" .',
        f"{TRIAL} <{TKG}studyCondition> <http://purl.obolibrary.org/obo/MONDO_0004980> .",
        f"{TRIAL} <{TKG}studyIntervention> <https://w3id.org/treatkg/id/dupilumab> .",
        f"{TRIAL} <{TKG}population> <{RECORD}/population> .",
        f'<{RECORD}/population> <{TKG}minAgeMonths> "6"^^{INTEGER} .',
        f'<{RECORD}/population> <{TKG}maxAgeMonths> "216"^^{INTEGER} .',
        f"<{RECORD}/population> <{TKG}sex> <{TKG}Female> .",
        f"{TRIAL} <{TKG}hasArm> <{RECORD}/arm-1> .",
        f"<{RECORD}/arm-1> <{TKG}armTreatment> <https://w3id.org/treatkg/id/dupilumab> .",
        f"<{RECORD}> <https://schema.org/url> {TRIAL} .",
        f"<{RECORD}> <{TKG}sourceType> <{TKG}RegistryRecord> .",
    ):
        assert line in lines
    assert block.facts == {
        "Trial": 1, "TrialArm": 3, "Population": 1, "TrialEventCount": 3, "OutcomeValue": 1,
    }  # fmt: skip
    assert skipped == {"outcome value that is no number": 1}
    assert set(block.unmapped) == {("Disease", "Zorvian Itch"), ("Treatment", "Zorvimab")}


def test_nothing_is_an_indication_a_reaction_or_a_mechanism(source: Source, resolver: Resolver, tmp_path: Path) -> None:
    _, [block], _ = load(source, resolver, stored(tmp_path / "study.json", study()))
    types = {line.split()[2] for line in block.lines() if "22-rdf-syntax-ns#type>" in line}
    known = ("SourceRecord", "TextSection", "Trial", "TrialArm", "Population", "TrialEventCount", "OutcomeValue",
             "Evidence", "UnmappedTerm", "Disease", "Substance")  # fmt: skip
    assert types == {f"<{TKG}{name}>" for name in known}
    assert set(source.gives) == {"Trial", "TrialArm", "TrialEventCount", "OutcomeValue"}


@pytest.mark.parametrize(
    ("count", "status", "expected"),
    [
        ({"count": 5, "type": "ACTUAL"}, "RECRUITING", {"enrollment": 5}),
        ({"count": 5, "type": "ESTIMATED"}, "COMPLETED", {"plannedEnrollment": 5}),
        ({"count": "5"}, "COMPLETED", {"enrollment": 5}),
        ({"count": 5}, "RECRUITING", {"plannedEnrollment": 5}),
        ({"count": 0, "type": "ACTUAL"}, "WITHDRAWN", {"enrollment": 0}),
        ({"count": None, "type": "ACTUAL"}, "COMPLETED", {}),
        ({"count": -3, "type": "ACTUAL"}, "COMPLETED", {}),
        ({"count": True, "type": "ACTUAL"}, "COMPLETED", {}),
    ],
)
def test_an_estimate_is_no_enrolment(source: Source, count: object, status: str, expected: dict[str, int]) -> None:
    data = study(designModule={"enrollmentInfo": count}, statusModule={"overallStatus": status})
    values = trial_of(source, data).values
    found = {key: values.get(key) for key in ("enrollment", "plannedEnrollment")}
    assert {key: value for key, value in found.items() if value is not None} == expected


@pytest.mark.parametrize(
    ("phases", "expected"),
    [
        (["EARLY_PHASE1"], ["EarlyPhase1"]),
        (["PHASE1", "PHASE2"], ["Phase1", "Phase2"]),
        (["PHASE4"], ["Phase4"]),
        (["NA"], ["NoPhase"]),
        ("PHASE3", ["Phase3"]),
        (None, []),
        ([], []),
    ],
)
def test_phases(source: Source, phases: object, expected: list[str]) -> None:
    assert trial_of(source, study(designModule={"phases": phases})).values["trialPhase"] == expected


def test_an_unknown_phase_is_told(source: Source) -> None:
    data = study(designModule={"phases": ["PHASE9", "PHASE1"]})
    assert trial_of(source, data).values["trialPhase"] == ["Phase1"]
    assert skips(source, data)["phase that is not known"] == 1


def test_a_condition_gets_the_mesh_id_of_its_own_words_alone(source: Source) -> None:
    data = study(conditionsModule={"conditions": ["Eczema", "atopic dermatitis", "Atopic Dermatitis", "Eczema", " "]})
    data["derivedSection"]["conditionBrowseModule"]["meshes"].append({"id": "D004485", "term": "Eczema, Dyshidrotic"})
    mentions = trial_of(source, data).values["studyCondition"]
    assert [(mention.names, tuple(mention.ids)) for mention in mentions] == [
        (["Eczema"], ()),
        (["atopic dermatitis"], ("mesh:D003876",)),
        (["Atopic Dermatitis"], ("mesh:D003876",)),
    ]


# --- arms


def arms_of(source: Source, data: object) -> dict[str, list[str]]:
    arms = [item for item in items_of(source, data) if isinstance(item, Thing) and item.types == ["TrialArm"]]
    assert trial_of(source, data).values["hasArm"] == [Own(arm.id) for arm in arms]
    return {arm.values["label"]: [mention.names[0] for mention in arm.values["armTreatment"]] for arm in arms}


def test_a_placebo_and_its_arm_give_no_treatment(source: Source) -> None:
    assert arms_of(source, study()) == {"Active": ["Dupilumab 300 mg"], "New": ["Zorvimab"], "None": []}


@pytest.mark.parametrize(
    ("name", "is_treatment"),
    [
        ("Dupilumab placebo", False),
        ("Placebos", False),
        ("PLACEBO-matching Zorvimab", False),
        ("Vehicle cream", False),
        ("Sham injection", False),
        ("Double-dummy tablet", False),
        ("Zorvimab", True),
        ("Placebonil", True),
    ],
)
def test_what_is_only_compared_with(source: Source, name: str, is_treatment: bool) -> None:
    module = {
        "armGroups": [{"label": "A", "type": "EXPERIMENTAL", "interventionNames": [f"Drug: {name}"]}],
        "interventions": [{"type": "DRUG", "name": name}],
    }
    data = study(armsInterventionsModule=module)
    assert arms_of(source, data) == {"A": [name] if is_treatment else []}
    assert bool(trial_of(source, data).values["studyIntervention"]) is is_treatment


@pytest.mark.parametrize("kind", ["PLACEBO_COMPARATOR", "SHAM_COMPARATOR", "NO_INTERVENTION"])
def test_arms_that_are_compared_with_give_no_treatment(source: Source, kind: str) -> None:
    module = {
        "armGroups": [{"label": "A", "type": kind, "interventionNames": ["Drug: Dupilumab"]}],
        "interventions": [{"type": "DRUG", "name": "Dupilumab"}],
    }
    assert arms_of(source, study(armsInterventionsModule=module)) == {"A": []}


def test_the_groups_of_an_observational_study_are_assigned_nothing(source: Source) -> None:
    module = {
        "armGroups": [{"label": "Users", "interventionNames": ["Drug: Dupilumab"]}],
        "interventions": [{"type": "DRUG", "name": "Dupilumab", "armGroupLabels": ["Users"]}],
    }
    data = study(armsInterventionsModule=module, designModule={"studyType": "OBSERVATIONAL"})
    assert arms_of(source, data) == {"Users": []}
    assert trial_of(source, data).values["trialPhase"] == []


def test_expanded_access_is_no_trial(source: Source) -> None:
    data = study(designModule={"studyType": "EXPANDED_ACCESS"})
    assert items_of(source, data) == [Skip("expanded access, which is no trial", "here")]


def test_an_intervention_without_a_type_is_left_out_and_told(source: Source) -> None:
    data = study(armsInterventionsModule={"interventions": [{"name": "Dupilumab"}, {"name": "Saline"}]})
    assert trial_of(source, data).values["studyIntervention"] == []
    assert skips(source, data)["intervention without a type"] == 2


@pytest.mark.parametrize(
    ("intervention", "names"),
    [
        ({"name": "REGN668", "otherNames": ["Dupilumab", "Dupixent", "REGN668"]}, ["REGN668", "Dupilumab", "Dupixent"]),
        ({"name": "Tacrolimus 0.1% ointment"}, ["Tacrolimus 0.1% ointment", "Tacrolimus ointment"]),
        ({"name": "Dupilumab 300 mg/2 mL"}, ["Dupilumab 300 mg/2 mL", "Dupilumab"]),
        ({"name": "Abrocitinib 100mg"}, ["Abrocitinib 100mg", "Abrocitinib"]),
        ({"name": "Standard therapy", "otherNames": ["methotrexate"]}, ["Standard therapy"]),
        ({"name": "Topical corticosteroids", "otherNames": ["desonide"]}, ["Topical corticosteroids"]),
        ({"name": "Zorvimab", "otherNames": ["Zorvimab or placebo", ""]}, ["Zorvimab"]),
        ({"name": "IL-4 mgX"}, ["IL-4 mgX"]),
    ],
)
def test_names_of_a_treatment(source: Source, intervention: dict[str, Any], names: list[str]) -> None:
    data = study(armsInterventionsModule={"interventions": [{"type": "BIOLOGICAL", **intervention}]})
    [mention] = trial_of(source, data).values["studyIntervention"]
    assert mention == Mention("Treatment", names)


# --- ages


def population(source: Source, **limits: object) -> Mapping[str, Any] | None:
    things = [item for item in items_of(source, study(eligibilityModule=limits)) if isinstance(item, Thing)]
    return next((thing.values for thing in things if thing.types == ["Population"]), None)


@pytest.mark.parametrize(
    ("lowest", "highest", "months"),
    [
        ("4 Years", "17 Years", (48, 216)),
        ("6 Months", None, (6, None)),
        ("1 Year", "1 Month", None),
        (None, "75 Years", (None, 912)),
        ("18 Years", "18 Years", (216, 228)),
        ("0 Years", "6 Months", (0, 7)),
        ("2 Weeks", "8 Weeks", (0, 3)),
        ("61 Days", "30 Days", None),
        ("5 Weeks", "52 Weeks", (1, 13)),
        ("1 Day", "28 Days", (0, 1)),
        ("30 Minutes", "72 Hours", (0, 1)),
        ("N/A", "12 Years", (None, 156)),
        ("18 Years", "150 Years", (216, None)),
    ],
)
def test_limits_are_whole_months_that_hold_all_who_may_take_part(
    source: Source, lowest: str | None, highest: str | None, months: tuple[int | None, int | None] | None
) -> None:
    found = population(source, minimumAge=lowest, maximumAge=highest)
    assert found is not None
    assert (found["minAgeMonths"], found["maxAgeMonths"]) == (months or (None, None))
    assert all(text in found["note"] for text in (lowest, highest) if text and text != "N/A")
    data = study(eligibilityModule={"minimumAge": lowest, "maximumAge": highest})
    assert skips(source, data)["minimum age above the maximum age"] == (months is None)


@settings(max_examples=60, deadline=None)
@given(
    number=st.integers(0, 1400),
    unit=st.sampled_from(["Years", "Months", "Weeks", "Days", "Hours", "Minutes"]),
    age_in_days=st.integers(0, 45_000),
)
def test_nobody_whom_the_registry_lets_in_is_left_out(number: int, unit: str, age_in_days: int) -> None:
    days = {"Years": 365.25, "Months": 30.4375, "Weeks": 7.0, "Days": 1.0, "Hours": 1 / 24, "Minutes": 1 / 1440}[unit]
    completed = int(age_in_days / 30.4375)
    lower = population(find("clinicaltrials"), minimumAge=f"{number} {unit}")
    upper = population(find("clinicaltrials"), maximumAge=f"{number} {unit}")
    assert lower is not None
    assert upper is not None
    if age_in_days >= number * days and lower["minAgeMonths"] is not None:
        assert completed >= lower["minAgeMonths"]
    if age_in_days < (number + 1) * days and upper["maxAgeMonths"] is not None:
        assert completed < upper["maxAgeMonths"]


def test_no_limit_is_no_population(source: Source) -> None:
    assert population(source) is None
    assert population(source, sex="ALL", minimumAge="N/A", maximumAge="") is None
    assert trial_of(source, study(eligibilityModule={"sex": "ALL"})).values["population"] is None


def test_a_limit_that_is_no_age_keeps_its_words(source: Source) -> None:
    found = population(source, minimumAge="adults", maximumAge="65 Years")
    assert found is not None
    assert (found["minAgeMonths"], found["maxAgeMonths"]) == (None, 792)
    assert found["note"] == "minimum age adults, maximum age 65 Years"
    assert skips(source, study(eligibilityModule={"minimumAge": "adults"}))["minimum age that is no age"] == 1


def test_the_criteria_are_a_section_without_escapes(source: Source) -> None:
    [section] = [item for item in items_of(source, study()) if isinstance(item, Section) and item.name == "eligibility"]
    assert (section.kind, section.text) == ("EligibilityText", "Inclusion Criteria:\n\n* EASI >= 16 [moderate]")


# --- counts and outcomes


def facts(source: Source, data: object, kind: str) -> list[Fact]:
    return [item for item in items_of(source, data) if isinstance(item, Fact) and item.type == kind]


def test_events_are_counted_for_each_group(source: Source) -> None:
    found = facts(source, study(), "TrialEventCount")
    keys = ("eventTerm", "organSystem", "eventVocabulary", "groupTitle", "affected", "atRisk", "serious")
    assert [tuple(fact.values[key] for key in keys) for fact in found] == [
        ("Sepsis", "Infections and infestations", "", "Active", 3, 60, True),
        ("Conjunctivitis", "", "MedDRA (27.1)", "Active", 3, 60, False),
        ("Conjunctivitis", "", "MedDRA (27.1)", "None", 0, 60, False),
    ]
    assert [fact.name for fact in found] == ["serious-event/1/1", "other-event/1/1", "other-event/1/2"]
    assert found[2].label == "Conjunctivitis, None: 0 of 60"
    assert found[0].passages[0].locator == "adverseEventsModule.seriousEvents[0]"


def test_counts_that_say_nothing_are_told(source: Source) -> None:
    stats = [
        {"groupId": "EG000", "numAtRisk": 5},
        {"groupId": "EG000", "numAffected": 7, "numAtRisk": 5},
        {"numAffected": 1},
    ]
    data = study()
    data["resultsSection"] = {
        "adverseEventsModule": {"otherEvents": [{"term": "Itch", "stats": stats}, {"stats": stats}]}
    }
    assert [fact.values["affected"] for fact in facts(source, data, "TrialEventCount")] == [1]
    assert skips(source, data) == {
        "event count without a term or a number": 4,
        "more people with the event than at risk": 1,
    }


def test_values_of_outcomes(source: Source) -> None:
    [fact] = facts(source, study(), "OutcomeValue")
    assert {key: value for key, value in fact.values.items() if value not in (None, "")} == {
        "trial": f"nct:{NCT}",
        "measureTitle": "Change of EASI",
        "measureKind": "PRIMARY",
        "timeFrame": "Week 16",
        "valueKind": "MEAN",
        "measuredUnit": "points",
        "dispersionKind": "Standard Deviation",
        "measuredClass": "Week 16",
        "groupTitle": "Active",
        "analysed": 59,
        "measuredValue": Decimal("-1234.50"),
        "spread": Decimal("2.5"),
        "spreadLower": Decimal(-5),
    }
    assert fact.label == "Change of EASI, Week 16, Active: -1234.50 points"


@pytest.mark.parametrize(
    "value", ["NA", "", "<0.1", "1,5", "12,34", "1.2.3", "NaN", "Infinity", "1e5", "5 (3)", "9" * 60]
)
def test_a_value_that_is_no_number_is_kept_out(source: Source, value: str) -> None:
    data = study()
    data["resultsSection"] = {"outcomeMeasuresModule": {"outcomeMeasures": [outcome([("OG000", value)])]}}
    assert facts(source, data, "OutcomeValue") == []
    assert skips(source, data) == {"outcome value that is no number": 1}


def test_the_people_of_a_class_go_before_those_of_the_measure_and_eyes_are_no_people(source: Source) -> None:
    part = {
        "denoms": [
            {"units": "Eyes", "counts": [{"groupId": "OG000", "value": "80"}]},
            {"units": "Participants", "counts": [{"groupId": "OG000", "value": "41"}]},
        ],
        "categories": [{"title": "Yes", "measurements": [{"groupId": "OG000", "value": "7"}]}],
    }
    eyes = [{"units": "Eyes", "counts": [{"groupId": "OG000", "value": "80"}]}]
    measures = [outcome([], classes=[part]), outcome([("OG000", "1")], denoms=eyes), outcome([], classes=[])]
    data = study()
    data["resultsSection"] = {"outcomeMeasuresModule": {"outcomeMeasures": measures}}
    assert [fact.values["analysed"] for fact in facts(source, data, "OutcomeValue")] == [41, None]
    assert skips(source, data) == {"outcome without values": 1}


# --- what is refused


@pytest.mark.parametrize(
    "content",
    [
        {"FullStudiesResponse": {"FullStudies": [{"Study": {"ProtocolSection": {}}}]}},
        {"StudyFieldsResponse": {"StudyFields": [{"NCTId": [NCT]}]}},
        {"FullStudy": {"Study": {"ProtocolSection": {}}}},
        {"Study": {"ProtocolSection": {"IdentificationModule": {"NCTId": NCT}}}},
        {"ProtocolSection": {"IdentificationModule": {"NCTId": NCT}}},
        [{"Study": {"ProtocolSection": {}}}],
        [{"ProtocolSection": {}}],
    ],
)
def test_the_classic_format_is_refused_with_what_to_do(source: Source, tmp_path: Path, content: object) -> None:
    file = stored(tmp_path / "old.json", content)
    with pytest.raises(BadInputError, match=r"old\.json: this is the classic format .* download the studies again"):
        list(recognise(source, inputs.find([str(file)])))


@pytest.mark.parametrize(
    "content",
    [
        {"studies": [{"protocolSection": {"identificationModule": {"briefTitle": "x"}}}]},
        {"studies": [{"hasResults": True}]},
        {"protocolSection": {"statusModule": {}}},
        [{"protocolSection": {"statusModule": {}}}],
    ],
)
def test_studies_without_their_number_are_refused(source: Source, tmp_path: Path, content: object) -> None:
    file = stored(tmp_path / "chosen.json", content)
    with pytest.raises(BadInputError, match=r"chosen\.json: studies without their NCT number; .* with NCTId"):
        list(recognise(source, inputs.find([str(file)])))


def test_a_table_of_aact_is_refused(source: Source, tmp_path: Path) -> None:
    file = stored(tmp_path / "studies.txt", "nct_id|phase\nNCT09999901|PHASE1\n")
    with pytest.raises(BadInputError, match="a table of AACT"):
        list(recognise(source, inputs.find([str(file)])))


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", "null", "7", "[[]]", "x,y\n1,2\n", "<study/>", '{"results": [{"openfda": {}}]}',
     '{"protocolSection', "NCT09999901,Title\n", '{"nctId": "NCT09999901"}', "\0\0\0"],
    ids=lambda content: repr(content[:16]),
)  # fmt: skip
def test_a_file_of_something_else_is_refused(source: Source, tmp_path: Path, content: str) -> None:
    file = stored(tmp_path / "file", content)
    with pytest.raises(BadInputError, match=r"file: (not a file of ClinicalTrials\.gov|the file is empty)"):
        list(recognise(source, inputs.find([str(file)])))


@pytest.mark.parametrize("form", ["study", "array", "page", "csv"])
def test_a_file_cut_short_is_told(source: Source, resolver: Resolver, tmp_path: Path, form: str) -> None:
    two = [study(), study()]
    content = {
        "study": json.dumps(study()),
        "array": json.dumps(two),
        "page": json.dumps({"studies": two}),
        "csv": table(NEW) + '"NCT0',
    }[form]
    file = stored(tmp_path / "cut", content if form == "csv" else content[:-1])
    with pytest.raises(BadInputError, match=r"cut:?[0-9]*: not"):
        load(source, resolver, file)


# --- whatever may come

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 10**6)
    | st.sampled_from(["", "NA", "5 Years", "x", "DRUG", "1.5", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "title", "units"]), inner, max_size=3)
    ),
    max_leaves=6,
)
PLACES = [
    ("protocolSection",), ("resultsSection",), ("derivedSection",),
    *(("protocolSection", name) for name in study()["protocolSection"]),
    ("protocolSection", "identificationModule", "nctId"), ("protocolSection", "designModule", "phases"),
    ("protocolSection", "armsInterventionsModule", "armGroups"),
    ("protocolSection", "armsInterventionsModule", "interventions"),
    ("protocolSection", "eligibilityModule", "minimumAge"), ("protocolSection", "eligibilityModule", "maximumAge"),
    ("resultsSection", "adverseEventsModule", "eventGroups"), ("resultsSection", "adverseEventsModule", "otherEvents"),
    ("resultsSection", "outcomeMeasuresModule", "outcomeMeasures"),
    ("derivedSection", "conditionBrowseModule", "meshes"),
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(place=st.sampled_from(PLACES), value=JSON)
def test_a_study_of_any_shape_is_written_or_skipped(
    source: Source, resolver: Resolver, place: tuple[str, ...], value: object
) -> None:
    data = study()
    parent = data
    for key in place[:-1]:
        parent = parent[key]
    parent[place[-1]] = value
    first = items_of(source, data)
    assert first
    assert first == items_of(source, data)
    day = datetime.date(2026, 3, 6)
    for block in Writer(source, "2026-03-06", day, day, resolver).blocks(first, "here"):
        assert block.lines()


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_the_order_of_keys_does_not_matter(source: Source, data: st.DataObject) -> None:
    def shuffled(value: object) -> object:
        if isinstance(value, dict):
            return {key: shuffled(value[key]) for key in data.draw(st.permutations(sorted(value)))}
        return [shuffled(one) for one in value] if isinstance(value, list) else value

    assert items_of(source, shuffled(study())) == items_of(source, study())


# --- real files

CLASSES = ("Trial", "TrialArm", "Population", "TrialEventCount", "OutcomeValue")
GOLDEN = {
    "NCT00716976.json": ("study", "2026-03-06", (1, 2, 1, 216, 16)),
    "NCT01305200.json": ("study", "2026-03-06", (1, 2, 1, 32, 32)),
    "NCT03275402.json": ("study", "2026-03-06", (1, 1, 1, 46, 1)),
    "ctg-studies_2026_slice.csv": ("csv", None, (95, 0, 0, 0, 0)),
    "ctg-studies_dtx.json": ("array", "2025-05-07", (128, 224, 125, 89, 552)),
    "get_nct02576665_20260811.json": ("study", None, (1, 0, 1, 0, 0)),
    "search_page1_with_nextPageToken.json": ("page", None, (5, 0, 5, 0, 0)),
    "search_page2.json": ("page", None, (5, 0, 5, 0, 0)),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_real_files(source: Source, resolver: Resolver, samples: Path, name: str) -> None:
    form, version, counts = GOLDEN[name]
    [got], blocks, _ = load(source, resolver, samples / "ctgov_v2" / name)
    total = sum((block.facts for block in blocks), Counter[str]())
    assert (got.format.name, tuple(total[name] for name in CLASSES)) == (form, counts)
    assert total.keys() <= set(CLASSES)
    assert version in (None, got.version)


def test_no_real_file_is_left_out(samples: Path) -> None:
    assert {file.name for file in (samples / "ctgov_v2").iterdir()} == set(GOLDEN)


def test_what_a_real_study_says(source: Source, resolver: Resolver, samples: Path) -> None:
    _, [block], _ = load(source, resolver, samples / "ctgov_v2" / "NCT00716976.json")
    lines = set(block.lines())
    record = "https://w3id.org/treatkg/load/clinicaltrials/record/NCT00716976/2023-11-09"
    event, value = f"<{record}/other-event/1/2>", f"<{record}/outcome/1/2>"
    assert lines >= {
        f'<https://clinicaltrials.gov/study/NCT00716976> <{TKG}enrollment> "131"^^{INTEGER} .\n',
        f"<https://clinicaltrials.gov/study/NCT00716976> <{TKG}trialPhase> <{TKG}Phase3> .\n",
        f'<{record}/population> <{TKG}minAgeMonths> "12"^^{INTEGER} .\n',
        f'<{record}/population> <{TKG}maxAgeMonths> "228"^^{INTEGER} .\n',
        f'{event} <{TKG}eventTerm> "Abdominal infection" .\n',
        f'{event} <{TKG}groupTitle> "Observation Arm" .\n',
        f'{event} <{TKG}affected> "1"^^{INTEGER} .\n',
        f'{event} <{TKG}atRisk> "64"^^{INTEGER} .\n',
        f'{value} <{TKG}measureTitle> "Incidence of Hearing Loss" .\n',
        f'{value} <{TKG}measuredValue> "31"^^<http://www.w3.org/2001/XMLSchema#decimal> .\n',
        f'{value} <{TKG}analysed> "55"^^{INTEGER} .\n',
    }
    assert not [line for line in lines if f"<{record}/arm-2> <{TKG}armTreatment>" in line]


@pytest.mark.parametrize("begin", ["", '<?xml version="1.0" encoding="UTF-8"?>\n'])
def test_the_classic_xml_is_refused_by_name(source: Source, tmp_path: Path, begin: str) -> None:
    file = tmp_path / "NCT00000001.xml"
    number = "<id_info><nct_id>NCT00000001</nct_id></id_info>"
    file.write_text(
        f"{begin}<clinical_study>{number}<brief_title>Zonib</brief_title></clinical_study>", encoding="utf-8"
    )
    with pytest.raises(
        BadInputError, match=r"NCT00000001\.xml: this is the classic format .* download the studies again"
    ):
        list(recognise(source, inputs.find([str(file)])))
