"""SPARQL 1.1 Protocol over HTTP, case by case from the specification; and what HTTP itself asks of a good server."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx
import pyoxigraph as ox
import pytest
from rdflib import Graph
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import JSON, POST, SPARQLWrapper
from starlette.testclient import TestClient
from tests.conftest import serving

from treatkg import namespaces, sparql_text
from treatkg.knowledge import Embedded, Knowledge
from treatkg.server import create_app
from treatkg.server.negotiation import GRAPHS, ROWS

FORM = "application/x-www-form-urlencoded"
QUERY = "application/sparql-query"
ASK = "ASK {}"
SELECT = "SELECT ?drug WHERE { ?drug tkg:indicatedFor MONDO:0004980 } ORDER BY ?drug"
CONSTRUCT = "CONSTRUCT { ?s rdfs:label ?o } WHERE { ?s a tkg:Treatment ; rdfs:label ?o }"
EVERYTHING = "CONSTRUCT WHERE { ?s ?p ?o }"
ONE, TWO, NONE = "https://example.org/one", "https://example.org/two", "https://example.org/none"
WHAT = "SELECT ?what WHERE { ?s <https://example.org/is> ?what } ORDER BY ?what"
WHERE = "SELECT ?g WHERE { GRAPH ?g { ?s ?p ?o } } ORDER BY ?g"


def statement(what: str) -> str:
    return f'<https://example.org/s> <https://example.org/is> "{what}" .\n'


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    """Return a graph with two named graphs beside it."""
    file = tmp_path_factory.mktemp("named") / "default.nt"
    file.write_text(statement("default"), encoding="utf-8")
    engine = Embedded(file)
    for iri, what in ((ONE, "one"), (TWO, "two")):
        engine.store.load(statement(what), format=ox.RdfFormat.N_TRIPLES, to_graph=ox.NamedNode(iri))
    return Knowledge(engine)


@pytest.fixture(scope="module")
def graphs(named: Knowledge) -> TestClient:
    return TestClient(create_app(named))


def found(answer: httpx.Response, name: str = "what") -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row[name]["value"] for row in answer.json()["results"]["bindings"]]


# --- the query operation -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("media_type", [FORM, f"{FORM}; charset=UTF-8", f"{FORM.upper()};charset='utf-8'"])
def test_form(client: TestClient, media_type: str) -> None:
    answer = client.post("/sparql", content=urlencode({"query": ASK}), headers={"Content-Type": media_type})
    assert answer.json()["boolean"] is True


@pytest.mark.parametrize("media_type", [QUERY, f"{QUERY}; charset=UTF-8", f'{QUERY};charset="utf8"', QUERY.upper()])
def test_direct(client: TestClient, media_type: str) -> None:
    query = 'ASK { FILTER("é 😀" = "é 😀") }'.encode()
    answer = client.post("/sparql", content=query, headers={"Content-Type": media_type})
    assert answer.json()["boolean"] is True


@pytest.mark.parametrize("charset", ["utf-16", "latin-1", "windows-1252", "nonsense"])
@pytest.mark.parametrize("media_type", [QUERY, FORM])
def test_another_charset_is_unsupported(client: TestClient, media_type: str, charset: str) -> None:
    headers = {"Content-Type": f"{media_type}; charset={charset}"}
    answer = client.post("/sparql", content=f"query={quote(ASK)}", headers=headers)
    assert answer.status_code == 415
    assert charset in answer.text
    assert QUERY in answer.headers["accept"]


def test_a_compressed_body_is_unsupported(client: TestClient) -> None:
    headers = {"Content-Type": QUERY, "Content-Encoding": "gzip"}
    answer = client.post("/sparql", content=gzip.compress(ASK.encode()), headers=headers)
    assert answer.status_code == 415
    assert "gzip" in answer.text


@pytest.mark.parametrize(
    ("address", "body", "status"),
    [
        ({}, {}, 400),
        ({}, {"query": [ASK, ASK]}, 400),
        ({"query": [ASK]}, {"query": [ASK]}, 400),
        ({}, {"query": [ASK], "update": ["CLEAR ALL"]}, 400),
        ({"update": ["CLEAR ALL"]}, {"query": [ASK]}, 400),
        ({}, {"update": ["CLEAR ALL"]}, 403),
        ({}, {"update": ["CLEAR ALL", "CLEAR ALL"]}, 403),
        ({}, {"unknown": ["x"], "query": [ASK]}, 200),
    ],
)
def test_what_a_form_holds(
    client: TestClient, address: dict[str, list[str]], body: dict[str, list[str]], status: int
) -> None:
    answer = client.post("/sparql", params=address, content=urlencode(body, doseq=True), headers={"Content-Type": FORM})
    assert answer.status_code == status, answer.text


def test_a_query_in_the_address_beside_one_in_the_body(client: TestClient) -> None:
    answer = client.post("/sparql", params={"query": ASK}, content=ASK, headers={"Content-Type": QUERY})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "params", [{"query": ASK, "update": "CLEAR ALL"}, {"default-graph-uri": ONE}, {"query": [ASK, ASK]}]
)
def test_get_without_exactly_one_query(client: TestClient, params: dict[str, str | list[str]]) -> None:
    assert client.get("/sparql", params=params).status_code == 400


def test_a_slash_at_the_end_leads_to_the_endpoint(server_url: str) -> None:
    answer = httpx.post(f"{server_url}/sparql/", data={"query": ASK}, follow_redirects=True)
    assert answer.json()["boolean"] is True


# --- the dataset ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "default", "names"),
    [
        ([], ["default"], [ONE, TWO]),
        ([("default-graph-uri", ONE)], ["one"], []),
        ([("default-graph-uri", ONE), ("default-graph-uri", TWO)], ["one", "two"], []),
        ([("named-graph-uri", TWO)], [], [TWO]),
        ([("default-graph-uri", TWO), ("named-graph-uri", ONE)], ["two"], [ONE]),
        ([("default-graph-uri", namespaces.DATASET), ("default-graph-uri", ONE)], ["default", "one"], []),
        ([("default-graph-uri", NONE)], [], []),
        ([("named-graph-uri", NONE)], [], []),
        ([("default-graph-uri", "file:///etc/hostname"), ("named-graph-uri", "http://127.0.0.1:9/")], [], []),
        ([("default-graph-uri", ""), ("named-graph-uri", "")], ["default"], [ONE, TWO]),
    ],
)
def test_the_dataset_of_a_request(
    graphs: TestClient, params: list[tuple[str, str]], default: list[str], names: list[str]
) -> None:
    def ask(query: str) -> Iterator[httpx.Response]:
        yield graphs.get("/sparql", params=[("query", query), *params])
        form = urlencode([("query", query), *params])
        yield graphs.post("/sparql", content=form, headers={"Content-Type": FORM})
        yield graphs.post("/sparql", params=params, content=query, headers={"Content-Type": QUERY})

    assert [found(answer) for answer in ask(WHAT)] == [default] * 3
    assert [found(answer, "g") for answer in ask(WHERE)] == [names] * 3


@pytest.mark.parametrize("iri", ["relative", "https://example.org/a b", "https://example.org/<x>", "//x", "\u0000"])
def test_a_graph_is_named_by_an_absolute_iri(graphs: TestClient, iri: str) -> None:
    answer = graphs.get("/sparql", params={"query": ASK, "default-graph-uri": iri})
    assert answer.status_code == 400
    assert "absolute IRI" in answer.text


def test_from_names_graphs_that_are_here(graphs: TestClient) -> None:
    from_one = WHAT.replace("WHERE", f"FROM <{ONE}> FROM NAMED <{TWO}> WHERE")
    assert found(graphs.get("/sparql", params={"query": from_one})) == ["one"]
    assert found(graphs.get("/sparql", params={"query": WHERE.replace("WHERE", f"from named <{TWO}> WHERE")}), "g") == [
        TWO
    ]


@pytest.mark.parametrize(
    "name", [NONE, "file:///etc/hostname", "http://127.0.0.1:9/", "relative", ONE.replace("o", "\\u006F")]
)
def test_from_names_no_others(graphs: TestClient, name: str) -> None:
    for clause in (f"FROM <{name}>", f"FROM NAMED <{name}>", f"FROM <{ONE}> FROM <{name}>"):
        answer = graphs.get("/sparql", params={"query": WHAT.replace("WHERE", clause + " WHERE")})
        assert answer.status_code == 403
        assert "no such graph" in answer.text


def test_the_dataset_of_the_request_beats_that_of_the_query(graphs: TestClient) -> None:
    query = WHAT.replace("WHERE", f"FROM <{ONE}> FROM <file:///etc/hostname> WHERE")
    assert found(graphs.get("/sparql", params={"query": query, "default-graph-uri": TWO})) == ["two"]


# --- formats and errors --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/csv, application/sparql-results+json", "text/csv"),
        ("application/sparql-results+xml, text/csv", "application/sparql-results+xml"),
        ('application/x;v="a, text/csv;q=1", text/tab-separated-values', "text/tab-separated-values"),
        ("text/*;q=0.5, text/csv;q=0, */*;q=0.1", "text/tab-separated-values"),
        ("application/json, */*;q=0.1", "application/sparql-results+json"),
        ("application/sparql-results+json;q=0.1, application/json", "application/sparql-results+json"),
        ("TEXT/CSV ; Q=0.9 , */*;q=0", "text/csv"),
    ],
)
def test_accept(client: TestClient, accept: str, media_type: str) -> None:
    answer = client.get("/sparql", params={"query": SELECT}, headers={"Accept": accept})
    assert answer.headers["content-type"].split(";")[0] == media_type


@pytest.mark.parametrize("offer", GRAPHS, ids=lambda offer: offer.names[0])
def test_every_graph_format_holds_the_same(client: TestClient, offer: object) -> None:
    for kind, rdf_format in GRAPHS.items():
        if kind is offer:
            answer = client.get("/sparql", params={"query": CONSTRUCT}, headers={"Accept": kind.media_type})
            assert answer.headers["content-type"] == kind.content_type
            parsed = {quad.triple for quad in ox.parse(answer.content, format=rdf_format)}
            plain = client.post("/sparql", data={"query": CONSTRUCT, "format": "nt"}).content
            assert parsed == {quad.triple for quad in ox.parse(plain, format=ox.RdfFormat.N_TRIPLES)} != set()


def test_a_format_may_stand_in_the_form(client: TestClient) -> None:
    answer = client.post("/sparql", data={"query": SELECT, "format": "csv"}, headers={"Accept": "image/png"})
    assert answer.headers["content-type"].startswith("text/csv")


MISTAKES = {
    "SELECT * WHERE {\n  ?s foaf:name ?o }": ("line 2, column", 'prefix "foaf" is not declared'),
    "SELECT * { ?s tgk:disease ?o }": ("line 1, column", 'did you mean "tkg"'),
    "ASK { ?s ?p ?o": ("line 1, column 15", "1 } missing"),
    "SELECT * { ?s ?p 'a }": ("line 1, column", "string is not closed"),
    "SELEC ?x { ?x ?p ?o }": ("line 1, column", 'did you mean "SELECT"'),
    "SELECT ?x { ?x ?p ?o FILTR(?o) }": ("line 1, column", 'did you mean "FILTER"'),
    "SELECT (COUNT(?x) AS ?n) ?y { ?x ?p ?y }": ("line 1, column", "GROUP BY"),
    "": ("line 1, column 1", "empty"),
}


@pytest.mark.parametrize(("query", "said"), MISTAKES.items())
def test_a_mistake_is_shown(client: TestClient, query: str, said: tuple[str, str]) -> None:
    answer = client.get("/sparql", params={"query": query}, headers={"Accept": "application/sparql-results+json"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert all(text in answer.text for text in said), answer.text
    assert answer.text.splitlines()[2].endswith("^")


def test_a_long_line_is_clipped_and_the_caret_stays_in_place() -> None:
    query = "ASK { FILTER(" + "1 + " * 500 + "! ) }"
    explained = sparql_text.explain_syntax_error(query, f"error at 1:{query.index('!') + 1}: expected a number")
    _, line, caret = explained.splitlines()
    assert len(line) < 300
    assert line[caret.index("^")] == "!"


@pytest.mark.parametrize(
    "accept", ["application/json", "application/problem+json, */*;q=0.1", "application/json, text/plain;q=0.5"]
)
def test_a_mistake_as_json(client: TestClient, accept: str) -> None:
    answer = client.get("/sparql", params={"query": "ASK {\n ?s foaf:x ?o }"}, headers={"Accept": accept})
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["line"]) == (400, 2) == (answer.status_code, problem["line"])
    assert problem["column"] > 1
    assert "foaf" in problem["detail"]


# --- HTTP ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("offer", [*ROWS, *GRAPHS], ids=lambda offer: offer.names[0])
def test_who_has_the_answer_is_told_so(client: TestClient, offer: object) -> None:
    query = SELECT if offer in ROWS else CONSTRUCT
    asked = {"query": query, "format": next(kind.media_type for kind in [*ROWS, *GRAPHS] if kind is offer)}
    first, again = client.get("/sparql", params=asked), client.get("/sparql", params=asked)
    assert first.content == again.content  # a strong validator promises equal bytes
    tag = first.headers["etag"]
    assert tag == again.headers["etag"]
    assert tag.startswith('"')
    assert first.headers["cache-control"] == "no-cache"
    for given in (tag, f'"x", W/{tag}', "*"):
        cached = client.get("/sparql", params=asked, headers={"If-None-Match": given})
        assert (cached.status_code, cached.content) == (304, b"")
        assert given == "*" or cached.headers["etag"] == tag
        assert "Accept" in cached.headers["vary"]
    assert client.get("/sparql", params=asked, headers={"If-None-Match": '"x"'}).status_code == 200
    assert client.post("/sparql", data=asked, headers={"If-None-Match": tag}).status_code == 200


def test_another_answer_has_another_tag(client: TestClient, graphs: TestClient) -> None:
    asked = [
        {"query": SELECT, "format": "csv"},
        {"query": SELECT, "format": "tsv"},
        {"query": SELECT + " LIMIT 1", "format": "csv"},
        {"query": SELECT, "format": "csv", "default-graph-uri": NONE},
    ]
    tags = [client.get("/sparql", params=params).headers["etag"] for params in asked]
    tags.append(graphs.get("/sparql", params=asked[0]).headers["etag"])
    assert len(set(tags)) == 5


def test_an_answer_that_changes_has_a_tag_of_its_content(client: TestClient) -> None:
    random = [client.get("/sparql", params={"query": "SELECT (RAND() AS ?x) {}"}).headers["etag"] for _ in range(2)]
    assert random[0] != random[1]
    today = {"query": "SELECT (YEAR(NOW()) > 2000 AS ?x) {}"}
    tag = client.get("/sparql", params=today).headers["etag"]
    assert client.get("/sparql", params=today, headers={"If-None-Match": tag}).status_code == 304


def test_a_bad_query_is_bad_whatever_the_client_has(client: TestClient) -> None:
    assert client.get("/sparql", params={"query": "ASK {"}, headers={"If-None-Match": "*"}).status_code == 400


def test_compressed_answers(server_url: str) -> None:
    asked = {"query": CONSTRUCT, "format": "nt"}
    address = f"{server_url}/sparql"
    plain = httpx.get(address, params=asked, headers={"Accept-Encoding": "identity"})
    packed = httpx.get(address, params=asked, headers={"Accept-Encoding": "br, gzip;q=0.5"})
    refused = httpx.get(address, params=asked, headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in refused.headers
    assert plain.content == packed.content == refused.content
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) == len(plain.content)
    assert packed.headers["etag"] != plain.headers["etag"] == refused.headers["etag"]
    for answer in (plain, packed):
        assert answer.headers["vary"].lower().count("accept-encoding") == 1
        headers = {"If-None-Match": answer.headers["etag"], "Accept-Encoding": "gzip"}
        cached = httpx.get(address, params=asked, headers=headers)
        assert cached.status_code == 304
        assert cached.headers["etag"] == answer.headers["etag"]


def test_a_large_answer_is_whole(server_url: str) -> None:
    asked = {"query": EVERYTHING, "format": "nt"}
    plain = httpx.get(f"{server_url}/sparql", params=asked, headers={"Accept-Encoding": "identity"}, timeout=60)
    assert int(plain.headers["content-length"]) == len(plain.content) > 1024 * 1024
    packed = httpx.get(f"{server_url}/sparql", params=asked, headers={"Accept-Encoding": "gzip"}, timeout=60)
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    head = httpx.head(f"{server_url}/sparql", params=asked, headers={"Accept-Encoding": "identity"}, timeout=60)
    assert head.headers["content-length"] == plain.headers["content-length"]


def test_a_failure_is_never_behind_a_good_status(client: TestClient) -> None:
    query = "SELECT (<https://example.org/f>(?s) AS ?x) { ?s a tkg:Treatment }"
    answer = client.get("/sparql", params={"query": query})
    assert answer.status_code == 400
    assert "example.org/f" in answer.text


@pytest.mark.parametrize("path", ["/sparql", "/rdf-graphs", "/queries", "/id/dupilumab"])
def test_preflight(client: TestClient, path: str) -> None:
    headers = {
        "Origin": "https://editor.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,if-none-match",
    }
    answer = client.options(path, headers=headers)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "POST" in answer.headers["access-control-allow-methods"]
    allowed = answer.headers["access-control-allow-headers"].lower()
    assert {"content-type", "accept", "if-none-match"} <= set(allowed.split(", "))
    assert "access-control-allow-credentials" not in answer.headers


def test_another_host_may_read_validators(client: TestClient) -> None:
    answer = client.get("/sparql", params={"query": ASK}, headers={"Origin": "https://editor.example"})
    assert {"ETag", "Link"} <= set(answer.headers["access-control-expose-headers"].split(", "))
    assert 'rel="describedby"' in answer.headers["link"]


# --- clients -------------------------------------------------------------------------------------------------------


def test_clients_that_name_graphs(named: Knowledge) -> None:
    with serving(named) as url:
        wrapper = SPARQLWrapper(f"{url}/sparql", returnFormat=JSON)
        wrapper.setMethod(POST)
        wrapper.setQuery(WHAT)
        wrapper.addDefaultGraph(ONE)
        converted = wrapper.queryAndConvert()
        assert isinstance(converted, dict)
        assert [row["what"]["value"] for row in converted["results"]["bindings"]] == ["one"]
        remote = Graph(SPARQLStore(f"{url}/sparql"), identifier=TWO, bind_namespaces="none")
        assert [str(row[0]) for row in remote.query(WHAT)] == ["two"]  # type: ignore[index]


def test_a_graph_that_was_read_again_has_another_tag(tmp_path: Path) -> None:
    file = tmp_path / "graph.nt"
    tags = []
    for what in ("one", "two", "two"):
        file.write_text(statement(what), encoding="utf-8")
        answer = TestClient(create_app(Knowledge(Embedded(file)))).get("/sparql", params={"query": WHAT})
        tags.append(answer.headers["etag"])
    assert tags[0] != tags[1] == tags[2]
