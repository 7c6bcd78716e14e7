"""A load: idempotent, superseding, atomic, resumable; what is named is found or flagged; what is wrong is said."""

import json
import multiprocessing
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.loading.conftest import statements

import treatkg
from treatkg import graph, loading, namespaces, resources
from treatkg.errors import BadInputError, LimitError, StorageError
from treatkg.loading import Options, staging
from treatkg.loading.items import Record
from treatkg.loading.source import Source
from treatkg.loading.store import opened
from treatkg.loading.writing import TransformError, natural

Labels = Callable[..., Path]
DUPIXENT = {"set": "s1", "version": 1, "drug": "Dupixent", "date": "2026-01-01"}
NEWER = {**DUPIXENT, "version": 2, "date": "2026-02-01"}
UNKNOWN = {
    "set": "s2",
    "version": 7,
    "drug": "Nosuchumab",
    "date": "2026-01-05",
    "risks": ["malignant melanoma of nowhere"],
}
ONE_PROCESS = Options(jobs=1, check=loading.Check.NONE)
SUPERSEDED = (
    "SELECT ?old ?new ?on WHERE { GRAPH ?register { ?old tkg:supersededBy ?new ; prov:invalidatedAtTime ?on } }"
)


def load(source: Source, store: Path, *files: Path, options: Options = ONE_PROCESS) -> loading.Report:
    return loading.load(source, [str(file) for file in files], store, options)


def rows(store: Path, query: str) -> list[dict[str, str]]:
    found = treatkg.open(store).select(query).to_dicts()
    return [{name: str(value) for name, value in row.items()} for row in found]


def record(key: str, version: int) -> str:
    return f"{namespaces.LOAD}test-labels/record/{key}/{version}"


# --- what a load gives


def test_fact_stands_in_a_named_graph_with_its_place_and_its_document(
    source: Source, store: Path, labels: Labels
) -> None:
    load(source, store, labels([DUPIXENT]))
    (row,) = rows(
        store,
        """SELECT ?graph ?drug ?locator ?quote ?title ?hash ?at ?license WHERE {
          GRAPH ?graph { ?fact a tkg:LabelCheck ; tkg:treatment ?drug ; tkg:evidence ?evidence .
            ?evidence tkg:locator ?locator ; tkg:textStart ?from ; tkg:textEnd ?to ; tkg:section/tkg:text ?text ;
              prov:wasDerivedFrom/dcterms:title ?title }
          BIND(SUBSTR(?text, ?from + 1, ?to - ?from) AS ?quote)
          GRAPH ?register { ?graph prov:wasGeneratedBy ?load ; dcterms:license ?license .
            ?load prov:used/tkg:fileDigest ?hash ; prov:endedAtTime ?at } }""",
    )
    assert row["graph"] == f"{namespaces.LOAD}test-labels/2026-01-01"
    assert (row["drug"], row["locator"], row["quote"], row["title"]) == ("dupilumab", "section 4", "None", "Dupixent")
    assert len(str(row["hash"])) == 64
    assert row["license"] == "CC0-1.0"


def test_default_graph_of_the_store_is_the_curated_graph(source: Source, store: Path, labels: Labels) -> None:
    before = resources.TRIPLES.read_bytes()
    load(source, store, labels([DUPIXENT, UNKNOWN]))
    index = ox.Store.read_only(str(store / "index"))
    default = {quad.triple for quad in index.quads_for_pattern(None, None, None, ox.DefaultGraph())}
    assert default == set(graph.parse_file(resources.TRIPLES))
    assert resources.TRIPLES.read_bytes() == before
    assert treatkg.open(store).query("drug-targets", treatment="dupilumab").to_dicts()


def test_what_the_graph_has_no_term_for_is_kept_and_flagged(source: Source, store: Path, labels: Labels) -> None:
    report = load(source, store, labels([UNKNOWN]))
    assert set(report.unmapped) == {("Treatment", "Nosuchumab"), ("Disease", "malignant melanoma of nowhere")}
    found = rows(
        store,
        "SELECT ?name WHERE { GRAPH ?g { [] tkg:treatment|tkg:risk ?x . ?x a tkg:UnmappedTerm ; rdfs:label ?name } }",
    )
    assert {row["name"] for row in found} == {"Nosuchumab", "malignant melanoma of nowhere"}


@pytest.mark.parametrize(
    ("drug", "ids", "expected"),
    [
        ("dupilumab", [], "dupilumab"),
        ("DUPILUMAB", [], "dupilumab"),
        ("Dupixent", [], "dupilumab"),
        ("some other spelling", ["unii:420K487FSG"], "dupilumab"),
        ("some other spelling", ["UNII:420K487FSG", "drugbank:DB12159"], "dupilumab"),
        ("dupilumab", ["unii:AAAAAAAAAA"], "dupilumab"),
        ("Opzelura", [], "ruxolitinib-cream"),
        ("ruxolitinib", [], "ruxolitinib"),
    ],
)
def test_names_and_identifiers_find_the_graphs_own_term(
    source: Source, store: Path, labels: Labels, drug: str, ids: list[str], expected: str
) -> None:
    load(source, store, labels([{**DUPIXENT, "drug": drug, "ids": ids}]))
    assert {row["drug"] for row in rows(store, "SELECT ?drug WHERE { GRAPH ?g { ?f tkg:treatment ?drug } }")} == {
        expected
    }


def test_report_counts_records_facts_and_reasons(source: Source, store: Path, labels: Labels) -> None:
    report = load(source, store, labels([DUPIXENT, UNKNOWN, {**DUPIXENT, "set": "s3", "draft": True}]))
    assert (report.records, report.documents, report.new) == (3, 2, 2)
    assert report.facts == {"LabelCheck": 2, "BoxedWarning": 1}
    assert report.skipped == {"a draft": 1}
    assert "a draft" in "\n".join(report.lines())


# --- again, newer, older


def test_same_file_twice_changes_nothing(source: Source, store: Path, labels: Labels) -> None:
    file = labels([DUPIXENT, UNKNOWN])
    load(source, store, file)
    before = statements(store), statements(store, register=True)
    report = load(source, store, file)
    assert report.files_known == 1
    assert (statements(store), statements(store, register=True)) == before


def test_same_document_in_another_file_is_not_doubled(source: Source, store: Path, labels: Labels) -> None:
    load(source, store, labels([DUPIXENT]))
    before = statements(store)
    report = load(source, store, labels([DUPIXENT], "later.jsonl", release="2026-03-01"))
    assert (report.new, report.unchanged) == (0, 1)
    assert statements(store) == before


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_newer_version_supersedes_in_whichever_order_they_come(
    source: Source, store: Path, labels: Labels, order: tuple[int, int]
) -> None:
    files = [labels([DUPIXENT], "a.jsonl"), labels([NEWER], "b.jsonl", release="2026-02-02")]
    for number in order:
        load(source, store, files[number])
    assert rows(store, SUPERSEDED) == [{"old": record("s1", 1), "new": record("s1", 2), "on": "2026-02-01"}]
    current = rows(
        store,
        "SELECT ?of WHERE { GRAPH ?g { ?f a tkg:LabelCheck ; tkg:evidence/prov:wasDerivedFrom ?of } "
        "FILTER NOT EXISTS { GRAPH ?register { ?of prov:invalidatedAtTime ?day } } }",
    )
    assert current == [{"of": record("s1", 2)}]


def test_known_version_with_other_content_stays_unless_it_is_to_be_replaced(
    source: Source, store: Path, labels: Labels
) -> None:
    load(source, store, labels([DUPIXENT]))
    other = labels([{**DUPIXENT, "finding": "OnlyHypersensitivityListed"}], "other.jsonl")
    report = load(source, store, other)
    assert (report.new, report.unchanged, report.kept) == (0, 0, 1)
    assert not any("OnlyHypersensitivityListed" in line for line in statements(store))
    load(source, store, other, options=Options(jobs=1, check=loading.Check.NONE, replace=True))
    assert any("OnlyHypersensitivityListed" in line for line in statements(store))
    assert not any("NoneListed" in line for line in statements(store))


def test_changed_loader_reads_its_file_anew(folder: Path, store: Path, labels: Labels) -> None:
    file = labels([DUPIXENT])
    load(loading.find(str(folder)), store, file)
    changed = folder.with_name("changed")
    folder.rename(changed)
    code = (changed / "transform.py").read_text().replace('"none listed"', '"nothing is listed"')
    (changed / "transform.py").write_text(code)
    report = load(loading.find(str(changed)), store, file)
    assert report.files_known == 0
    assert any("nothing is listed" in line for line in statements(store))
    assert not any('"none listed"' in line for line in statements(store))


def test_what_a_newer_whole_release_lacks_has_ended(source: Source, store: Path, whole: Labels) -> None:
    load(source, store, whole([DUPIXENT, UNKNOWN], "january.json", "2026-01-31"))
    report = load(source, store, whole([DUPIXENT], "february.json", "2026-02-28"))
    assert (report.unchanged, report.ended) == (1, 1)
    ended = rows(store, "SELECT ?it ?on WHERE { GRAPH ?register { ?it prov:invalidatedAtTime ?on } }")
    assert ended == [{"it": record("s2", 7), "on": "2026-02-28"}]
    load(source, store, whole([DUPIXENT, UNKNOWN], "march.json", "2026-03-31"))
    assert not rows(store, "SELECT ?it WHERE { GRAPH ?register { ?it prov:invalidatedAtTime ?on } }")


def test_older_whole_release_that_comes_later_ends_nothing_that_the_newer_has(
    source: Source, store: Path, whole: Labels
) -> None:
    load(source, store, whole([DUPIXENT, UNKNOWN], "february.json", "2026-02-28"))
    report = load(source, store, whole([DUPIXENT], "january.json", "2026-01-31"))
    assert (report.unchanged, report.ended) == (1, 0)
    assert not rows(store, "SELECT ?it WHERE { GRAPH ?register { ?it prov:invalidatedAtTime ?on } }")


def test_superseded_document_that_a_newer_release_lacks_ended_once(source: Source, store: Path, whole: Labels) -> None:
    load(source, store, whole([DUPIXENT, UNKNOWN], "january.json", "2026-01-31"))
    load(source, store, whole([NEWER, UNKNOWN], "february.json", "2026-02-28"))
    load(source, store, whole([UNKNOWN], "march.json", "2026-03-31"))
    found = rows(store, "SELECT ?it ?on WHERE { GRAPH ?register { ?it prov:invalidatedAtTime ?on } } ORDER BY ?it")
    assert found == [
        {"it": record("s1", 1), "on": "2026-02-01"},
        {"it": record("s1", 2), "on": "2026-03-31"},
    ]


def test_part_of_a_whole_release_ends_nothing(source: Source, store: Path, whole: Labels) -> None:
    load(source, store, whole([DUPIXENT, UNKNOWN], "january.json", "2026-01-31"))
    report = load(
        source,
        store,
        whole([DUPIXENT, UNKNOWN], "february.json", "2026-02-28"),
        options=Options(jobs=1, check=loading.Check.NONE, limit=1),
    )
    assert report.ended == 0


@given(st.permutations(["1", "2", "9", "10", "2.9", "2.10", "0012"]))
def test_versions_sort_as_numbers(versions: list[str]) -> None:
    assert sorted(versions, key=natural) == sorted(["1", "2", "2.9", "2.10", "9", "10", "0012"], key=natural)
    assert sorted(["998", "1560", "2.10", "2.9"], key=natural) == ["2.9", "2.10", "998", "1560"]


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_order_and_division_into_files_do_not_matter(
    source: Source, labels: Labels, tmp_path: Path, data: st.DataObject
) -> None:
    made = [{"set": f"s{n % 4}", "version": n, "drug": "Adbry", "date": f"2026-01-{n + 1:02}"} for n in range(8)]
    shuffled = data.draw(st.permutations(made))
    cut = data.draw(st.integers(0, 8))
    number = data.draw(st.uuids())
    one, two = tmp_path / f"{number}-one", tmp_path / f"{number}-two"
    load(source, one, labels(made, f"{number}-all.jsonl"))
    parts = [
        labels(part, f"{number}-{name}.jsonl") for name, part in (("x", shuffled[:cut]), ("y", shuffled[cut:])) if part
    ]
    load(source, two, *parts)
    assert statements(one) == statements(two)
    assert rows(one, SUPERSEDED + " ORDER BY ?old") == rows(two, SUPERSEDED + " ORDER BY ?old")


# --- on several cores, interrupted, failing


def many(count: int) -> list[dict[str, object]]:
    return [{"set": f"s{n}", "version": 1, "drug": f"Drug {n % 7}", "date": "2026-01-01"} for n in range(count)]


@pytest.mark.slow
def test_one_process_and_two_give_the_same(source: Source, tmp_path: Path, labels: Labels) -> None:
    file = labels(many(staging.BATCH * 3 + 5))
    alone, together = tmp_path / "alone", tmp_path / "together"
    both = Options(jobs=2, check=loading.Check.SAMPLE)
    reports = [load(source, alone, file, options=replace(both, jobs=1)), load(source, together, file, options=both)]
    assert statements(alone) == statements(together)
    assert reports[0] == reports[1]


def test_failing_file_leaves_the_store_as_it_was_and_names_the_line(
    source: Source, store: Path, labels: Labels
) -> None:
    load(source, store, labels([DUPIXENT]))
    before = statements(store), statements(store, register=True)
    bad = labels([NEWER], "bad.jsonl")
    bad.write_text(bad.read_text() + '{"set": "s9", "drug": \n')
    with pytest.raises(BadInputError, match=r"bad\.jsonl:2: not valid JSON"):
        load(source, store, bad)
    assert (statements(store), statements(store, register=True)) == before


def test_what_was_loaded_before_the_failing_file_stays(source: Source, store: Path, labels: Labels) -> None:
    good, bad = labels([DUPIXENT], "a.jsonl"), labels([NEWER], "b.jsonl")
    bad.write_text(bad.read_text() + "nonsense\n")
    with pytest.raises(BadInputError):
        load(source, store, good, bad)
    assert [row["of"] for row in rows(store, "SELECT ?of WHERE { GRAPH ?g { ?of a tkg:SourceRecord } }")] == [
        record("s1", 1)
    ]


@pytest.mark.slow
def test_killed_at_any_moment_the_store_is_whole_and_the_load_goes_on(
    source: Source, folder: Path, tmp_path: Path, labels: Labels
) -> None:
    old, new = labels(many(20), "old.jsonl"), labels(many(staging.BATCH * 6), "new.jsonl", release="2026-06-01")
    expected = tmp_path / "expected"
    load(source, expected, old, new)
    store = tmp_path / "store"
    load(source, store, old)
    first = statements(store)
    chance = random.Random(11)  # noqa: S311 (not for secrets)
    command = [
        sys.executable,
        "-m",
        "treatkg",
        "load",
        str(folder),
        str(new),
        "--to",
        str(store),
        "--jobs",
        "1",
        "--quiet",
    ]
    for _ in range(4):
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(chance.uniform(0.3, 4))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        treatkg.open(store)
        assert statements(store) in (first, statements(expected))
    load(source, store, new)
    assert statements(store) == statements(expected)


def test_interrupted_load_takes_up_the_parts_that_are_there(
    source: Source, store: Path, labels: Labels, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = labels(many(staging.BATCH * 3))
    ran: list[int] = []
    run = staging.Worker.run

    def counting(self: staging.Worker, number: int, batch: list[Record]) -> tuple[bytes, loading.Report]:
        ran.append(number)
        if len(ran) == 3:
            raise KeyboardInterrupt
        return run(self, number, batch)

    monkeypatch.setattr(staging.Worker, "run", counting)
    with pytest.raises(KeyboardInterrupt):
        load(source, store, file)
    load(source, store, file)
    assert ran == [0, 1, 2, 2]
    assert len({line for line in statements(store) if "SourceRecord" in line}) == staging.BATCH * 3


def test_index_that_a_crash_left_behind_is_completed_at_the_next_opening(
    source: Source, store: Path, labels: Labels
) -> None:
    load(source, store, labels([DUPIXENT]))
    before = statements(store)
    with opened(store) as register:
        register.set_state("index", "writing")
    ox.Store(str(store / "index")).clear()
    treatkg.open(store)
    assert statements(store) == before


def test_second_writer_is_told_who_writes(source: Source, store: Path, labels: Labels) -> None:
    load(source, store, labels([DUPIXENT]))
    context = multiprocessing.get_context("fork")
    ready, done = context.Event(), context.Event()

    def hold() -> None:
        with opened(store):
            ready.set()
            done.wait(20)

    other = context.Process(target=hold)
    other.start()
    try:
        assert ready.wait(20)
        with pytest.raises(StorageError, match=f"process {other.pid} writes to the store"):
            load(source, store, labels([NEWER], "b.jsonl"))
    finally:
        done.set()
        other.join()
    assert load(source, store, labels([NEWER], "b.jsonl")).new == 1


# --- what is wrong


def test_other_layout_is_refused_with_what_is_read(source: Source, store: Path, tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text('{"results": []}')
    with pytest.raises(BadInputError, match=r"other\.json: not a file of Labels of the tests.*one label a line"):
        load(source, store, file)
    assert not store.exists()


def test_known_old_layout_is_refused_by_name(source: Source, store: Path, labels: Labels) -> None:
    with pytest.raises(BadInputError, match="the layout of 2001 is no longer read"):
        load(source, store, labels([{"old_set": 1}]))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {**DUPIXENT, "finding": "NoneListd"},
            r'labels\.jsonl: line 1: checkFinding: the ontology has no "NoneListd"; did you mean',
        ),
        ({**DUPIXENT, "date": "yesterday"}, "line 1.*date"),
        ({"set": "s1", "drug": "x"}, "line 1: not as the loader knows the source .KeyError: 'version'"),
        ({**DUPIXENT, "drug": ["a"]}, "line 1: not as the loader knows the source"),
    ],
)
def test_record_that_is_not_of_the_model_ends_the_load_with_its_line(
    source: Source, store: Path, labels: Labels, row: dict[str, object], message: str
) -> None:
    with pytest.raises(TransformError, match=message):
        load(source, store, labels([row]))
    with opened(store) as register:
        assert register.loads() == []


@pytest.mark.parametrize("check", [loading.Check.ALL, loading.Check.SAMPLE])
def test_document_with_a_violation_is_left_out_and_told(
    source: Source, store: Path, labels: Labels, check: loading.Check
) -> None:
    backwards = {**DUPIXENT, "set": "s5", "start": 9999}
    report = load(source, store, labels([DUPIXENT, UNKNOWN, backwards]), options=Options(jobs=1, check=check))
    assert report.checked >= 2
    if check is loading.Check.ALL:
        assert (report.documents, sum(report.findings.values())) == (2, 1)
        assert "textStart is one offset, not after textEnd." in report.findings
        assert not any("record/s5/" in line for line in statements(store))


def test_of_many_files_few_are_checked(source: Source, store: Path, labels: Labels) -> None:
    files = [labels([{**DUPIXENT, "set": f"s{number}"}], f"{number}.jsonl") for number in range(20)]
    report = load(source, store, *files, options=Options(jobs=1, check=loading.Check.SAMPLE))
    assert (report.documents, report.checked) == (20, 10)


def test_folder_with_something_else_is_no_store(source: Source, tmp_path: Path, labels: Labels) -> None:
    other = tmp_path / "documents"
    other.mkdir()
    (other / "letter.txt").write_text("dear")
    with pytest.raises(BadInputError, match="not a store, and not empty"):
        load(source, other, labels([DUPIXENT]))
    assert [path.name for path in other.iterdir()] == ["letter.txt"]


def test_broken_register_is_told(source: Source, store: Path, labels: Labels) -> None:
    load(source, store, labels([DUPIXENT]))
    for path in store.glob("registry.sqlite*"):
        path.write_bytes(b"this is no database, and long enough to be seen as none" * 100)
    with pytest.raises((BadInputError, StorageError), match=r"registry\.sqlite|the store cannot be written"):
        load(source, store, labels([NEWER], "b.jsonl"))


def test_process_that_dies_is_a_limit(source: Source, folder: Path, store: Path, labels: Labels) -> None:
    code = (folder / "transform.py").read_text()
    (folder / "transform.py").write_text(code + "\nimport os\n\n\ndef transform(record):\n    os._exit(1)\n    yield\n")
    with pytest.raises(LimitError, match="a process of the load ended"):
        load(loading.find(str(folder)), store, labels(many(staging.BATCH + 1)), options=Options(jobs=2))


def test_register_is_sqlite_that_others_can_read(source: Source, store: Path, labels: Labels) -> None:
    load(source, store, labels([DUPIXENT]))
    with sqlite3.connect(store / "registry.sqlite") as database:
        assert database.execute("SELECT source, version FROM loads").fetchall() == [("test-labels", "2026-01-01")]
        report = json.loads(database.execute("SELECT report FROM loads").fetchone()[0])
    assert report["facts"] == {"LabelCheck": 1}


def test_undated_document_does_not_end_a_dated_one(source: Source, store: Path, labels: Labels) -> None:
    load(source, store, labels([DUPIXENT]))
    undated = {name: value for name, value in DUPIXENT.items() if name != "date"}
    load(source, store, labels([{**undated, "version": 9}], "projected.jsonl", release="2026-09-09"))
    assert rows(store, SUPERSEDED) == [{"old": record("s1", 9), "new": record("s1", 1), "on": "2026-01-01"}]


def test_newer_whole_release_corrects_a_version_that_kept_its_number(
    source: Source, store: Path, whole: Labels
) -> None:
    load(source, store, whole([DUPIXENT, UNKNOWN], "january.json", "2026-01-31"))
    corrected = {**DUPIXENT, "finding": "OnlyHypersensitivityListed"}
    report = load(source, store, whole([corrected, UNKNOWN], "february.json", "2026-02-28"))
    assert (report.new, report.unchanged, report.kept) == (1, 1, 0)
    checks = rows(
        store, "SELECT ?g ?found WHERE { GRAPH ?g { ?f tkg:checkFinding ?found ; tkg:treatment <dupilumab> } }"
    )
    assert checks == [{"g": f"{namespaces.LOAD}test-labels/2026-02-28", "found": "tkg:OnlyHypersensitivityListed"}]
    older = load(source, store, whole([DUPIXENT], "december.json", "2025-12-31"))
    assert (older.new, older.kept) == (0, 1)


def test_day_of_the_download_makes_no_other_content(source: Source, store: Path, labels: Labels) -> None:
    load(source, store, labels([DUPIXENT]))
    again = labels([DUPIXENT], "again.jsonl", release="2026-03-01")
    os.utime(again, (1_800_000_000, 1_800_000_000))
    report = load(source, store, again)
    assert (report.new, report.unchanged, report.kept) == (0, 1, 0)


def test_same_file_under_another_check_is_known(source: Source, store: Path, labels: Labels) -> None:
    file = labels([DUPIXENT, UNKNOWN])
    load(source, store, file)
    report = load(source, store, file, options=Options(jobs=1, check=loading.Check.ALL))
    assert (report.new, report.unchanged, report.kept, report.superseding) == (0, 2, 0, 0)
    assert len(rows(store, "SELECT ?of WHERE { GRAPH ?g { ?of a tkg:SourceRecord } }")) == 2
