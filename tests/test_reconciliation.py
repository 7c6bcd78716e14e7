"""Questions that compare the graph with loaded sources, and the check of evidence, on labels and paths made here.

The store holds a slice of the graph, so that rdflib can answer the same questions.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rdflib

import treatkg
from treatkg import cli, evidence, graph, loading, namespaces, queries, resources
from treatkg.errors import UsageError
from treatkg.evidence import Verdict
from treatkg.loading import Check, Options, running

KEPT = ("dupilumab", "ruxolitinib", "pimecrolimus", "tacrolimus", "roflumilast", "source/", "ontology#")
ZORYVE_SET = "ec1bb0d1-f38a-4080-831a-68791d1d1fdb"
OPTIONS = Options(jobs=1, check=Check.NONE)
LOADED = sorted(name for name, query in queries.catalogue().items() if query.loaded)
Rows = list[dict[str, Any]]


def label(set_id: str, brand: str, generic: str, effective: str, **sections: str) -> dict[str, Any]:
    """Return a label record as openFDA writes it."""
    return {
        "set_id": set_id,
        "version": "5",
        "effective_time": effective,
        **{name: [text] for name, text in sections.items()},
        "openfda": {
            "brand_name": [brand],
            "generic_name": [generic],
            "application_number": ["BLA999999"],
            "product_type": ["HUMAN PRESCRIPTION DRUG"],
            "spl_set_id": [set_id],
        },
    }


LABELS = [
    label(
        "11111111-2222-3333-4444-555555555555",
        "Dupixent",
        "DUPILUMAB",
        "20261001",
        indications_and_usage="1 INDICATIONS AND USAGE 1.1 Atopic Dermatitis DUPIXENT is indicated for the treatment "
        "of adult and pediatric patients aged 4 years and older with moderate-to-severe atopic dermatitis.",
        contraindications="4 CONTRAINDICATIONS None.",
    ),
    label(
        ZORYVE_SET,
        "Zoryve",
        "ROFLUMILAST",
        "20261120",
        contraindications="4 CONTRAINDICATIONS ZORYVE is contraindicated in moderate to severe liver impairment "
        "(Child-Pugh B or C).",
    ),
    label(
        "22222222-2222-3333-4444-555555555555",
        "Protopic",
        "TACROLIMUS",
        "20261001",
        contraindications="4 CONTRAINDICATIONS PROTOPIC Ointment is contraindicated in patients with a history of "
        "hypersensitivity to tacrolimus.",
    ),
]
DRUGSFDA = {
    "meta": {"last_updated": "2026-11-01"},
    "results": [
        {
            "application_number": "BLA761055",
            "sponsor_name": "REGENERON",
            "products": [
                {
                    "product_number": "001",
                    "brand_name": "DUPIXENT",
                    "active_ingredients": [{"name": "DUPILUMAB", "strength": "300MG/2ML"}],
                    "dosage_form": "INJECTABLE",
                    "route": "SUBCUTANEOUS",
                    "marketing_status": "Prescription",
                }
            ],
            "submissions": [
                {
                    "submission_type": "ORIG",
                    "submission_number": "1",
                    "submission_status": "AP",
                    "submission_status_date": "20170328",
                }
            ],
        }
    ],
}
PATHS = """
- directed: true
  graph:
    _id: DB00864_MESH_D003876_1
    disease: Atopic dermatitis
    disease_mesh: "MESH:D003876"
    drug: tacrolimus
    drug_mesh: "MESH:D016559"
    drugbank: "DB:DB00864"
  links:
  - {key: decreases activity of, source: "MESH:D016559", target: "UniProt:Q08209"}
  - {key: positively regulates, source: "UniProt:Q08209", target: "GO:0042110"}
  - {key: causes, source: "GO:0042110", target: "MESH:D003876"}
  multigraph: true
  nodes:
  - {id: "MESH:D016559", label: Drug, name: tacrolimus}
  - {id: "UniProt:Q08209", label: Protein, name: PPP3CA}
  - {id: "GO:0042110", label: BiologicalProcess, name: T cell activation}
  - {id: "MESH:D003876", label: Disease, name: Atopic dermatitis}
  reference: ["https://example.org"]
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a store over a slice of the graph with the sources above."""
    folder = tmp_path_factory.mktemp("reconciliation")
    known = running.known_terms()
    slice_ = folder / "triples.ttl"
    slice_.write_bytes(graph.canonical_turtle(t for t in graph.parse_file(resources.TRIPLES) if _is_kept(t.subject)))
    files = {
        "openfda-label": ("labels.json", json.dumps({"meta": {"last_updated": "2026-11-20"}, "results": LABELS})),
        "drugsfda": ("drugsfda.json", json.dumps(DRUGSFDA)),
        "drugmechdb": ("indication_paths.yaml", PATHS),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "known_terms", lambda: known)
        patch.setattr(resources, "TRIPLES", slice_)
        for source, (name, content) in files.items():
            (folder / name).write_text(content, encoding="utf-8")
            loading.load(loading.find(source), [str(folder / name)], folder / "store", OPTIONS)
        yield folder / "store"


def _is_kept(subject: object) -> bool:
    iri = graph.iri_of(subject)  # type: ignore[arg-type]
    local = iri.removeprefix(namespaces.BASE).removeprefix("https://w3id.org/treatkg/")
    return local.startswith(KEPT) or not iri.startswith(namespaces.BASE)


@pytest.fixture(scope="module")
def kg(store: Path) -> treatkg.Knowledge:
    return treatkg.open(store)


@pytest.fixture(scope="module")
def dataset(store: Path, kg: treatkg.Knowledge) -> rdflib.Dataset:
    """Return the same store for rdflib."""
    assert isinstance(kg.engine, treatkg.knowledge.Embedded)
    quads = "".join(f"{quad} .\n" for quad in kg.engine.store)
    return rdflib.Dataset(default_union=False).parse(data=quads, format="nquads")


def asked(kg: treatkg.Knowledge, name: str, **arguments: str) -> Rows:
    return [{key: str(value) for key, value in row.items()} for row in kg.query(name, **arguments).to_dicts()]


# --- what they find


def test_licence_from_another_age_is_found(kg: treatkg.Knowledge) -> None:
    (row,) = asked(kg, "indications-compared", asOf="2026-11-28")
    assert (row["treatment"], row["comparison"]) == ("dupilumab", "from an older age in the source")
    assert (row["sourceMonths"], row["graphMonths"]) == ("48", "6")
    assert asked(kg, "indications-compared", asOf="2026-11-28", finding="agrees") == []
    (then,) = asked(kg, "indications-compared", asOf="2018-01-01")
    assert (then["comparison"], then["graphMonths"]) == ("from a younger age in the source", "216")


def test_label_without_contraindications_that_the_graph_lists_is_found(kg: treatkg.Knowledge) -> None:
    found = {(row["treatment"], row["comparison"]) for row in asked(kg, "contraindications-compared")}
    assert ("dupilumab", "the source lists none, this graph does") in found
    (row,) = asked(kg, "contraindications-compared", treatment="dupilumab")
    assert row["words"].endswith("None.")


def test_target_that_the_graph_lacks_is_found_and_a_path_stays_a_path(kg: treatkg.Knowledge) -> None:
    (row,) = asked(kg, "mechanisms-compared")
    assert (row["treatment"], row["target"]) == ("tacrolimus", "uniprot:Q08209")
    assert (row["kind"], row["comparison"]) == ("path step", "another target here")


def test_first_product_and_first_licence_are_of_one_day(kg: treatkg.Knowledge) -> None:
    (row,) = asked(kg, "approval-dates-compared", treatment="dupilumab")
    assert (row["productSince"], row["licenceSince"], row["comparison"]) == ("2017-03-28", "2017-03-28", "same day")


def test_what_a_source_lacks_is_told_for_those_that_know_the_treatment(kg: treatkg.Knowledge) -> None:
    found = asked(kg, "lacking-in-source", treatment="dupilumab")
    assert {row["about"] for row in found} == {"licence"}
    assert {row["jurisdiction"] for row in found} == {"tkg:US"}
    assert not any(row["thing"] == "MONDO:0004980" for row in found)


def test_two_publishers_are_needed_for_what_is_agreed_elsewhere(kg: treatkg.Knowledge) -> None:
    assert asked(kg, "agreed-elsewhere") == []
    (row,) = [row for row in asked(kg, "agreed-elsewhere", atLeast="1") if row["about"] == "target"]
    assert (row["treatment"], row["thing"]) == ("tacrolimus", "uniprot:Q08209")


def test_newer_version_of_a_cited_label_is_found(kg: treatkg.Knowledge) -> None:
    found = asked(kg, "newer-labels")
    assert {(row["cited"], row["documentDate"]) for row in found} >= {
        ("source/zoryve-cream-uspi-2024-07", "2026-11-20")
    }
    assert all(int(row["facts"]) > 0 for row in found)


def test_loaded_sources_and_unmapped_names_are_listed(kg: treatkg.Knowledge) -> None:
    assert {row["file"] for row in asked(kg, "loaded-sources")} == {
        "labels.json",
        "drugsfda.json",
        "indication_paths.yaml",
    }
    assert all(row["name"] for row in asked(kg, "unmapped-names"))


@pytest.mark.parametrize("name", LOADED)
def test_both_engines_give_the_same_rows(kg: treatkg.Knowledge, dataset: rdflib.Dataset, name: str) -> None:
    text = queries.find(name).text
    ours = Counter(tuple(None if term is None else str(term) for term in row) for row in kg.select(text).terms)
    theirs = Counter(tuple(None if term is None else term.n3() for term in row) for row in rows_of(dataset.query(text)))
    assert {plain(row): count for row, count in ours.items()} == {plain(row): count for row, count in theirs.items()}


def rows_of(result: rdflib.query.Result) -> list[rdflib.query.ResultRow]:
    return [row for row in result if isinstance(row, rdflib.query.ResultRow)]


def plain(row: tuple[str | None, ...]) -> tuple[str | None, ...]:
    return tuple(cell and cell.replace("^^<http://www.w3.org/2001/XMLSchema#string>", "") for cell in row)


@pytest.mark.parametrize("name", LOADED)
def test_without_loaded_sources_the_question_is_refused(name: str) -> None:
    with pytest.raises(queries.LoadedQueryError, match="ask the store with --on FOLDER"):
        treatkg.open(resources.TRIPLES).query(name)


# --- evidence


def test_anchor_in_the_cited_section_of_a_newer_label_is_found(kg: treatkg.Knowledge) -> None:
    found = [
        one for one in evidence.check(kg, "roflumilast-cream-0.15") if one.same and one.locator.endswith("section 4")
    ]
    assert found
    assert {(one.verdict, one.place) for one in found} == {(Verdict.CITED_SECTION, "4 Contraindications")}


def test_evidence_of_another_label_of_the_treatment_is_marked_as_such(kg: treatkg.Knowledge) -> None:
    found = evidence.check(kg, "tacrolimus-ointment")
    assert found
    assert not any(one.same for one in found)
    assert all(namespaces.shorten(one.fact).startswith("tacrolimus-ointment/") for one in found)


@pytest.mark.parametrize(
    ("locator", "kinds"),
    [
        ("section 4", {"ContraindicationsText"}),
        ("section 6.1, table 2", {"AdverseReactionsText"}),
        ("section 4.8", {"AdverseReactionsText"}),
        ("section 4.3", {"ContraindicationsText", "DoNotUseText"}),
        ("boxed warning", {"BoxedWarningText", "WarningsText"}),
        ("page 3", set()),
    ],
)
def test_locator_means_kinds_of_section(locator: str, kinds: set[str]) -> None:
    assert evidence.cited_kinds(locator) == kinds


def test_figures_are_numbers_but_no_years() -> None:
    assert evidence.figures_of("In 2019, 14.5 % (12 of 83) v 3,1 % at week 16; IL-13, B12") == [
        "14.5",
        "12",
        "83",
        "3.1",
        "16",
    ]


def test_check_on_the_command_line(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["treatkg", "evidence", "check", "--on", str(store), "--treatment", "dupilumab"])
    with pytest.raises(SystemExit) as done:
        cli.main()
    assert done.value.code == 0
    assert "In the cited document: nothing to look up" in capsys.readouterr().out


def test_graph_alone_is_no_store() -> None:
    with pytest.raises(UsageError, match="name a store with --on"):
        evidence.check(treatkg.open(resources.TRIPLES))
