"""`treatkg load` as people type it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest

ROW = {"release": "2026-01-01", "set": "s1", "version": 1, "drug": "Dupixent", "date": "2026-01-01"}
Typed = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def typed(tmp_path: Path) -> Typed:
    """Return what runs the command line in a folder of its own, with a store of its own as default."""

    def run(*words: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "TREATKG_STORE": str(tmp_path / "default-store"), "COLUMNS": "120"}
        command = [sys.executable, "-m", "treatkg", *map(str, words)]
        return subprocess.run(
            command, input=stdin, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment
        )

    return run


@pytest.fixture
def file(labels: Callable[..., Path]) -> Path:
    return labels([ROW, {**ROW, "set": "s2", "draft": True}])


def test_load_prints_its_report_and_the_store_can_be_asked(
    typed: Typed, folder: Path, file: Path, tmp_path: Path
) -> None:
    done = typed("load", folder, file, "--to", "st")
    assert done.returncode == 0, done.stderr
    assert "2 records read, 1 documents" in done.stdout
    assert "a draft" in done.stdout
    assert "labels.jsonl" in done.stderr
    asked = typed(
        "sparql", "SELECT ?d { GRAPH ?g { ?f a tkg:LabelCheck ; tkg:treatment ?d } }", "--on", "st", "-f", "csv"
    )
    assert asked.stdout.splitlines()[1].endswith("dupilumab")
    assert "labels.jsonl" in typed("query", "loaded-sources", "--on", "st", "-f", "csv").stdout
    assert "labels.jsonl" in typed("load", "--list", "--to", "st").stdout
    assert not (tmp_path / "default-store").exists()


def test_standard_input_pattern_and_default_store(typed: Typed, folder: Path, file: Path, tmp_path: Path) -> None:
    piped = typed("load", folder, "-", "--json", stdin=file.read_text())
    assert json.loads(piped.stdout)["documents"] == 1, piped.stderr
    again = typed("load", folder, "*.jsonl", "--json")
    assert json.loads(again.stdout)["files_known"] == 1, again.stderr
    assert (tmp_path / "default-store" / "registry.sqlite").exists()


def test_dry_run_keeps_nothing_and_out_writes_a_file_alone(
    typed: Typed, folder: Path, file: Path, tmp_path: Path
) -> None:
    assert "1 documents" in typed("load", folder, file, "--dry-run").stdout
    assert typed("load", folder, file, "--out", "facts.nq").returncode == 0
    assert not (tmp_path / "default-store").exists()
    quads = list(ox.parse(path=str(tmp_path / "facts.nq"), format=ox.RdfFormat.N_QUADS))
    graphs = {str(quad.graph_name) for quad in quads}
    assert graphs == {
        "<https://w3id.org/treatkg/load/test-labels/2026-01-01>",
        "<https://w3id.org/treatkg/load/register>",
    }


def test_limit_version_and_day(typed: Typed, folder: Path, file: Path) -> None:
    typed("load", folder, file, "--to", "st", "--limit", 1, "--version", "2020-02-02", "--retrieved", "2020-03-03")
    row = typed("query", "loaded-sources", "--on", "st", "-f", "csv").stdout
    assert "test-labels/2020-02-02" in row
    assert "2020-03-03" in row


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["load"], 2, "say what to load"),
        (["load", "nothing-of-this-name", "x"], 2, 'no source "nothing-of-this-name"'),
        (["load", "FOLDER"], 2, "say what to load"),
        (["load", "FOLDER", "missing.json"], 2, "missing.json: no such file or folder"),
        (["load", "FOLDER", "FILE", "--retrieved", "tomorrow"], 2, "takes a date such as"),
        (["load", "FOLDER", "FILE", "--retrieved", "2026-02-30"], 2, "takes a date such as"),
        (["load", "FOLDER", "FILE", "--to", "a", "--out", "b"], 2, "give one of them"),
        (["load", "FOLDER", "FOLDER/source.yaml"], 3, "not a file of Labels of the tests"),
        (["load", "--list", "--to", "nowhere"], 3, "not a store"),
        (["load", "FOLDER", "FILE", "--out", "no/such/folder/x.nq"], 5, "cannot be written"),
        (["query", "mechanisms-compared"], 2, "compares the graph with loaded sources"),
    ],
)
def test_wrong_call_is_told_with_an_exit_code(
    typed: Typed, folder: Path, file: Path, words: list[str], code: int, message: str
) -> None:
    given = [word.replace("FOLDER", str(folder)).replace("FILE", str(file)) for word in words]
    done = typed(*given)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert message in done.stderr


def test_list_names_every_source_with_its_licence_and_formats(typed: Typed) -> None:
    listed = typed("load", "--list").stdout
    assert "SSSOM" in listed
    assert "CC0" in listed


def test_online_asks_the_endpoint_of_the_source_and_loads_its_answers(
    typed: Typed, serve: Callable[[Path], str], tmp_path: Path
) -> None:
    url = serve(Path(__file__).parents[1] / "loaders" / "data" / "wikidata" / "slice.ttl")
    done = typed("load", "wikidata", "--online", "--endpoint", url, "--to", "st", "--json")
    assert json.loads(done.stdout)["facts"]["Association"] > 2, done.stderr
    (saved,) = (tmp_path / "answers").glob("wikidata*")
    again = typed("load", "wikidata", saved, "--to", "st", "--json")
    assert json.loads(again.stdout)["files_known"] == 1, again.stderr


def test_online_needs_a_source_with_an_endpoint(typed: Typed, folder: Path, file: Path) -> None:
    alone = typed("load", folder, "--online")
    assert (alone.returncode, "has no endpoint to ask" in alone.stderr) == (2, True)
    both = typed("load", folder, file, "--online")
    assert (both.returncode, "give one of them" in both.stderr) == (2, True)
