"""Releases as files: dated, checksummed, never written twice; older ones beside the graph."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import treatkg
from treatkg import resources
from treatkg.errors import BadInputError, StorageError, UsageError
from treatkg.releases import release

ROOT = Path(__file__).parents[2]
COUNT = "SELECT ?release (COUNT(?fact) AS ?facts) WHERE { GRAPH ?release { ?fact a tkg:Fact } } GROUP BY ?release"


def run(*arguments: str, source: Path = ROOT / "src", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(source)}
    command = [sys.executable, "-m", "treatkg", *arguments]
    return subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an older release, without the licences of lebrikizumab."""
    folder = tmp_path_factory.mktemp("older")
    text = resources.TRIPLES.read_text(encoding="utf-8").replace("release/0.1.0>", "release/0.0.9>")
    lines = text.replace('schema:version "0.1.0"', 'schema:version "0.0.9"')
    (folder / "treatkg.ttl").write_text(lines, encoding="utf-8")
    return folder


def test_older_releases_are_named_graphs(older: Path, kg: treatkg.Knowledge) -> None:
    both = treatkg.open(releases=[older])
    rows = both.select(COUNT).to_dicts()
    assert rows == [{"release": "https://w3id.org/treatkg/release/0.0.9", "facts": kg.counts()["fact"]}]
    assert both.counts() == kg.counts()


def test_older_releases_on_the_command_line(older: Path) -> None:
    done = run("sparql", COUNT, "--release", str(older), "-f", "csv")
    assert done.stdout.splitlines()[1].startswith("https://w3id.org/treatkg/release/0.0.9,")


def test_what_is_no_release(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"treatkg\.ttl"):
        treatkg.open(releases=[tmp_path])
    (tmp_path / "treatkg.ttl").write_text("<a> <b> <c> .", encoding="utf-8")
    with pytest.raises(BadInputError, match="names no versionIRI"):
        treatkg.open(releases=[tmp_path])
    with pytest.raises(UsageError, match="not beside an endpoint"):
        treatkg.open("http://127.0.0.1:9/sparql", releases=[tmp_path])


def test_a_release_is_of_the_version_of_the_graph(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"the graph is version 0\.1\.0, not 7\.0\.0"):
        release("7.0.0", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_release_follows_the_one_that_its_header_names(older: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is version 0\.0\.9, and the header names no release"):
        release("0.1.0", tmp_path / "out", prior=older)


def test_a_release_is_never_written_twice(tmp_path: Path) -> None:
    (tmp_path / "treatkg.ttl").write_text("before", encoding="utf-8")
    with pytest.raises(UsageError, match="never written twice"):
        release("0.1.0", tmp_path)
    assert (tmp_path / "treatkg.ttl").read_text(encoding="utf-8") == "before"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["release", "7.0.0"], 2, "not 7.0.0"),
        (["diff", "/no/such/file.ttl"], 5, "/no/such/file.ttl"),
        (["diff", "pyproject.toml"], 5, "pyproject.toml"),
        (["diff", "tests"], 5, "tests/treatkg.ttl"),
        (["diff"], 2, "Missing argument"),
    ],
)
def test_what_is_refused(arguments: list[str], code: int, said: str) -> None:
    done = run(*arguments, cwd=ROOT)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_release_and_the_next(tmp_path: Path) -> None:
    """In a copy of the project: build, release, edit the header and a fact, build, release again."""
    project = tmp_path / "project"
    for part in ("src", "ontology", "data", "shapes", "queries"):
        shutil.copytree(ROOT / part, project / part, ignore=shutil.ignore_patterns("__pycache__"))
    header = project / "data" / "curated" / "dataset.yaml"
    text = header.read_text(encoding="utf-8")
    next_version = text.replace("0.1.0", "0.2.0") + "priorVersion: https://w3id.org/treatkg/release/0.1.0\n"
    header.write_text(next_version, encoding="utf-8")
    drug = project / "data" / "curated" / "treatments" / "tapinarof.yaml"
    drug.write_text(drug.read_text(encoding="utf-8").replace("label: ", "note: A note.\nlabel: ", 1), encoding="utf-8")

    stale = run("release", "0.2.0", "--prior", str(ROOT / "data" / "triples.ttl"), source=project / "src", cwd=tmp_path)
    assert (stale.returncode, "the graph is version 0.1.0" in stale.stderr) == (2, True)
    assert run("build", source=project / "src").returncode == 0
    arguments = ("release", "0.2.0", "--prior", str(ROOT / "data" / "triples.ttl"))
    done = run(*arguments, source=project / "src", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "dist" / "treatkg-0.2.0"
    checked = subprocess.run(["sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS"], cwd=folder, check=False)
    assert checked.returncode == 0
    listed = (folder / "SHA256SUMS").read_text(encoding="utf-8").count("\n")
    assert listed == sum(file.is_file() for file in folder.rglob("*")) - 1
    changes = (folder / "CHANGES.md").read_text(encoding="utf-8")
    assert "tapinarof" in changes
    assert "note added: A note." in changes
    (row,) = treatkg.open(folder).select(
        "SELECT ?release ?prior WHERE { <dataset> owl:versionIRI ?release ; owl:priorVersion ?prior }"
    )
    assert row == tuple(f"https://w3id.org/treatkg/release/{version}" for version in ("0.2.0", "0.1.0"))
