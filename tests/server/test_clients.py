"""Programs that people use ask the server: curl, R, comunica, and other endpoints by SERVICE.

SPARQLWrapper and rdflib's SPARQLStore are in tests/test_server.py; base R and curl as documented in
tests/test_examples.py.
"""

import csv
import io
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest
import rdflib
from rdflib.query import ResultRow

import treatkg
from treatkg import namespaces

CLIENTS = Path(__file__).parent / "clients"
PREFIXES = "".join(f"PREFIX {name}: <{namespaces.prefixes()[name]}>\n" for name in ("tkg", "rdfs", "MONDO"))
SELECT = "SELECT ?drug ?label WHERE { ?drug tkg:indicatedFor MONDO:0004980 ; rdfs:label ?label } ORDER BY ?drug"
OWN = "<urn:x> <urn:about> <https://w3id.org/treatkg/id/dupilumab> ."
R_SCRIPT = """
suppressPackageStartupMessages(library(SPARQL))
asked <- SPARQL(commandArgs(TRUE)[1], commandArgs(TRUE)[2])
write.csv(asked$results, row.names = FALSE)
"""


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


def need(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


@pytest.fixture(scope="module")
def licensed(kg: treatkg.Knowledge) -> list[str]:
    found = [namespaces.expand(str(row["drug"])) for row in kg.select(SELECT).to_dicts()]
    assert len(found) > 10
    return found


# --- curl ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how",
    [
        ("-G", "--data-urlencode", f"query={SELECT}"),
        ("--data-urlencode", f"query={SELECT}"),
        ("-H", "Content-Type: application/sparql-query", "--data-binary", SELECT),
        ("--compressed", "--data-urlencode", f"query={SELECT}"),
        ("--http1.0", "--data-urlencode", f"query={SELECT}"),
        ("-H", "Expect: 100-continue", "--data-urlencode", f"query={SELECT}"),
    ],
    ids=["get", "form", "body", "gzip", "http1.0", "expect"],
)
def test_curl(server_url: str, licensed: list[str], how: tuple[str, ...]) -> None:
    answer = run(need("curl"), "-sSf", "-H", "Accept: text/csv", *how, f"{server_url}/sparql")
    assert [row["drug"] for row in csv.DictReader(io.StringIO(answer))] == licensed


def test_curl_keeps_what_has_not_changed(server_url: str, tmp_path: Path) -> None:
    address, tag = f"{server_url}/queries/licensed-biologics.csv?asOf=2024-01-01", str(tmp_path / "tag")
    first = run(need("curl"), "-sSf", "--compressed", "--etag-save", tag, address)
    assert first.startswith("treatment,")
    again = run("curl", "-sS", "--compressed", "--etag-compare", tag, "-w", "%{http_code}", address)
    assert again == "304"


def test_curl_as_documented(server_url: str) -> None:
    text = (Path(__file__).parents[2] / "docs" / "http-api.md").read_text(encoding="utf-8")
    lines = [
        line
        for block in re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
    ]
    need("curl")
    csv_, tsv, xml, refused = (run("sh", "-c", line.replace("http://127.0.0.1:7878", server_url)) for line in lines)
    assert csv_.startswith("drug,cytokine,")
    assert tsv.startswith("?treatment\t")
    assert xml.startswith("<?xml")
    assert json.loads(refused)["parameter"] == "jurisdiction"


# --- R -------------------------------------------------------------------------------------------------------------


def test_r_package_sparql(server_url: str, licensed: list[str]) -> None:
    rscript = need("Rscript")
    if subprocess.run([rscript, "-e", "library(SPARQL)"], capture_output=True, check=False).returncode:
        pytest.skip("the R package SPARQL is not installed (Debian: r-cran-sparql)")
    answer = run(rscript, "-e", R_SCRIPT, f"{server_url}/sparql", SELECT)
    assert [row["drug"] for row in csv.DictReader(io.StringIO(answer))] == [f"<{iri}>" for iri in licensed]


# --- comunica ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def comunica(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Install comunica into a folder of its own, as its lock says."""
    npm = need("npm")
    folder = tmp_path_factory.mktemp("comunica")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(CLIENTS / name, folder)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    except subprocess.TimeoutExpired:
        pytest.skip("npm does not get comunica within five minutes")
    if done.returncode:
        pytest.skip(f"npm cannot install comunica: {done.stderr.strip().splitlines()[:1]}")
    return str(folder / "node_modules" / ".bin" / "comunica-sparql")


@pytest.mark.slow
def test_comunica_rows(comunica: str, server_url: str, licensed: list[str]) -> None:
    for source in (f"sparql@{server_url}/sparql", f"{server_url}/sparql"):  # the second finds the service by itself
        answer = json.loads(run(comunica, source, PREFIXES + SELECT, "-t", "application/sparql-results+json"))
        assert [row["drug"]["value"] for row in answer["results"]["bindings"]] == licensed


@pytest.mark.slow
def test_comunica_graph(comunica: str, server_url: str, kg: treatkg.Knowledge) -> None:
    query = "CONSTRUCT { ?s rdfs:label ?o } WHERE { ?s a tkg:Treatment ; rdfs:label ?o }"
    answer = run(comunica, f"sparql@{server_url}/sparql", PREFIXES + query, "-t", "application/n-triples")
    said = kg.sparql(query)
    assert isinstance(said, list)
    assert {quad.triple for quad in ox.parse(answer, format=ox.RdfFormat.N_TRIPLES)} == set(said) != set()


@pytest.mark.slow
def test_comunica_joins_two_endpoints(
    comunica: str, server_url: str, serve: Callable[[Path], str], tmp_path: Path
) -> None:
    """The parts of the query go to the endpoints one by one, with the bindings found so far."""
    file = tmp_path / "own.ttl"
    file.write_text(OWN, encoding="utf-8")
    query = PREFIXES + "SELECT ?x ?label WHERE { ?x <urn:about> ?drug . ?drug rdfs:label ?label }"
    answer = run(comunica, f"sparql@{serve(file)}", f"sparql@{server_url}/sparql", query, "-t", "text/csv")
    assert list(csv.DictReader(io.StringIO(answer))) == [{"x": "urn:x", "label": "dupilumab"}]


@pytest.mark.slow
def test_comunica_reads_a_thing_as_linked_data(comunica: str, server_url: str) -> None:
    query = PREFIXES + "SELECT ?label WHERE { <https://w3id.org/treatkg/id/dupilumab> rdfs:label ?label }"
    answer = run(comunica, f"{server_url}/id/dupilumab", query, "-t", "text/csv")
    assert list(csv.DictReader(io.StringIO(answer))) == [{"label": "dupilumab"}]


# --- other endpoints -----------------------------------------------------------------------------------------------


def federated(server_url: str) -> str:
    there = f"SERVICE <{server_url}/sparql> {{ ?drug rdfs:label ?label }}"
    return f"{PREFIXES}SELECT ?x ?label {{ ?x <urn:about> ?drug {there} }}"


def test_service_from_rdflib(server_url: str) -> None:
    graph = rdflib.Graph()
    graph.parse(data=OWN, format="turtle")
    found = [row for row in graph.query(federated(server_url)) if isinstance(row, ResultRow)]
    assert [(str(row.x), str(row.label)) for row in found] == [("urn:x", "dupilumab")]


def test_service_from_oxigraph(server_url: str) -> None:
    store = ox.Store()
    store.load(OWN, format=ox.RdfFormat.TURTLE)
    found = store.query(federated(server_url))
    assert isinstance(found, ox.QuerySolutions)
    assert [(row["x"], row["label"]) for row in found] == [
        (ox.NamedNode("urn:x"), ox.Literal("dupilumab", language="en"))
    ]


@pytest.mark.slow
def test_service_from_virtuoso(
    server_url: str, start_virtuoso: Callable[[Mapping[str, Path]], str], tmp_path: Path
) -> None:
    file = tmp_path / "own.ttl"
    file.write_text(OWN, encoding="utf-8")
    virtuoso = start_virtuoso({"own": file})
    answer = httpx.post(virtuoso, data={"query": federated(server_url)}, headers={"Accept": "text/csv"}, timeout=60)
    assert answer.status_code == 200, answer.text
    assert list(csv.DictReader(io.StringIO(answer.text))) == [{"x": "urn:x", "label": "dupilumab"}]
