"""The graph over HTTP: SPARQL protocol, stored queries, pages for people, and the clients that people use."""

import csv
import html.parser
import io
import json
from pathlib import Path
from urllib.parse import quote

import httpx
import pyoxigraph as ox
import pytest
import rdflib
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from rdflib.query import ResultRow
from SPARQLWrapper import CSV, GET, JSON, JSONLD, N3, POST, RDFXML, TSV, TURTLE, URLENCODED, XML, SPARQLWrapper
from starlette.testclient import TestClient

import treatkg
from treatkg import namespaces, queries
from treatkg.queries import StoredQuery
from treatkg.server import create_app

SELECT = "SELECT ?drug WHERE { ?drug tkg:indicatedFor MONDO:0004980 } ORDER BY ?drug"
ASK = "ASK { <dupilumab> a tkg:Treatment }"
CONSTRUCT = "CONSTRUCT { ?s rdfs:label ?o } WHERE { ?s a tkg:Treatment ; rdfs:label ?o }"
ECZEMA = "http://purl.obolibrary.org/obo/MONDO_0004980"
ROWS_JSON = "application/sparql-results+json"
ROWS_XML = "application/sparql-results+xml"
LOCAL = {name: query for name, query in queries.catalogue().items() if not query.online and not query.loaded}
ALL_QUERIES = pytest.mark.parametrize("query", LOCAL.values(), ids=list(LOCAL))
GRAPHS = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
}
HOSTILE = """
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix schema: <https://schema.org/> .
@prefix tkg: <https://w3id.org/treatkg/ontology#> .
tkg:Treatment rdfs:label "<script>class()</script>" .
tkg:Indication rdfs:subClassOf tkg:Fact ; rdfs:label "licence" .
<evil> a tkg:Treatment ; rdfs:label "<script>alert(1)</script>" ;
  skos:definition "\\"><img src=x onerror=alert(2)>" ;
  skos:exactMatch <javascript:alert(3)> , <data:text/html,x> ; schema:url <javascript:alert(4)> .
<evil/fact> a tkg:Fact , tkg:Indication ; rdfs:label "<b onclick='x'>bold</b>" ; tkg:treatment <evil> ;
  tkg:evidence <evil/evidence> .
<evil/evidence> prov:wasDerivedFrom <source/evil> ; tkg:locator "<i>1</i>" ; tkg:finding "<script>alert(5)</script>" ;
  tkg:evidenceDirection tkg:Supports ; tkg:anchorText "\\" onload=\\"x" .
<source/evil> dcterms:title "<u>title</u>" ; schema:url <javascript:alert(6)> .
"""


class Markup(html.parser.HTMLParser):
    """Collects the tags of a page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))


def assert_sound(page: httpx.Response) -> None:
    """Check what holds of every page: no advice, no script but files of our own, nothing fetched from elsewhere."""
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "no medical advice" in page.text
    for tag, attributes in Markup(page.text).tags:
        assert tag not in {"iframe", "object", "embed", "base", "style"}
        assert tag != "script" or attributes["src"].startswith("/static/")
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        for name in ("src", "srcset", "action", "formaction", "data", "poster"):
            assert attributes.get(name, "/").startswith("/")
        target = attributes.get("href", "/")
        assert target.startswith(("/", "?", "#", "https://", "http://") if tag == "a" else "/")
        assert not target.startswith("//")


def drugs(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["drug"]["value"] for row in answer.json()["results"]["bindings"]]


def examples(query: StoredQuery) -> dict[str, str]:
    return {p.name: p.example for p in query.params.values() if p.absent == "required"}


@pytest.fixture(scope="module")
def licensed(kg: treatkg.Knowledge) -> list[str]:
    found = [namespaces.expand(str(row["drug"])) for row in kg.select(SELECT).to_dicts()]
    assert found
    return found


@pytest.fixture
def hostile(tmp_path: Path) -> TestClient:
    file = tmp_path / "hostile.ttl"
    file.write_text(HOSTILE, encoding="utf-8")
    return TestClient(create_app(treatkg.open(file)))


# --- SPARQL protocol -----------------------------------------------------------------------------------------------


def test_get(client: TestClient, licensed: list[str]) -> None:
    assert drugs(client.get("/sparql", params={"query": SELECT})) == licensed


def test_post_form(client: TestClient, licensed: list[str]) -> None:
    assert drugs(client.post("/sparql", data={"query": SELECT})) == licensed


def test_post_body(client: TestClient, licensed: list[str]) -> None:
    headers = {"Content-Type": "application/sparql-query; charset=utf-8"}
    assert drugs(client.post("/sparql", content=SELECT, headers=headers)) == licensed


def test_a_form_is_decoded_once(client: TestClient) -> None:
    query = 'SELECT ("100%25 + a&b é" AS ?drug) {}'
    assert drugs(client.post("/sparql", data={"query": query})) == ["100%25 + a&b é"]
    assert drugs(client.get("/sparql", params={"query": query})) == ["100%25 + a&b é"]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", ROWS_JSON),
        ("*/*", ROWS_JSON),
        ("application/json", ROWS_JSON),
        ("application/*", ROWS_JSON),
        (ROWS_XML, ROWS_XML),
        ("text/xml", ROWS_XML),
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/*", "text/csv; charset=utf-8"),
        ("TEXT/CSV", "text/csv; charset=utf-8"),
        ("text/tab-separated-values", "text/tab-separated-values; charset=utf-8"),
        ("text/csv;q=0.3, application/sparql-results+xml;q=0.9", ROWS_XML),
        ("*/*;q=0.1, text/csv", "text/csv; charset=utf-8"),
        ("image/png, text/csv;q=0.1", "text/csv; charset=utf-8"),
        ("application/sparql-results+json;q=0, */*", ROWS_XML),
        ("text/csv;q=nonsense, */*;q=0.1", ROWS_JSON),
    ],
)
def test_accept_chooses_the_format_of_rows(client: TestClient, accept: str, media_type: str) -> None:
    answer = client.get("/sparql", params={"query": SELECT}, headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type


@pytest.mark.parametrize("name", ["json", "srj", "xml", "csv", "tsv", "text/csv", "CSV"])
def test_format_beats_accept(client: TestClient, name: str) -> None:
    headers = {"Accept": "image/png"}
    assert client.get("/sparql", params={"query": SELECT, "format": name}, headers=headers).status_code == 200


@pytest.mark.parametrize("query", [SELECT, ASK])
@pytest.mark.parametrize("name", ["json", "xml"])
def test_rows_parse_back(client: TestClient, licensed: list[str], query: str, name: str) -> None:
    content = client.get("/sparql", params={"query": query, "format": name}).content
    parsed = ox.parse_query_results(content, format=getattr(ox.QueryResultsFormat, name.upper()))
    if isinstance(parsed, ox.QuerySolutions):
        assert [row["drug"] for row in parsed] == [ox.NamedNode(iri) for iri in licensed]
    else:
        assert bool(parsed)


def test_csv_and_tsv_hold_the_same_rows(client: TestClient, licensed: list[str]) -> None:
    as_csv = client.get("/sparql", params={"query": SELECT, "format": "csv"}).text
    as_tsv = client.get("/sparql", params={"query": SELECT, "format": "tsv"}).text
    assert as_csv.split() == ["drug", *licensed]
    assert as_tsv.split() == ["?drug", *(f"<{iri}>" for iri in licensed)]


@pytest.mark.parametrize("how", [{"headers": {"Accept": "image/png"}}, {"params": {"format": "pdf"}}])
@pytest.mark.parametrize(("query", "offered"), [(SELECT, "text/csv"), (CONSTRUCT, "text/turtle"), (ASK, ROWS_XML)])
def test_406_lists_what_is_on_offer(
    client: TestClient, how: dict[str, dict[str, str]], query: str, offered: str
) -> None:
    params = {"query": query, **how.get("params", {})}
    answer = client.get("/sparql", params=params, headers=how.get("headers"))
    assert answer.status_code == 406
    assert offered in answer.text


@pytest.mark.parametrize("media_type", GRAPHS)
def test_each_graph_format_parses_back_to_the_same_graph(client: TestClient, media_type: str) -> None:
    answer = client.get("/sparql", params={"query": CONSTRUCT}, headers={"Accept": media_type})
    reference = client.get("/sparql", params={"query": CONSTRUCT, "format": "nt"})
    assert answer.headers["content-type"].startswith(media_type)
    parsed = {quad.triple for quad in ox.parse(answer.content, format=GRAPHS[media_type])}
    assert parsed == {quad.triple for quad in ox.parse(reference.content, format=ox.RdfFormat.N_TRIPLES)}
    assert parsed


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ([("query", ASK), ("query", ASK)], "more than once"),
        ([("query", "")], "not valid SPARQL"),
        ([("query", "SELECT ?x WHERE { ?x }")], "line 1, column"),
        ([("query", "ASK { ?s nope:x ?o }")], "known without declaring"),
        ([("query", ASK), ("default-graph-uri", "not an IRI")], "not an absolute IRI"),
        ([("query", "SELECT (<http://example.org/f>(1) AS ?x) { FILTER(<http://example.org/f>(2)) }")], "function"),
    ],
)
def test_bad_requests_are_explained(client: TestClient, params: list[tuple[str, str]], said: str) -> None:
    for answer in (client.get("/sparql", params=params), client.post("/sparql", data=dict(params) | {})):
        if answer.request.method == "POST" and len(params) != len(dict(params)):
            continue  # a dict cannot say a parameter twice; the next test does
        assert answer.status_code == 400
        assert answer.headers["content-type"].startswith("text/plain")
    assert said in client.get("/sparql", params=params).text


def test_a_form_with_two_queries_is_refused(client: TestClient) -> None:
    body = f"query={quote(ASK)}&query={quote(ASK)}"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/sparql", content=body, headers=headers).status_code == 400


@pytest.mark.parametrize("media_type", ["text/plain", "application/json", "multipart/form-data; boundary=x", ""])
def test_other_media_types_are_refused(client: TestClient, media_type: str) -> None:
    answer = client.post("/sparql", content=f"query={quote(ASK)}", headers={"Content-Type": media_type})
    assert answer.status_code == 415
    assert "application/sparql-query" in answer.text


@pytest.mark.parametrize("media_type", ["application/sparql-query", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize("body", [b"query=ASK {} # \xff", "query=ASK {}".encode("utf-16"), b"query=%ff"])
def test_what_is_not_utf8_is_refused(client: TestClient, media_type: str, body: bytes) -> None:
    assert client.post("/sparql", content=body, headers={"Content-Type": media_type}).status_code == 400


def test_an_address_that_is_not_utf8_is_refused(client: TestClient) -> None:
    assert client.get("/sparql?query=ASK%20%7B%7D%20%23%ff").status_code == 400


@pytest.mark.parametrize("update", ["INSERT DATA { <a> <b> <c> }", "CLEAR ALL", "LOAD <http://127.0.0.1:9/>"])
def test_updates_are_forbidden(client: TestClient, update: str) -> None:
    headers = {"Content-Type": "application/sparql-update"}
    answers = [
        client.post("/sparql", content=update, headers=headers),
        client.post("/sparql", data={"update": update}),
        client.post("/sparql", data={"query": update}),
        client.get("/sparql", params={"update": update}),
        client.get("/sparql", params={"query": update}),
    ]
    assert [answer.status_code for answer in answers] == [403] * 5


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
        "SELECT * { service silent ?where { ?s ?p ?o } }",
        "SELECT * { \\u0053ERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
        "SELECT * { ?s ?p ?o FILTER(1<2)SERVICE#>\n<http://127.0.0.1:9/> { ?s ?p ?o } }",
        "SELECT * FROM <file:///etc/hostname> { ?s ?p ?o }",
        "select * from named <http://127.0.0.1:9/> { graph ?g { ?s ?p ?o } }",
    ],
)
def test_what_reaches_outside_is_forbidden(client: TestClient, query: str) -> None:
    assert client.get("/sparql", params={"query": query}).status_code == 403
    assert client.post("/sparql", data={"query": query}).status_code == 403


def test_forbidden_words_are_fine_as_data(client: TestClient) -> None:
    query = 'ASK { # SERVICE FROM LOAD\n OPTIONAL { ?service <http://a/SERVICE> "FROM x LOAD" } }'
    assert client.get("/sparql", params={"query": query}).json()["boolean"] is True


def test_a_query_that_is_too_long_is_refused(client: TestClient) -> None:
    long = ASK + " #" + "x" * (64 * 1024)
    huge = ASK + " #" + "x" * (1024 * 1024)
    headers = {"Content-Type": "application/sparql-query"}
    answers = [client.post("/sparql", content=query, headers=headers) for query in (long, huge)]
    assert [answer.status_code for answer in answers] == [413, 413]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { FILTER" + "(" * 5000 + "1" + ")" * 5000 + "}",
        "SELECT * " + "{" * 20000 + "}" * 20000,
        "SELECT * { FILTER(" + "!" * 30000 + "true) }",
        "SELECT * { FILTER(1<" + "(" * 20000 + "#>\n1" + ")" * 20000 + ")}",
        "SELECT * { FILTER(1" + "*1" * 30000 + ") }",
        "SELECT * { {}" + "UNION{}" * 8000 + "}",
        "SELECT * { ?s ?p (" + "1 " * 30000 + ") }",
    ],
)
def test_a_query_that_is_too_deep_is_refused_and_the_server_lives(server_url: str, query: str) -> None:
    assert httpx.post(f"{server_url}/sparql", data={"query": query}).status_code in (403, 413)
    assert httpx.get(f"{server_url}/sparql", params={"query": ASK}).json()["boolean"] is True


@pytest.mark.parametrize("path", ["/", "/sparql?query=ASK%7B%7D", "/sparql", "/queries", "/id/nothing", "/nowhere"])
def test_every_answer_has_the_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["access-control-allow-origin"] == "*"
    assert headers["content-security-policy"].startswith("default-src 'self'")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert "Accept" in headers["vary"]


def test_head_is_get_without_a_body(server_url: str) -> None:
    for address in (f"{server_url}/sparql?query=ASK%7B%7D", f"{server_url}/", f"{server_url}/page/dupilumab"):
        head, get = httpx.head(address), httpx.get(address)
        assert head.status_code == get.status_code == 200
        assert head.content == b""
        assert get.content
        assert head.headers["content-type"] == get.headers["content-type"]
        assert head.headers["content-length"] == get.headers["content-length"]


def test_options_says_what_is_allowed(client: TestClient) -> None:
    answer = client.options("/sparql")
    assert answer.status_code == 204
    assert {"GET", "HEAD", "POST", "OPTIONS"} == set(answer.headers["allow"].split(", "))


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(client: TestClient, method: str) -> None:
    answer = client.request(method, "/sparql", params={"query": ASK})
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


# --- stored queries ------------------------------------------------------------------------------------------------


@ALL_QUERIES
def test_every_stored_query_runs_as_csv(client: TestClient, query: StoredQuery) -> None:
    answer = client.get(f"/queries/{query.name}", params=examples(query), headers={"Accept": "text/csv"})
    assert answer.status_code == 200, answer.text
    assert set(next(csv.reader(io.StringIO(answer.text)))) == set(query.returns)


@ALL_QUERIES
def test_every_stored_query_has_a_page(client: TestClient, query: StoredQuery) -> None:
    page = client.get(f"/queries/{query.name}", params=examples(query), headers={"Accept": "text/html"})
    assert page.status_code == 200, page.text
    assert_sound(page)
    assert "Download" in page.text
    fields = {attributes.get("name") for _, attributes in Markup(page.text).tags}
    assert set(query.params) <= fields


@pytest.mark.parametrize("name", [name for name, query in queries.catalogue().items() if query.online])
@pytest.mark.parametrize("asked", [{}, {"format": "csv"}], ids=["accept", "format"])
def test_a_query_that_asks_other_endpoints_is_shown_but_not_run(
    client: TestClient, name: str, asked: dict[str, str]
) -> None:
    answer = client.get(f"/queries/{name}", params=asked, headers={"Accept": "text/csv" if not asked else "text/html"})
    assert answer.status_code == 403
    assert "--online" in answer.text
    page = client.get(f"/queries/{name}", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert_sound(page)
    assert "sends no requests" in page.text
    assert "SERVICE" in page.text
    assert "Download" not in page.text
    text = queries.catalogue()[name].text
    assert client.post("/sparql", data={"query": text}).status_code == 403


@ALL_QUERIES
def test_every_example_runs(client: TestClient, query: StoredQuery) -> None:
    for p in query.params.values():
        if p.example:
            answer = client.get(f"/queries/{query.name}", params={**examples(query), p.name: p.example})
            assert answer.status_code == 200, f"{p.name}: {answer.text}"


def test_rows_are_those_of_the_library(client: TestClient, kg: treatkg.Knowledge) -> None:
    answer = client.get("/queries/drugs-blocking-cytokine", params={"cytokine": "IL-13", "format": "json"})
    expected = kg.query("drugs-blocking-cytokine", cytokine="IL-13").to_dicts()
    assert drugs(answer) == [namespaces.expand(str(row["drug"])) for row in expected]
    assert expected


def test_a_form_with_empty_fields_is_the_default(client: TestClient) -> None:
    headers = {"Accept": "text/html"}
    empty = client.get("/queries/drugs-blocking-cytokine?cytokine=", headers=headers)
    default = client.get("/queries/drugs-blocking-cytokine", headers=headers)
    assert empty.status_code == 200
    assert empty.text.count("<tr>") == default.text.count("<tr>") > 1


@pytest.mark.parametrize("accept", ["text/csv", "text/html"])
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("drugs-blocking-cytokine?cytokin=IL-13", "cytokin"),
        ("drugs-blocking-cytokine?cytokine=IL-99999", "IL-99999"),
        ("drugs-blocking-cytokine?cytokine=IL-4&cytokine=IL-13", "takes one value"),
        ("drugs-blocking-cytokine?cytokine=http://a%3E%20.%20%3Cb", "is not an IRI"),
        ("drugs-blocking-cytokine?cytokine=http://%5Bx", "is not an IRI"),
        ("licensed-biologics?asOf=2021-02-29", "asOf"),
        ("licensed-biologics?asOf=yesterday", "asOf"),
    ],
)
def test_a_bad_parameter_is_named(client: TestClient, accept: str, path: str, said: str) -> None:
    answer = client.get(f"/queries/{path}", headers={"Accept": accept})
    assert answer.status_code == 400
    assert said in answer.text


def test_a_missing_parameter_is_named(client: TestClient) -> None:
    query = next(q for q in queries.catalogue().values() if examples(q))
    answer = client.get(f"/queries/{query.name}", headers={"Accept": "text/csv"})
    assert answer.status_code == 400
    assert next(iter(examples(query))) in answer.text
    assert client.get(f"/queries/{query.name}", headers={"Accept": "text/html"}).status_code == 200


@pytest.mark.parametrize("name", ["nothing", "..%2f..%2fetc%2fpasswd", "%2e%2e", "a/b", "x" * 5000, "%00", "%ff"])
def test_an_unknown_query_is_not_found(client: TestClient, name: str) -> None:
    assert client.get(f"/queries/{name}").status_code == 404


def test_a_format_that_is_not_on_offer(client: TestClient) -> None:
    answer = client.get("/queries/drugs-blocking-cytokine", headers={"Accept": "image/png"})
    assert answer.status_code == 406
    assert "text/csv" in answer.text


def test_the_list_of_queries(client: TestClient) -> None:
    listed = client.get("/queries").json()
    assert [query["name"] for query in listed] == list(queries.catalogue())
    assert all(query["summary"] for query in listed)
    assert_sound(client.get("/queries", headers={"Accept": "text/html"}))


# --- pages ---------------------------------------------------------------------------------------------------------


def test_the_start_page_lists_every_stored_query(client: TestClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert_sound(page)
    links = {attributes.get("href") for _, attributes in Markup(page.text).tags}
    assert {f"/queries/{name}" for name in queries.catalogue()} <= links


def test_every_treatment_and_a_fact_of_every_class_has_a_page(client: TestClient, kg: treatkg.Knowledge) -> None:
    things = (
        kg.select(
            "SELECT (MIN(?fact) AS ?thing) { ?class rdfs:subClassOf* tkg:Fact . ?fact a ?class } GROUP BY ?class"
        ).to_dicts()
        + kg.select("SELECT ?thing WHERE { ?thing a tkg:Treatment }").to_dicts()
    )
    assert len(things) > 10
    for thing in things:
        page = client.get(f"/id/{thing['thing']}")
        assert page.status_code == 200, thing
        assert_sound(page)


@pytest.mark.parametrize("name", ["uniprot:P35225", "MONDO:0004980", "tkg:Indication"])
def test_things_of_others_have_pages(client: TestClient, name: str) -> None:
    page = client.get("/describe", params={"iri": namespaces.expand(name)})
    assert page.status_code == 200
    assert_sound(page)


def test_links_on_pages_lead_somewhere(client: TestClient) -> None:
    for path in ("/", "/id/dupilumab", "/queries/drugs-blocking-cytokine?format=html"):
        tags = Markup(client.get(path).text).tags
        own = {attributes["href"] for _, attributes in tags if attributes.get("href", "").startswith("/")}
        assert own
        for target in sorted(own)[:60]:
            # 400: a query that needs a parameter; 403: one that asks other endpoints
            assert client.get(target).status_code in (200, 400, 403), target


@pytest.mark.parametrize("path", ["/id/evil", "/id/evil/fact", "/id/source/evil", "/find?name=%3Cscript%3E"])
def test_what_the_graph_says_is_shown_as_text(hostile: TestClient, path: str) -> None:
    page = hostile.get(path)
    assert page.status_code in (200, 404)
    assert_sound(page)
    assert not {"img", "b", "u", "i"} & {tag for tag, _ in Markup(page.text).tags}


def test_a_hostile_label_is_escaped(hostile: TestClient) -> None:
    page = hostile.get("/id/evil").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "javascript:alert(3)" in page  # as text


@pytest.mark.parametrize("path", ["/id/nothing", "/id/", "/id/a%20b", "/id/%3Cscript%3E", "/id/%00", "/describe"])
def test_an_unknown_thing_is_not_found(client: TestClient, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 404
    assert_sound(page)


@pytest.mark.parametrize("iri", ["http://a> . <b", "javascript:alert(1)", "x" * 5000, "\u202e", "http://[x", "é"])
def test_a_hostile_iri_is_refused(client: TestClient, iri: str) -> None:
    answer = client.get("/describe", params={"iri": iri})
    assert answer.status_code in (400, 404)
    assert "<script" not in answer.text


@pytest.mark.parametrize("media_type", GRAPHS)
def test_a_thing_is_also_rdf(client: TestClient, kg: treatkg.Knowledge, media_type: str) -> None:
    answer = client.get("/id/dupilumab", headers={"Accept": media_type})
    assert answer.headers["content-type"].startswith(media_type)
    parsed = {str(quad.triple) for quad in ox.parse(answer.content, format=GRAPHS[media_type])}
    described = kg.sparql("CONSTRUCT { <dupilumab> ?p ?o } WHERE { <dupilumab> ?p ?o }")
    assert isinstance(described, list)
    assert parsed == set(map(str, described))


def test_alternates_of_a_page_are_there(client: TestClient) -> None:
    for path in ("/id/dupilumab", "/describe?iri=" + quote(ECZEMA, safe="")):
        tags = Markup(client.get(path).text).tags
        alternates = [attributes["href"] for _, attributes in tags if attributes.get("rel") == "alternate"]
        assert len(alternates) == 4
        assert all(client.get(target).status_code == 200 for target in alternates)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("dupilumab", "/id/dupilumab"),
        ("  Adbry ", "/id/tralokinumab"),
        ("il13", "/describe?iri=" + quote("http://purl.uniprot.org/uniprot/P35225", safe="")),
        ("https://evil.example/x", "/describe?iri=" + quote("https://evil.example/x", safe="")),
    ],
)
def test_find_goes_to_the_thing(client: TestClient, name: str, target: str) -> None:
    answer = client.get("/find", params={"name": name}, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == target


def test_find_suggests(client: TestClient) -> None:
    page = client.get("/find", params={"name": "dupilumb"})
    assert page.status_code == 404
    assert "did you mean" in page.text
    assert "dupilumab" in page.text


@pytest.mark.parametrize("name", ["", "x" * 400, "<script>alert(1)</script>", "\x00", "http://[x", "mondo:1"])
def test_find_survives_anything(client: TestClient, name: str) -> None:
    page = client.get("/find", params={"name": name})
    assert page.status_code == 404
    assert_sound(page)


def test_the_style_sheet_is_there_and_nothing_beside_it(client: TestClient) -> None:
    style = client.get("/static/style.css")
    assert style.headers["content-type"].startswith("text/css")
    assert "http" not in style.text
    assert client.get("/static/..%2fapp.py").status_code == 404


# --- real clients --------------------------------------------------------------------------------------------------


def wrapper(server_url: str, query: str, returns: str, method: str = GET) -> SPARQLWrapper:
    client = SPARQLWrapper(f"{server_url}/sparql", returnFormat=returns)
    client.setMethod(method)
    client.setRequestMethod(URLENCODED)
    client.setQuery("".join(f"PREFIX {name}: <{iri}>\n" for name, iri in namespaces.prefixes().items()) + query)
    return client


@pytest.mark.parametrize("method", [GET, POST])
def test_sparqlwrapper_json(server_url: str, licensed: list[str], method: str) -> None:
    converted = wrapper(server_url, SELECT, JSON, method).queryAndConvert()
    assert isinstance(converted, dict)
    assert [row["drug"]["value"] for row in converted["results"]["bindings"]] == licensed


@pytest.mark.parametrize(("returns", "media_type"), [(XML, ROWS_XML), (CSV, "text/csv"), (TSV, "text/tab")])
def test_sparqlwrapper_other_rows(server_url: str, returns: str, media_type: str) -> None:
    with wrapper(server_url, SELECT, returns).query().response as response:
        assert response.headers["Content-Type"].startswith(media_type)
        assert response.read()


@pytest.mark.parametrize(
    ("returns", "media_type"),
    [
        (XML, "application/rdf+xml"),
        (RDFXML, "application/rdf+xml"),
        (TURTLE, "text/turtle"),
        (N3, "text/turtle"),
        (JSONLD, "application/ld+json"),
    ],
)
@pytest.mark.parametrize("method", [GET, POST])
def test_sparqlwrapper_graphs(server_url: str, returns: str, media_type: str, method: str) -> None:
    with wrapper(server_url, CONSTRUCT, returns, method).query().response as response:
        content, found = response.read(), response.headers["Content-Type"].split(";")[0]
    assert found == media_type
    assert len(list(ox.parse(content, format=GRAPHS[found]))) > 0


def test_rdflib_sparqlstore(server_url: str, licensed: list[str]) -> None:
    remote = rdflib.Graph(SPARQLStore(f"{server_url}/sparql"), bind_namespaces="none")
    rows = remote.query(SELECT, initNs=namespaces.prefixes())
    assert [str(row[0]) for row in rows if isinstance(row, ResultRow)] == licensed
    label = remote.value(rdflib.URIRef(licensed[0]), rdflib.RDFS.label)
    assert isinstance(label, rdflib.Literal)


def test_curl(server_url: str, licensed: list[str]) -> None:
    headers = {"User-Agent": "curl/8.5.0", "Accept": "text/csv", "Content-Type": "application/x-www-form-urlencoded"}
    answer = httpx.post(f"{server_url}/sparql", content=f"query={quote(SELECT)}", headers=headers)
    assert answer.text.split() == ["drug", *licensed]
    plain = httpx.get(f"{server_url}/sparql", params={"query": SELECT}, headers={"Accept": "*/*"})
    assert json.loads(plain.text)["head"]["vars"] == ["drug"]


def test_treatkg_itself(server_url: str, kg: treatkg.Knowledge) -> None:
    remote = treatkg.open(f"{server_url}/sparql")
    assert remote.select(SELECT).terms == kg.select(SELECT).terms
    assert remote.sparql(ASK) is True
    own, there = kg.sparql(CONSTRUCT), remote.sparql(CONSTRUCT)
    assert isinstance(own, list)
    assert isinstance(there, list)
    assert set(own) == set(there)
    assert remote.terms.resolve("IL-13") == kg.terms.resolve("IL-13")


@pytest.mark.parametrize("text", ["SELECT ?x", "ASK { SERVICE <http://a> {} }", "ASK { # \\u0053ERVICE"])
def test_treatkg_says_what_the_endpoint_refused(server_url: str, text: str) -> None:
    with pytest.raises(treatkg.TreatKGError, match=server_url):
        treatkg.open(f"{server_url}/sparql").sparql(text)
