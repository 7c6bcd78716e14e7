"""The Python interface: one graph, embedded or behind an endpoint, asked alike."""

from __future__ import annotations

from pathlib import Path

import pytest
import rdflib
from rdflib.namespace import RDFS

import treatkg
from treatkg.errors import StorageError, UsageError

DUPILUMAB = rdflib.URIRef("https://w3id.org/treatkg/id/dupilumab")


@pytest.fixture(scope="module")
def remote(kg: treatkg.Knowledge, server_url: str) -> treatkg.Knowledge:
    return kg.endpoint(f"{server_url}/sparql")


def test_the_graph_for_rdflib(kg: treatkg.Knowledge) -> None:
    assert len(kg.graph) == kg.counts()["triples"]
    assert kg.graph.value(DUPILUMAB, RDFS.label) == rdflib.Literal("dupilumab", lang="en")
    assert kg.graph is kg.graph
    query = "BASE <https://w3id.org/treatkg/id/> SELECT ?d WHERE { <dupilumab> tkg:hasTarget ?d }"
    assert [str(row[0]) for row in kg.graph.query(query)] == ["http://purl.uniprot.org/uniprot/P24394"]  # type: ignore[index]


def test_an_endpoint_answers_like_the_graph(kg: treatkg.Knowledge, remote: treatkg.Knowledge) -> None:
    for name, arguments in [
        ("drugs-blocking-cytokine", {"cytokine": "IL-13"}),
        ("licensed-biologics", {"jurisdiction": "US", "asOf": "2023-10-01"}),
    ]:
        assert remote.query(name, **arguments).to_dicts() == kg.query(name, **arguments).to_dicts()
        assert remote.query(name, **arguments).to_pandas().dtypes.equals(kg.query(name, **arguments).to_pandas().dtypes)
    assert remote.counts() == kg.counts()


def test_an_endpoint_seen_by_rdflib(remote: treatkg.Knowledge) -> None:
    assert remote.graph.value(DUPILUMAB, RDFS.label) == rdflib.Literal("dupilumab", lang="en")


def test_names_are_those_of_the_graph_that_was_opened(kg: treatkg.Knowledge) -> None:
    silent = kg.endpoint("http://127.0.0.1:9/sparql", timeout=1)
    with pytest.raises(UsageError, match='"IL-133"; did you mean'):
        silent.query("drugs-blocking-cytokine", cytokine="IL-133")
    with pytest.raises(StorageError, match="did not answer"):
        silent.query("drugs-blocking-cytokine", cytokine="IL-13")


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://example.org/", "dupilumab", "http://"])
def test_what_is_no_endpoint(kg: treatkg.Knowledge, url: str) -> None:
    with pytest.raises(UsageError, match="begins with http"):
        kg.endpoint(url)


def test_a_notebook_shows_what_was_opened(kg: treatkg.Knowledge, tmp_path: Path) -> None:
    shown = kg._repr_html_()
    assert "no medical advice" in shown
    assert f"<td>{kg.counts()['triples']}</td>" in shown
    assert repr(kg).startswith("<treatkg.Knowledge of ")
    file = tmp_path / "<b>.ttl"
    file.write_text("<http://a> <http://b> <http://c> .", encoding="utf-8")
    other = treatkg.open(file)
    assert other.header() == {}
    assert "&lt;b&gt;.ttl" in other._repr_html_()
