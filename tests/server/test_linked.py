"""Linked data: IRIs lead by 303 to documents in the form that the client wants."""

from urllib.parse import quote

import httpx
import pyoxigraph as ox
import pytest
import rdflib
from starlette.testclient import TestClient

import treatkg
from treatkg import namespaces
from treatkg.server.negotiation import GRAPHS, SUFFIXES


def see(client: TestClient, path: str, accept: str = "*/*") -> str:
    answer = client.get(path, headers={"Accept": accept}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    assert "Accept" in answer.headers["vary"]
    return str(answer.headers["location"])


@pytest.fixture(scope="module")
def fact(kg: treatkg.Knowledge) -> str:
    """Return the id of a fact, which has slashes in it."""
    row = kg.select("SELECT (MIN(?fact) AS ?thing) WHERE { ?fact a tkg:Indication }").to_dicts()[0]
    assert "/" in str(row["thing"])
    return str(row["thing"])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_thing_leads_to_data(client: TestClient, kg: treatkg.Knowledge, fact: str, suffix: str) -> None:
    kind = SUFFIXES[suffix]
    for local in ("dupilumab", fact):
        where = see(client, f"/id/{local}", kind.media_type)
        assert where == f"/data/{local}.{suffix}" == see(client, f"/id/{local}?format={kind.names[0]}")
        answer = client.get(where)
        assert answer.headers["content-type"] == kind.content_type
        said = kg.sparql(f"CONSTRUCT WHERE {{ <{local}> ?p ?o }}")
        assert isinstance(said, list)
        assert {quad.triple for quad in ox.parse(answer.content, format=GRAPHS[kind])} == set(said) != set()
        assert f'</page/{local}>; rel="alternate"' in answer.headers["link"]
        assert client.get(where, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


@pytest.mark.parametrize("accept", ["text/html", "*/*", "", "text/html,application/xhtml+xml,*/*;q=0.8"])
def test_a_thing_leads_to_its_page(client: TestClient, fact: str, accept: str) -> None:
    assert see(client, f"/id/{fact}", accept) == f"/page/{fact}"
    page = client.get(f"/id/{fact}", headers={"Accept": accept})
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"


def test_a_thing_in_no_form_that_is_wanted(client: TestClient) -> None:
    answer = client.get("/id/dupilumab", headers={"Accept": "image/png"})
    assert answer.status_code == 406
    assert "application/ld+json" in answer.text


@pytest.mark.parametrize(
    "path", ["/id/nothing", "/page/nothing", "/data/nothing.ttl", "/data/dupilumab", "/data/a.xyz"]
)
@pytest.mark.parametrize("accept", ["text/turtle", "text/html"])
def test_what_is_not_there(client: TestClient, path: str, accept: str) -> None:
    assert client.get(path, headers={"Accept": accept}).status_code == 404


@pytest.mark.parametrize("local", ["a%20b", "%3Cx%3E", "%00", "a%22b.ttl", "..%2f..%2fetc%2fpasswd", "x" * 5000])
@pytest.mark.parametrize("space", ["id", "page", "data"])
def test_hostile_names(client: TestClient, space: str, local: str) -> None:
    assert client.get(f"/{space}/{local}").status_code == 404


def test_a_redirect_stays_on_this_server(client: TestClient) -> None:
    for path in ("/id//evil.example", "/resolve?curie=//evil.example", "/resolve?curie=https://evil.example/"):
        answer = client.get(path, follow_redirects=False)
        assert answer.status_code in (400, 404)


@pytest.mark.parametrize(
    ("curie", "where"),
    [
        ("dupilumab", "/id/dupilumab"),
        ("MONDO:0004980", "http://purl.obolibrary.org/obo/MONDO_0004980"),
        ("mondo:0004980", "http://purl.obolibrary.org/obo/MONDO_0004980"),
        ("uniprot:P35225", "http://purl.uniprot.org/uniprot/P35225"),
        ("tkg:Indication", namespaces.TKG + "Indication"),
        ("https://w3id.org/treatkg/id/dupilumab", "/id/dupilumab"),
        ("http://purl.obolibrary.org/obo/MONDO_0004980", "http://purl.obolibrary.org/obo/MONDO_0004980"),
    ],
)
def test_resolve(client: TestClient, curie: str, where: str) -> None:
    target = where if where.startswith("/") else "/describe?iri=" + quote(where, safe="")
    assert see(client, "/resolve?curie=" + quote(curie, safe="")) == target
    assert client.get(target, headers={"Accept": "text/turtle"}).headers["content-type"].startswith("text/turtle")


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("", 400, "one CURIE"),
        ("curie=dupilumab&curie=abrocitinib", 400, "one CURIE"),
        ("curie=MOND:0004980", 400, 'did you mean "MONDO"'),
        ("curie=MONDO:9999999", 404, "http://purl.obolibrary.org/obo/MONDO_9999999"),
        ("curie=", 404, "says nothing"),
        ("curie=MONDO:1%3E%20.%20%3Ca", 404, "says nothing"),
        ("curie=%00", 404, "says nothing"),
    ],
)
def test_resolve_explains(client: TestClient, query: str, status: int, said: str) -> None:
    answer = client.get(f"/resolve?{query}")
    assert answer.status_code == status
    assert said in answer.text


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_ontology_document_holds_its_terms(client: TestClient, suffix: str) -> None:
    kind = SUFFIXES[suffix]
    assert see(client, "/ontology", kind.media_type) == f"/ontology.{suffix}"
    answer = client.get(f"/ontology.{suffix}")
    assert answer.headers["content-type"] == kind.content_type
    subjects = {str(quad.subject) for quad in ox.parse(answer.content, format=GRAPHS[kind])}
    assert {f"<{namespaces.TKG}{name}>" for name in ("Indication", "treatment", "Supports")} <= subjects
    assert client.get(f"/ontology.{suffix}", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


def test_the_ontology_for_people(client: TestClient) -> None:
    page = client.get("/ontology", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert client.get("/ontology.exe").status_code == 404


def test_rdflib_follows_a_name_to_its_data(server_url: str) -> None:
    for path, subject in (("/id/dupilumab", namespaces.BASE + "dupilumab"), ("/ontology", namespaces.TKG + "Fact")):
        graph = rdflib.Graph().parse(server_url + path)
        assert graph.value(rdflib.URIRef(subject), rdflib.RDFS.label)


def test_head(server_url: str) -> None:
    for path, status in (("/id/dupilumab", 303), ("/data/dupilumab.ttl", 200), ("/ontology.ttl", 200)):
        head, get = httpx.head(server_url + path), httpx.get(server_url + path)
        assert head.status_code == get.status_code == status
        assert head.content == b""
        assert head.headers.get("etag") == get.headers.get("etag")
