"""The build: reproducible, checked, and never leaving a half-written graph."""

import os
import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest

from treatkg import build, graph, java, namespaces, reasoning, resources
from treatkg.errors import BadInputError, ReasonerError, StorageError
from treatkg.validation import Finding, Report


def triple(subject: str, predicate: str, value: str) -> ox.Triple:
    return ox.Triple(*(ox.NamedNode(namespaces.expand(name)) for name in (subject, predicate, value)))


@pytest.mark.slow
def test_committed_graph_is_what_the_curated_files_give() -> None:
    built = build.build()
    assert not built.report.violations
    build.check_drift(built)


@pytest.mark.slow
def test_build_does_not_depend_on_hash_seed_locale_or_time_zone() -> None:
    """The test above builds with a random seed and the locale and zone of the machine; the checks change no byte."""
    code = "import sys, treatkg.build as b; b.validation.validate = id; sys.stdout.buffer.write(b.build().content)"
    environment = {**os.environ, "PYTHONHASHSEED": "2", "LC_ALL": "C", "TZ": "Asia/Tokyo"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)
    assert done.stdout == resources.TRIPLES.read_bytes()


def test_drift_is_reported_with_the_statements_that_differ(tmp_path: Path) -> None:
    new = [triple("a", "tkg:hasTarget", "uniprot:P24394")]
    old = [triple("a", "tkg:hasTarget", "uniprot:P05112")]
    committed = tmp_path / "triples.ttl"
    committed.write_bytes(graph.canonical_turtle(old))
    built = build.Built(graph.canonical_turtle(new), 1, 0, Report((), 1, 0, 0))
    with pytest.raises(build.DriftError, match=r"1 statements too many, 1 missing") as caught:
        build.check_drift(built, committed)
    assert "P05112" in str(caught.value)
    assert "P24394" in str(caught.value)


def test_graph_with_violations_is_not_written(tmp_path: Path) -> None:
    finding = Finding("Violation", "mend it", "a", "", "check", "")
    built = build.Built(b"new", 1, 0, Report((finding,), 1, 0, 0))
    target = tmp_path / "triples.ttl"
    target.write_bytes(b"old")
    with pytest.raises(BadInputError, match="1 violations"):
        build.write(built, target)
    assert target.read_bytes() == b"old"


def test_failed_write_leaves_the_previous_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "triples.ttl"
    target.write_bytes(b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left on device"):
        graph.write_atomically(target, b"new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("triples.ttl", b"old")]


def test_graph_has_no_blank_nodes_and_one_canonical_form() -> None:
    triples = list(graph.parse_file(resources.TRIPLES))
    assert not any(isinstance(term, ox.BlankNode) for t in triples for term in (t.subject, t.object))
    assert graph.canonical_turtle(reversed(triples)) == resources.TRIPLES.read_bytes()


@pytest.mark.slow
def test_reasoner_fills_the_defined_classes(inferred: frozenset[ox.Triple]) -> None:
    expected = {
        ("dupilumab", "tkg:Interleukin4PathwayBlocker"),
        ("dupilumab", "tkg:Interleukin13PathwayBlocker"),
        ("tralokinumab", "tkg:Interleukin13PathwayBlocker"),
        ("nemolizumab", "tkg:Interleukin31PathwayBlocker"),
        ("lebrikizumab", "tkg:Biologic"),
        ("prednisone", "tkg:SystemicTreatment"),
        ("prednisone", "tkg:GlucocorticoidReceptorAgonist"),
        ("emollients", "tkg:TopicalTreatment"),
    }
    absent = {
        ("tralokinumab", "tkg:Interleukin4PathwayBlocker"),
        ("nemolizumab", "tkg:Interleukin13PathwayBlocker"),
        ("prednisone", "tkg:Biologic"),
        ("emollients", "tkg:SystemicTreatment"),
    }
    found = {
        (namespaces.shorten(graph.iri_of(t.subject)), namespaces.shorten(graph.iri_of(t.object))) for t in inferred
    }
    assert expected <= found
    assert not absent & found


@pytest.mark.slow
def test_negative_mechanism_is_kept_from_the_reasoner(asserted: frozenset[ox.Triple]) -> None:
    fact = "tralokinumab/mechanism/test"
    negative = {
        triple(fact, "rdf:type", "tkg:MechanismOfAction"),
        triple(fact, "tkg:treatment", "tralokinumab"),
        triple(fact, "tkg:blocksSignallingOf", "uniprot:P05112"),
        triple(fact, "tkg:polarity", "tkg:Negative"),
    }
    found = reasoning.classify(asserted | negative)
    assert triple("tralokinumab", "rdf:type", "tkg:Interleukin4PathwayBlocker") not in found


def test_missing_java_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREATKG_JAVA", "/nowhere/java")
    with pytest.raises(ReasonerError, match=r"treatkg\[java\]"):
        java.find_java()
