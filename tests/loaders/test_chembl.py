"""ChEMBL: mechanisms, indications, warnings, molecules and targets, in every layout."""

import datetime
import gzip
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatkg import graph, resources
from treatkg.errors import BadInputError
from treatkg.loading import find, inputs, recognise
from treatkg.loading.items import DayOfVersion, Document, Fact, Item, Mention, Record, Skip, Thing
from treatkg.loading.resolving import Resolver, resolver_of
from treatkg.loading.source import Source
from treatkg.loading.writing import Writer

DAY = datetime.date(2026, 1, 2)
TKG = "<https://w3id.org/treatkg/ontology#"
SET_ID = "0a1b2c3d-1111-2222-3333-444455556666"

# Records of the true form. Upadacitinib is of our graph, with its tartrate; CHEMBL99990001 ("zorolimus") is made up.
MECHANISM: dict[str, Any] = {
    "action_type": "INHIBITOR",
    "direct_interaction": 1,
    "disease_efficacy": True,
    "max_phase": "4.0",
    "mec_id": 990001,
    "mechanism_of_action": "Janus Kinase (JAK) inhibitor",
    "mechanism_refs": [
        {"ref_id": "12345678", "ref_type": "PubMed", "ref_url": "http://europepmc.org/abstract/MED/12345678"},
        {"ref_id": "10.1000/xyz", "ref_type": "DOI", "ref_url": None},
        {"ref_id": "label/2099/1lbl.pdf", "ref_type": "FDA", "ref_url": "http://example.org/1lbl.pdf"},
        {"ref_id": "P5678", "ref_type": "ISBN", "ref_url": ""},
    ],
    "molecule_chembl_id": "CHEMBL3707269",
    "parent_molecule_chembl_id": "CHEMBL3622821",
    "target_chembl_id": "CHEMBL2363062",
}
INDICATION: dict[str, Any] = {
    "drugind_id": 990002,
    "efo_id": "EFO:0000274",
    "efo_term": "atopic eczema",
    "indication_refs": [
        {"ref_id": "NCT01234567,NCT07654321", "ref_type": "ClinicalTrials", "ref_url": "https://x.org"}
    ],
    "max_phase_for_ind": "4.0",
    "mesh_heading": "Dermatitis, Atopic",
    "mesh_id": "D003876",
    "molecule_chembl_id": "CHEMBL3622821",
    "parent_molecule_chembl_id": "CHEMBL3622821",
}
WARNING: dict[str, Any] = {
    "efo_id": "MONDO:0005249",
    "efo_id_for_warning_class": "EFO:0000544",
    "efo_term": "pneumonia",
    "molecule_chembl_id": "CHEMBL3622821",
    "parent_molecule_chembl_id": "CHEMBL3622821",
    "warning_class": "Infection",
    "warning_country": "United States",
    "warning_description": None,
    "warning_id": 990003,
    "warning_refs": [{"ref_id": SET_ID, "ref_type": "DailyMed", "ref_url": f"https://x.org/{SET_ID}"}],
    "warning_type": "Black Box Warning",
    "warning_year": 2021,
}
MOLECULE: dict[str, Any] = {
    "molecule_chembl_id": "CHEMBL99990001",
    "pref_name": "ZOROLIMUS SODIUM",
    "max_phase": "0.5",
    "molecule_type": "Small molecule",
    "molecule_hierarchy": {"molecule_chembl_id": "CHEMBL99990001", "parent_chembl_id": "CHEMBL99990002"},
    "molecule_synonyms": [
        {"molecule_synonym": "Zorolimus sodium", "syn_type": "USAN", "synonyms": "ZOROLIMUS SODIUM"},
        {"molecule_synonym": "ZRL-1", "syn_type": "RESEARCH_CODE", "synonyms": "ZRL-1"},
        {"molecule_synonym": "Zrl-1", "syn_type": "OTHER", "synonyms": "ZRL-1"},
    ],
    "atc_classifications": ["D11AH99"],
}
TARGET: dict[str, Any] = {
    "organism": "Homo sapiens",
    "pref_name": "Made-up receptor",
    "target_chembl_id": "CHEMBL99990003",
    "target_components": [
        {"accession": "P15509", "component_description": "subunit alpha", "component_type": "PROTEIN"},
        {"accession": "P32927", "component_description": "subunit beta", "component_type": "PROTEIN"},
    ],
    "target_type": "PROTEIN COMPLEX",
}
KINDS = {
    "mechanisms": MECHANISM,
    "drug_indications": INDICATION,
    "drug_warnings": WARNING,
    "molecules": MOLECULE,
    "targets": TARGET,
}


@pytest.fixture(scope="session")
def resolver() -> Resolver:
    return resolver_of(graph.parse_file(resources.TRIPLES))


@pytest.fixture
def source() -> Source:
    return find("chembl")


def _items(data: object, kind: str = "") -> list[Item]:
    return list(find("chembl").transform()(Record(data, "line 1", kind=kind)))


def _fact(data: dict[str, Any], **changes: object) -> Fact:
    [fact] = [item for item in _items(data | changes) if isinstance(item, Fact)]
    return fact


def _thing(data: dict[str, Any], **changes: object) -> Thing:
    [thing] = [item for item in _items(data | changes) if isinstance(item, Thing)]
    return thing


def _skip(data: object, kind: str = "") -> str:
    [skip] = _items(data, kind)
    assert isinstance(skip, Skip)
    return skip.reason


def _loaded(source: Source, resolver: Resolver, *files: Path) -> tuple[Counter[str], Counter[str], str, str]:
    """Return the facts and things by class, the skips by reason, the triples, and the name of the last format."""
    facts: Counter[str] = Counter()
    skips: Counter[str] = Counter()
    lines: list[str] = []
    name = ""
    for got in recognise(source, inputs.find(map(str, files)), "37"):
        name = got.format.name
        writer = Writer(source, got.version, DAY, DAY, resolver)
        for record in got.reader().records(got.file):
            for block in writer.blocks(source.transform()(record), record.where):
                facts += block.facts
                lines += block.lines()
        skips += writer.skips
    return facts, skips, "".join(lines), name


def _written(folder: Path, name: str, content: object) -> Path:
    file = folder / name
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return file


# --- mechanisms


def test_mechanism_is_the_parents_and_keeps_the_salt(tmp_path: Path, source: Source, resolver: Resolver) -> None:
    file = _written(tmp_path, "a.json", {"mechanisms": [MECHANISM], "page_meta": {"total_count": 1}})
    facts, skips, text, _ = _loaded(source, resolver, file)
    assert (facts, skips) == ({"MechanismOfAction": 1}, {})
    fact = "<https://w3id.org/treatkg/load/chembl/record/mechanism-CHEMBL3707269-990001/37/mechanism>"
    for triple in (
        f"{fact} {TKG}treatment> <https://w3id.org/treatkg/id/upadacitinib>",
        f"{fact} {TKG}statedForm> <https://bioregistry.io/chembl.compound:CHEMBL3707269>",
        f"{fact} {TKG}target> <https://w3id.org/treatkg/id/type-2/family/jak>",
        f"{fact} {TKG}actionType> {TKG}Inhibitor>",
        f'{fact} {TKG}statedMechanism> "Janus Kinase (JAK) inhibitor"',
        f'{fact} {TKG}directInteraction> "true"^^<http://www.w3.org/2001/XMLSchema#boolean>',
        f'{fact} {TKG}diseaseEfficacy> "true"^^<http://www.w3.org/2001/XMLSchema#boolean>',
        f'{fact} {TKG}maxPhase> "4"^^<http://www.w3.org/2001/XMLSchema#decimal>',
        f'{fact} {TKG}publication> "PMID:12345678"',
        f'{fact} {TKG}publication> "DOI:10.1000/xyz"',
        f'{fact} {TKG}publication> "http://example.org/1lbl.pdf"',
        f'{fact} {TKG}publication> "ISBN P5678"',
    ):
        assert f"{triple} .\n" in text
    assert text.count(f"{TKG}target>") == 1, "the family stays one target"


def test_target_of_a_mechanism_is_said_to_be_of_no_class() -> None:
    assert _fact(MECHANISM).values["target"] == Mention("Thing", (), ("chembl.target:CHEMBL2363062",))


@pytest.mark.parametrize(
    ("stated", "action"),
    [
        ("INHIBITOR", "Inhibitor"),
        ("ANTAGONIST", "Antagonist"),
        ("AGONIST", "Agonist"),
        ("MODULATOR", "Modulator"),
        ("BLOCKER", "Blocker"),
        ("BINDING AGENT", "BindingAgent"),
        ("Activator", "Activator"),
        ("INVERSE AGONIST", None),
        ("NEGATIVE ALLOSTERIC MODULATOR", None),
        ("PARTIAL AGONIST", None),
        ("OTHER", None),
        (None, None),
    ],
)
def test_action_of_our_list_is_mapped_and_any_other_stays_as_stated(stated: str | None, action: str | None) -> None:
    values = _fact(MECHANISM, action_type=stated).values
    assert (values["actionType"], values["statedAction"]) == (action, stated or "")


@pytest.mark.parametrize("value", [1, "1", True, 1.0])
def test_flags_are_read_in_all_their_spellings(value: object) -> None:
    assert _fact(MECHANISM, direct_interaction=value).values["directInteraction"] is True
    assert _fact(MECHANISM, direct_interaction=None).values["directInteraction"] is None


def test_mechanism_without_a_target_is_kept() -> None:
    fact = _fact(MECHANISM, target_chembl_id=None, mechanism_of_action="Unknown")
    assert (fact.values["target"], fact.values["statedMechanism"], fact.label) == (None, "Unknown", "Unknown")


def _key(data: dict[str, Any], **changes: object) -> str:
    [document] = [item for item in _items(data | changes) if isinstance(item, Document)]
    return document.key


def test_rows_of_a_molecule_are_documents_apart_since_they_come_on_different_pages() -> None:
    assert _key(MECHANISM) == "mechanism-CHEMBL3707269-990001"
    assert _key(MECHANISM, mec_id=990009) != _key(MECHANISM)


def test_rows_without_their_number_are_named_by_their_content() -> None:
    keys = [_key(MECHANISM, mec_id=None, target_chembl_id=target) for target in ("CHEMBL1", "CHEMBL2")]
    assert len(set(keys)) == 2
    assert keys[0] == _key(MECHANISM, mec_id=None, target_chembl_id="CHEMBL1", max_phase=2)


# --- indications


def test_phase_4_is_a_status_and_no_indication(tmp_path: Path, source: Source, resolver: Resolver) -> None:
    facts, skips, text, _ = _loaded(source, resolver, _written(tmp_path, "a.jsonl", INDICATION))
    assert (facts, skips) == ({"DevelopmentStatus": 1}, {})
    fact = "<https://w3id.org/treatkg/load/chembl/record/indication-CHEMBL3622821-990002/37/status>"
    for triple in (
        f"{fact} {TKG}treatment> <https://w3id.org/treatkg/id/upadacitinib>",
        f"{fact} {TKG}disease> <http://purl.obolibrary.org/obo/MONDO_0004980>",
        f"{fact} {TKG}developmentPhase> {TKG}Phase4>",
        f'{fact} {TKG}observedOn> "2026-01-02"^^<http://www.w3.org/2001/XMLSchema#date>',
        f'{fact} {TKG}publication> "NCT01234567"',
        f'{fact} {TKG}publication> "NCT07654321"',
    ):
        assert f"{triple} .\n" in text
    assert f"{TKG}Indication>" not in text


@pytest.mark.parametrize(
    ("stated", "phase", "number"),
    [
        (4, "Phase4", 4),
        ("4.0", "Phase4", 4),
        (3.0, "Phase3", 3),
        (Decimal("2.0"), "Phase2", 2),
        ("1", "Phase1", 1),
        (0.5, "Phase1", Decimal("0.5")),
        ("0.5", "Phase1", Decimal("0.5")),
        (-1, "Investigational", -1),
        ("-1.0", "Investigational", -1),
    ],
)
def test_phase_is_read_from_a_number_or_a_text(stated: object, phase: str, number: object) -> None:
    values = _fact(INDICATION, max_phase_for_ind=stated).values
    assert (values["developmentPhase"], values["maxPhase"]) == (phase, number)
    assert values["observedOn"] == DayOfVersion()


@pytest.mark.parametrize("stated", [None, "", 0, "0", 7, "III", "nan", "1e9", True, [4]])
def test_indication_without_a_known_phase_is_skipped(stated: object) -> None:
    assert _skip(INDICATION | {"max_phase_for_ind": stated}) == "an indication without a phase that is known"


@pytest.mark.parametrize(
    ("code", "kind", "ids"),
    [
        ("EFO:0000274", "Disease", ("EFO:0000274", "mesh:D003876")),
        ("EFO_0000274", "Disease", ("EFO:0000274", "mesh:D003876")),
        ("MONDO:0004980", "Disease", ("MONDO:0004980", "mesh:D003876")),
        ("MONDO_0004980", "Disease", ("MONDO:0004980", "mesh:D003876")),
        ("Orphanet:98784", "Disease", ("Orphanet:98784", "mesh:D003876")),
        ("HP:0000989", "Phenotype", ("HP:0000989", "mesh:D003876")),
        ("NEW:1", "Disease", ("mesh:D003876",)),
        (None, "Disease", ("mesh:D003876",)),
    ],
)
def test_disease_is_named_by_the_term_and_the_heading(code: str | None, kind: str, ids: tuple[str, ...]) -> None:
    assert _fact(INDICATION, efo_id=code).values["disease"] == Mention(
        kind, ("atopic eczema", "Dermatitis, Atopic"), ids
    )


def test_indication_that_names_no_disease_is_skipped() -> None:
    nothing = dict.fromkeys(("efo_id", "efo_term", "mesh_id", "mesh_heading"))
    assert _skip(INDICATION | nothing) == "an indication without a disease"


def test_parent_is_not_guessed_from_the_list_of_forms() -> None:
    """Elasticsearch has the forms of a substance in a list that does not say which of them is the parent."""
    row = {key: value for key, value in INDICATION.items() if key != "parent_molecule_chembl_id"}
    row |= {"molecule_chembl_id": "CHEMBL3707269", "_metadata": {"all_molecule_chembl_ids": ["CHEMBL3622821"]}}
    values = _fact(row).values
    assert values["treatment"] == Mention("Treatment", (), ("chembl.compound:CHEMBL3707269",))
    assert "statedForm" not in values


# --- warnings


def test_black_box_warning_has_its_risks_and_the_label_that_it_stands_in() -> None:
    fact = _fact(WARNING)
    assert fact.type == "BoxedWarning"
    assert fact.values["risk"] == [
        Mention("Thing", ("pneumonia",), ("MONDO:0005249",)),
        Mention("Thing", ("Infection",), ("EFO:0000544",)),
    ]
    assert fact.values["jurisdiction"] == "US"
    assert fact.values["publication"] == [SET_ID]
    assert fact.values["firstYear"] == "2021"
    assert "eventDate" not in fact.values


def test_warning_of_no_class_is_kept_without_a_risk() -> None:
    nothing = dict.fromkeys(("efo_id", "efo_term", "efo_id_for_warning_class", "warning_class"))
    fact = _fact(WARNING, **nothing, warning_refs=None, warning_country=None, warning_year=None)
    assert (fact.type, fact.values["risk"], fact.values["jurisdiction"]) == ("BoxedWarning", [], "")


@pytest.mark.parametrize(
    ("country", "jurisdictions", "dated"),
    [
        ("United States", ["US"], True),
        ("France", [""], True),
        ("European Union; United Kingdom", ["EU", "UK"], False),
        ("France; Japan", ["JP"], False),
        (None, [""], False),
    ],
)
def test_withdrawal_is_dated_by_its_year_only_where_one_country_is_named(
    country: str | None, jurisdictions: list[str], *, dated: bool
) -> None:
    row = WARNING | {"warning_type": "Withdrawn", "warning_country": country, "warning_year": "2021.0"}
    facts = [item for item in _items(row) if isinstance(item, Fact)]
    assert [fact.values["jurisdiction"] for fact in facts] == jurisdictions
    assert len({fact.name for fact in facts}) == len(facts)
    for values in (fact.values for fact in facts):
        assert values["eventType"] == "AuthorisationWithdrawn"
        assert values["statedCountry"] == (country.split("; ") if country else [])
        date = (values.get("eventDate"), values.get("eventDatePrecision"), values.get("firstYear", ""))
        assert date == (("2021-01-01", "Year", "") if dated else (None, None, "2021"))


def test_withdrawal_is_a_regulatory_event_and_no_boxed_warning() -> None:
    assert _fact(WARNING, warning_type="Withdrawn").type == "RegulatoryEvent"
    assert _skip(WARNING | {"warning_type": "Dear Doctor letter"}).startswith("a warning that is neither")


# --- molecules and targets


def test_molecule_has_its_names_once_each_and_points_to_its_parent() -> None:
    thing = _thing(MOLECULE)
    assert (thing.id, thing.types) == ("chembl.compound:CHEMBL99990001", ("Substance",))
    assert thing.values == {
        "label": "ZOROLIMUS SODIUM",
        "altLabel": ["ZRL-1"],
        "statedType": "Small molecule",
        "maxPhase": Decimal("0.5"),
        "parentMolecule": "chembl.compound:CHEMBL99990002",
        "crossReference": ["atc:D11AH99"],
    }


def test_molecule_that_is_its_own_parent_has_none() -> None:
    assert _thing(MOLECULE, molecule_hierarchy={"parent_chembl_id": "CHEMBL99990001"}).values["parentMolecule"] is None


def test_screening_compound_is_skipped() -> None:
    row = MOLECULE | dict.fromkeys(("pref_name", "max_phase", "molecule_synonyms"))
    assert _skip(row) == "a research compound without name and phase"


def test_complex_keeps_its_parts_and_is_none_of_them() -> None:
    thing = _thing(TARGET)
    assert (thing.id, list(thing.types)) == ("chembl.target:CHEMBL99990003", ["ProteinComplex"])
    assert thing.values["hasComponent"] == [
        Mention("Protein", ("subunit alpha",), ("uniprot:P15509",)),
        Mention("Protein", ("subunit beta",), ("uniprot:P32927",)),
    ]


@pytest.mark.parametrize(
    ("kind", "accessions", "identifier", "classes"),
    [
        ("SINGLE PROTEIN", ["P15509"], "uniprot:P15509", ["Protein"]),
        ("SINGLE PROTEIN", [], "chembl.target:CHEMBL99990003", []),
        ("SINGLE PROTEIN", ["ENSG00000198223"], "chembl.target:CHEMBL99990003", []),
        ("PROTEIN FAMILY", ["P15509"], "chembl.target:CHEMBL99990003", ["ProteinFamily"]),
        ("SELECTIVITY GROUP", ["P15509", "P32927"], "chembl.target:CHEMBL99990003", []),
        ("PROTEIN-PROTEIN INTERACTION", ["P15509", "P32927"], "chembl.target:CHEMBL99990003", []),
        ("CELL-LINE", [], "chembl.target:CHEMBL99990003", []),
    ],
)
def test_target_is_of_the_class_that_its_type_says(
    kind: str, accessions: list[str], identifier: str, classes: list[str]
) -> None:
    parts = [{"accession": code, "component_description": None} for code in accessions]
    thing = _thing(TARGET, target_type=kind, target_components=parts)
    assert (thing.id, list(thing.types), thing.values["statedType"]) == (identifier, classes, kind)
    if identifier.startswith("uniprot:"):
        assert thing.values["exactMatch"] == "chembl.target:CHEMBL99990003"


# --- layouts


@pytest.mark.parametrize("plural", KINDS)
def test_every_layout_gives_the_same(tmp_path: Path, source: Source, resolver: Resolver, plural: str) -> None:
    row = KINDS[plural]
    hit = {"_index": "chembl_37_x", "_id": "1", "_source": row}
    layouts = {
        "page": {plural: [row], "page_meta": {"limit": 20, "total_count": 1}},
        "hits": [hit],
        "reply": {"took": 1, "hits": {"total": 1, "hits": [hit]}},
        "lines": json.dumps(row) + "\r\n\n",
        "list": [row],
        "record": json.dumps(row, indent=1),
    }
    # Where a row has no number of its own, its place is the locator, which is another in each layout.
    results = {}
    for name, content in layouts.items():
        facts, skips, text, got = _loaded(source, resolver, _written(tmp_path, f"{name}.json", content))
        assert got == name
        results[name] = (facts, skips, text)
    assert len({str(result) for result in results.values()}) == 1
    assert sum(results["page"][0].values()) == 1


def test_lines_of_hits_with_a_mark_and_packed(tmp_path: Path, source: Source, resolver: Resolver) -> None:
    lines = "".join(json.dumps({"_id": "1", "_source": row}) + "\n" for row in (MECHANISM, MECHANISM | {"mec_id": 2}))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b"\xef\xbb\xbf" + lines.encode()))
    assert _loaded(source, resolver, tmp_path / "a.jsonl.gz")[0] == {"MechanismOfAction": 2}


@pytest.mark.parametrize("plural", KINDS)
def test_page_without_a_record_is_read_and_gives_nothing(
    tmp_path: Path, source: Source, resolver: Resolver, plural: str
) -> None:
    file = _written(tmp_path, "a.json", {"page_meta": {"total_count": 0}, plural: []})
    assert _loaded(source, resolver, file) == ({}, {}, "", "empty-page")


@pytest.mark.parametrize(
    ("name", "content", "version"),
    [
        ("chembl_36_molecule.json", {"molecules": [MOLECULE]}, "36"),
        ("molecule_ChEMBL37.jsonl", json.dumps(MOLECULE), "37"),
        ("drug_indication_30.jsonl", json.dumps(INDICATION), ""),
        ("chembl_20260811.json", {"molecules": [MOLECULE]}, ""),
        ("hits.json", [{"_index": "chembl_28_molecule", "_source": MOLECULE}], "28"),
    ],
)
def test_release_comes_from_the_name_of_the_file_or_the_index(
    tmp_path: Path, source: Source, name: str, content: object, version: str
) -> None:
    [got] = recognise(source, inputs.find([str(_written(tmp_path, name, content))]))
    assert got.version == (version or got.file.retrieved.isoformat())


HEAD = "identifier\tname\tdefinition\tsynonyms\talts\tparents\tspecies\n"


def test_table_of_compounds_names_them(tmp_path: Path, source: Source, resolver: Resolver) -> None:
    rows = HEAD + "CHEMBL3622821\tUPADACITINIB\t\t\t\t\t\nCHEMBL5\t\t\t\t\t\t\nX1\tA NAME\t\t\t\t\t\n"
    file = _written(tmp_path, "chembl.compound_36.tsv", rows)
    facts, skips, text, _ = _loaded(source, resolver, file)
    assert facts == {"Substance": 1}
    assert skips == {"a row without a ChEMBL identifier or without a name": 2}
    assert "<https://bioregistry.io/chembl.compound:CHEMBL3622821> <http://www.w3.org/2000/01/rdf-schema#label>" in text


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("chembl.target_36.tsv", HEAD + "CHEMBL2971\tJAK2\t\t\t\t\t9606\n", "does not say that it holds compounds"),
        ("activity.json", {"activities": [{"activity_id": 1}], "page_meta": {}}, "bioactivities are no mechanisms"),
        ("status.json", {"chembl_db_version": "ChEMBL_36", "chembl_release_date": "2025-07-01"}, "as --version"),
        ("label.json", {"results": [{"set_id": "a"}]}, "not a file of ChEMBL"),
        ("cut.json", '{"mechanisms": [{"mec_id": 1', "not a file of ChEMBL"),
        ("cut.jsonl", '{"molecule_chembl_id": "CHEMBL1", "molecule_type"', "not a file of ChEMBL"),
        ("empty.json", "", "the file is empty"),
        ("deep.json", "[" * 100_000, "not a file of ChEMBL"),
        ("words.json", "these are words", "not a file of ChEMBL"),
        ("page.json", {"mechanisms": [], "total": 0}, "not a file of ChEMBL"),
    ],
)
def test_other_and_broken_files_are_refused_by_name(
    tmp_path: Path, source: Source, name: str, content: object, message: str
) -> None:
    file = _written(tmp_path, name, content)
    with pytest.raises(BadInputError, match=message) as caught:
        list(recognise(source, inputs.find([str(file)])))
    assert name in str(caught.value)


def test_file_that_breaks_off_says_so_after_its_whole_records(
    tmp_path: Path, source: Source, resolver: Resolver
) -> None:
    file = _written(tmp_path, "a.json", json.dumps({"mechanisms": [MECHANISM, MECHANISM]})[:-40])
    with pytest.raises(BadInputError, match=r"a\.json: not valid JSON"):
        _loaded(source, resolver, file)


@pytest.mark.parametrize("data", [None, [], "text", 3, {}, {"molecule_chembl_id": "CHEMBL1"}, {"activity_id": 1}])
def test_record_of_no_known_kind_is_skipped(data: object) -> None:
    assert "record" in _skip(data)


@pytest.mark.parametrize("kind", ["mechanism", "indication", "warning", "molecule", "target"])
@pytest.mark.parametrize("data", [{}, {"molecule_chembl_id": None}, {"molecule_chembl_id": "aspirin", "pref_name": 1}])
def test_record_without_an_identifier_is_skipped(data: dict[str, object], kind: str) -> None:
    assert _skip(data, kind)


CELL = st.sampled_from(
    [
        None,
        "",
        "CHEMBL1",
        "EFO:0000274",
        "HP:1",
        "x y",
        "Black Box Warning",
        "Withdrawn",
        "1999",
        "-1",
        "4.0",
        "a;b",
        "\0",
    ]
)
VALUE = st.recursive(
    CELL | st.booleans() | st.integers() | st.floats() | st.decimals(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(WARNING)), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=120, deadline=None)
@given(
    row=st.sampled_from([*KINDS.values()]),
    changes=st.dictionaries(st.sampled_from(sorted({key for row in KINDS.values() for key in row})), VALUE, max_size=6),
    kind=st.sampled_from(["", "mechanism", "indication", "warning", "molecule", "target", "name"]),
)
def test_any_record_gives_sound_items_or_a_reason_and_always_the_same(
    row: dict[str, Any], changes: dict[str, object], kind: str
) -> None:
    source = find("chembl")
    items = _items(row | changes, kind)
    assert items
    assert repr(items) == repr(_items(row | changes, kind))
    assert isinstance(items[0], Document | Skip)
    writer = Writer(source, "37", DAY, DAY, Resolver())
    assert sum(1 for _ in writer.blocks(items, "line 1")) + sum(writer.skips.values()) == 1


# --- the real files


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("chembl.compound_36_AD.tsv", {"Substance": 93}),
        ("drug_indication_30.jsonl", {"DevelopmentStatus": 30}),
        ("drug_warning_30.jsonl", {"BoxedWarning": 30}),
        ("mechanism_pembrolizumab_20260811.json", {"MechanismOfAction": 1}),
        ("molecule_es_docs_slice.json", {"Substance": 27}),
        ("target_15.jsonl", {"Protein": 12, "ProteinComplex": 2, "ProteinFamily": 1}),
    ],
)
def test_real_file_is_read_whole(
    samples: Path, source: Source, resolver: Resolver, name: str, expected: dict[str, int]
) -> None:
    facts, skips, _, _ = _loaded(source, resolver, samples / "chembl" / name)
    assert (facts, skips) == (expected, {})


def test_no_real_file_is_left_out(samples: Path, source: Source, resolver: Resolver) -> None:
    facts, _, text, _ = _loaded(source, resolver, *sorted((samples / "chembl").iterdir()))
    assert sum(facts.values()) == 93 + 30 + 30 + 1 + 27 + 15
    record = "<https://w3id.org/treatkg/load/chembl/record/"
    bioregistry, match = "<https://bioregistry.io/chembl", "<http://www.w3.org/2004/02/skos/core#exactMatch>"
    mechanism, warning = (
        f"{record}mechanism-CHEMBL3137343-2300/37/mechanism>",
        f"{record}warning-CHEMBL3545252-2431/37/warning>",
    )
    for triple in (
        f"{mechanism} {TKG}actionType> {TKG}Inhibitor>",
        f"{mechanism} {TKG}target> {bioregistry}.target:CHEMBL3307223>",
        f"{warning} {TKG}treatment> {bioregistry}.compound:CHEMBL92>",
        f"{warning} {TKG}statedForm> {bioregistry}.compound:CHEMBL3545252>",
        f'{warning} {TKG}publication> "a6417655-9448-4886-ba03-f57f36bcbd14"',
        f"<http://purl.uniprot.org/uniprot/P22301> {match} {bioregistry}.target:CHEMBL3712920>",
        f"{bioregistry}.target:CHEMBL3856161> {TKG}hasComponent> <http://purl.uniprot.org/uniprot/P05014>",
    ):
        assert f"{triple} .\n" in text
    # Of the family, which has 12 members, and the two complexes of two.
    assert text.count(f"{TKG}hasComponent>") == 12 + 2 + 2
    phases = Counter(line.split("#")[-1] for line in text.splitlines() if f"{TKG}developmentPhase>" in line)
    assert phases == {"Phase1> .": 7, "Phase2> .": 13, "Phase3> .": 8, "Phase4> .": 2}
