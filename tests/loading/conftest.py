"""A source of our own for the tests of the engine: labels of products, one JSON object a line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from treatkg import graph, loading, namespaces, resources
from treatkg.loading import running
from treatkg.loading.resolving import Resolver
from treatkg.loading.source import Source

DESCRIPTION = """
id: test-labels
title: Labels of the tests
publisher: The tests
homepage: https://example.org/labels
license: CC0-1.0
updates: never
sourceType: PrescribingInformation
evidenceType: ECO:0006155
gives: [LabelCheck, BoxedWarning, Indication]
formats:
  - name: lines
    title: one label a line (JSON)
    reader: jsonl
    recognise: {keys: [set, drug]}
    version: release
    complete: false
  - name: whole
    title: all labels (JSON)
    reader: json
    options: {records: labels.item}
    recognise: {paths: [labels.item.set, release]}
    version: release
    complete: true
refuse:
  - reader: jsonl
    recognise: {keys: [old_set]}
    reason: the layout of 2001 is no longer read; export it again
"""
TRANSFORM = """
from treatkg.loading.items import Document, Fact, Mention, Passage, Section, Skip


def transform(record):
    row = record.data
    if row.get("draft"):
        yield Skip("a draft")
        return
    yield Document(row["set"], row["drug"], version=str(row["version"]), date=row.get("date", ""))
    text = row.get("text", "4 CONTRAINDICATIONS None.")
    yield Section("contraindications", "ContraindicationsText", "section 4", text)
    drug = Mention("Treatment", [row["drug"]], row.get("ids", []))
    values = {"treatment": drug, "jurisdiction": "US", "observedOn": row.get("date", "2026-01-01")}
    if "None" in text:
        start = text.index("None")
        passage = Passage("section 4", "None", "contraindications", row.get("start", start), start + 4)
        check = {"checkedSection": "ContraindicationsSection", "checkFinding": row.get("finding", "NoneListed")}
        yield Fact("LabelCheck", "check", "none listed", {**values, **check}, [passage])
    for number, risk in enumerate(row.get("risks", [])):
        of = {**values, "risk": Mention("Disease", [risk])}
        yield Fact("BoxedWarning", f"boxed/{number}", risk, of, [Passage("box")])
"""
Rows = list[dict[str, Any]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of the loader."""
    path = tmp_path / "test-labels"
    path.mkdir()
    (path / "source.yaml").write_text(DESCRIPTION)
    (path / "transform.py").write_text(TRANSFORM)
    return path


@pytest.fixture
def source(folder: Path) -> Source:
    return loading.find(str(folder))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def labels(tmp_path: Path) -> Callable[..., Path]:
    """Return what writes a file of labels."""

    def write(rows: Rows, name: str = "labels.jsonl", release: str = "2026-01-01") -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps({"release": release, **row}) + "\n" for row in rows))
        return path

    return write


@pytest.fixture
def whole(tmp_path: Path) -> Callable[..., Path]:
    """Return what writes a file that holds all labels of a release."""

    def write(rows: Rows, name: str, release: str) -> Path:
        path = tmp_path / name
        path.write_text(json.dumps({"release": release, "labels": rows}))
        return path

    return write


@pytest.fixture(scope="session")
def curated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Resolver, dict[str, frozenset[str]]]]:
    """Return a slice of the curated graph, and the terms of the whole."""
    slice_ = tmp_path_factory.mktemp("curated") / "triples.ttl"
    wanted = tuple(namespaces.BASE + name for name in ("dupilumab", "ruxolitinib"))
    triples = [t for t in graph.parse_file(resources.TRIPLES) if graph.iri_of(t.subject).startswith(wanted)]
    slice_.write_bytes(graph.canonical_turtle(triples))
    return slice_, running.known_terms()


@pytest.fixture(autouse=True)
def _curated_graph_is_small(
    monkeypatch: pytest.MonkeyPatch, curated: tuple[Path, tuple[Resolver, dict[str, frozenset[str]]]]
) -> None:
    """Index a slice of the curated graph alone, and read its names once; what the tests are about is the same."""
    monkeypatch.setattr(running, "known_terms", lambda: curated[1])
    monkeypatch.setattr(resources, "TRIPLES", curated[0])


def statements(store: Path, *, register: bool = False) -> set[str]:
    """Return the loaded statements as N-Quads; those of the register, which hold the time of the load, if asked."""
    index = ox.Store.read_only(str(store / "index"))
    return {
        str(quad)
        for name in index.named_graphs()
        if register == str(name).endswith("/register>")
        for quad in index.quads_for_pattern(None, None, None, name)
    }
