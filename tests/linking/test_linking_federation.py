"""Stored queries that ask other endpoints: marked, refused without --online, equal however they are run."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib
import rdflib.plugins.sparql

import treatkg
from treatkg import endpoints, namespaces, queries, sparql_text
from treatkg.errors import BadInputError, StorageError, UsageError
from treatkg.linking import federation
from treatkg.linking.client import Client, Policy
from treatkg.queries import OnlineQueryError, StoredQuery
from treatkg.results import to_text

ONLINE = {name: query for name, query in queries.catalogue().items() if query.online}
EACH = pytest.mark.parametrize("query", ONLINE.values(), ids=list(ONLINE))
ITEM = "http://www.wikidata.org/entity/Q99000000"
IL4R = "Interleukin-4 receptor subunit alpha"
# Read off the slices by hand, before any query was run.
GOLDEN: dict[str, tuple[dict[str, Any], set[tuple[str, ...]]]] = {
    "targets-in-uniprot": (
        {"protein": ["IL4R", "uniprot:P35225"]},
        {
            ("uniprot:P24394", IL4R, "IL4R", "Homo sapiens", "Binds IL-4; with a second chain, IL-13."),
            ("uniprot:P35225", "A new name for interleukin thirteen", "", "Homo sapiens", ""),
        },
    ),
    "diseases-in-wikidata": (
        {"disease": "MONDO:0004980"},
        {("MONDO:0004980", "DOID:3310", f"{ITEM}1", "atopic dermatitis", "D003876")},
    ),
    "uses-in-wikidata": (
        {"substance": "dupilumab"},
        {
            ("dupilumab", "420K487FSG", f"{ITEM}4", f"{ITEM}1", "atopic dermatitis"),
            ("dupilumab", "420K487FSG", f"{ITEM}4", f"{ITEM}2", "asthma"),
        },
    ),
}
# Left out of the golden rows: how many treatments there are changes with every release.
COUNTED = "treatments"


def asker(folder: Path) -> Client:
    return Client(folder, online=True, policy=Policy(timeout=20, attempts=1))


def rows(result: treatkg.Result) -> set[tuple[str, ...]]:
    kept = [index for index, name in enumerate(result.columns) if name != COUNTED]
    return {tuple(to_text(row[index]) for index in kept) for row in result.terms}


def run(
    knowledge: treatkg.Knowledge, name: str, given: dict[str, Any], folder: Path, urls: dict[str, str]
) -> treatkg.Result:
    chosen = endpoints.choose([f"{endpoint}={url}" for endpoint, url in urls.items()])
    return federation.run(knowledge, name, given, asker(folder), chosen)


def test_there_are_such_queries_and_each_has_golden_rows() -> None:
    assert {query.topic for query in ONLINE.values()} == {"federated"}
    assert set(GOLDEN) == set(ONLINE)
    assert {name for query in ONLINE.values() for name in query.online} == {"uniprot", "wikidata"}


@EACH
def test_both_engines_parse_it_and_its_columns_are_in_the_head(query: StoredQuery) -> None:
    nowhere = elsewhere(query.text, dict.fromkeys(query.online, "http://127.0.0.1:9/"))
    answer = ox.Store().query(nowhere)
    assert isinstance(answer, ox.QuerySolutions)
    assert [variable.value for variable in answer.variables] == list(query.returns)
    rdflib.plugins.sparql.prepareQuery(query.text)


def elsewhere(text: str, urls: dict[str, str]) -> str:
    for name, url in urls.items():
        text = text.replace(f"<{endpoints.load()[name].url}>", f"<{url}>")
    assert sparql_text.services(text)[0].address in urls.values()
    return text


@EACH
def test_golden_rows_on_our_own_server(
    query: StoredQuery, tmp_path: Path, graph_with_mappings: treatkg.Knowledge, own_endpoints: dict[str, str]
) -> None:
    given, expected = GOLDEN[query.name]
    assert rows(run(graph_with_mappings, query.name, given, tmp_path, own_endpoints)) == expected


@pytest.mark.slow
@EACH
def test_golden_rows_on_virtuoso(
    query: StoredQuery, tmp_path: Path, graph_with_mappings: treatkg.Knowledge, virtuoso: str
) -> None:
    given, expected = GOLDEN[query.name]
    assert (
        rows(run(graph_with_mappings, query.name, given, tmp_path, dict.fromkeys(query.online, virtuoso))) == expected
    )


@EACH
def test_both_engines_give_the_same_rows_by_themselves(
    query: StoredQuery, tmp_path: Path, graph_with_mappings: treatkg.Knowledge, own_endpoints: dict[str, str]
) -> None:
    """The text is plain SPARQL: rdflib and Oxigraph send the SERVICE group themselves and come to the rows of `run`."""
    given, expected = GOLDEN[query.name]
    urls = {name: own_endpoints[name] for name in query.online}
    text = elsewhere(query.bind(given, graph_with_mappings.terms), urls)
    assert rows(graph_with_mappings.select(text)) == expected
    about = {namespaces.expand(row[0]) for row in expected}
    theirs = copy_of(graph_with_mappings, about).query(text)
    kept = [index for index, name in enumerate(query.returns) if name != COUNTED]
    found = Counter(
        tuple("" if row[index] is None else namespaces.shorten(str(row[index])) for index in kept)  # type: ignore[index]
        for row in theirs
    )
    assert set(found) == expected


def copy_of(knowledge: treatkg.Knowledge, about: set[str]) -> rdflib.Graph:
    """Return what the graph says of some things, and the classes of what is said (rdflib is slow on the whole)."""
    things = " ".join(f"<{iri}>" for iri in about)
    triples = knowledge.sparql(
        f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {{ VALUES ?s {{ {things} }} ?s ?p ?o }} UNION "
        f"{{ VALUES ?o {{ {things} }} ?s ?p ?o }} UNION {{ VALUES ?d {{ {things} }} ?s tkg:disease ?d ; ?p ?o }} }}"
    )
    assert isinstance(triples, list)
    document = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES)
    return rdflib.Graph().parse(data=document, format="nt")


def test_without_parameters_only_our_own_values_are_sent(
    tmp_path: Path, graph_with_mappings: treatkg.Knowledge, own_endpoints: dict[str, str]
) -> None:
    found = rows(run(graph_with_mappings, "targets-in-uniprot", {}, tmp_path, own_endpoints))
    assert {row[0] for row in found} == {"uniprot:P24394", "uniprot:P35225"}
    sent = "".join(file.read_text(encoding="utf-8") for file in tmp_path.rglob("*.json"))
    assert "P01308" not in sent, "insulin is no target here"


def test_nothing_to_ask_about_gives_no_rows_and_no_request(
    tmp_path: Path, graph_with_mappings: treatkg.Knowledge
) -> None:
    nobody = {"wikidata": "http://127.0.0.1:9/"}
    assert len(run(graph_with_mappings, "diseases-in-wikidata", {"disease": "MONDO:0000001"}, tmp_path, nobody)) == 0


def test_an_endpoint_that_is_away_is_an_error(tmp_path: Path, graph_with_mappings: treatkg.Knowledge) -> None:
    with pytest.raises(StorageError, match="did not answer"):
        run(graph_with_mappings, "targets-in-uniprot", {}, tmp_path, {"uniprot": "http://127.0.0.1:9/"})


def test_the_library_refuses_them_unless_they_are_wanted(
    graph_with_mappings: treatkg.Knowledge, tmp_path: Path
) -> None:
    with pytest.raises(OnlineQueryError, match="--online"):
        graph_with_mappings.query("targets-in-uniprot")
    with pytest.raises(UsageError, match="asks no other endpoint"):
        run(graph_with_mappings, "graph-in-numbers", {}, tmp_path, {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("#+ summary: a\nSELECT ?x { SERVICE <https://sparql.uniprot.org/sparql> { ?x ?p ?o } }", "online: .uniprot."),
        ("#+ summary: a\n#+ online: [uniprot]\nSELECT ?x { ?x ?p ?o }", "must say `online: ..`"),
        ("#+ summary: a\n#+ online: [x]\nSELECT ?x { SERVICE <https://example.org/> { ?x ?p ?o } }", "not in ontology"),
        ("#+ summary: a\nSELECT ?x { SERVICE ?where { ?x ?p ?o } }", "followed by an address"),
    ],
)
def test_a_head_that_hides_a_service_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "question.rq"
    file.write_text(text, encoding="utf-8")
    with pytest.raises((BadInputError, UsageError), match=message):
        queries.read_query(file)


def treatkg_command(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "treatkg", "query", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONUTF8": "1"})


def test_the_command_line(own_endpoints: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    refused = treatkg_command("targets-in-uniprot")
    assert refused.returncode == 2
    assert "--online" in refused.stderr
    asked = treatkg_command(
        "targets-in-uniprot",
        "protein=IL4R",
        "--online",
        "--service",
        f"uniprot={own_endpoints['uniprot']}",
        "-f",
        "csv",
    )
    assert asked.returncode == 0, asked.stderr
    assert IL4R in asked.stdout
    assert "runs with --online only" in treatkg_command("targets-in-uniprot", "--about").stdout
    assert treatkg_command("graph-in-numbers", "--online").returncode == 2
