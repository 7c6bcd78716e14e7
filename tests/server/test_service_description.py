"""The service says truly what it can do: every format, graph, count, prefix and stored query that it names is there."""

from pathlib import Path
from urllib.parse import quote

import httpx
import pyoxigraph as ox
import pytest
from starlette.testclient import TestClient

import treatkg
from treatkg import namespaces, queries
from treatkg.graph import RDF_TYPE
from treatkg.knowledge import Embedded, Knowledge
from treatkg.loading import store as loaded
from treatkg.server import create_app
from treatkg.server.description import FORMAT_NAMES
from treatkg.server.negotiation import GRAPHS, ROWS

SD = "http://www.w3.org/ns/sparql-service-description#"
PREFIXES = f"""
PREFIX sd: <{SD}>
PREFIX void: <http://rdfs.org/ns/void#>
PREFIX void-ext: <http://ldf.fi/void-ext#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
"""
# What editors that complete from an endpoint's description ask of it, in short.
CLASSES = """SELECT DISTINCT ?class ?property ?kind WHERE {
  ?part void:class ?class ; void:propertyPartition ?use . ?use void:property ?property .
  { ?use void:classPartition/void:class ?kind } UNION { ?use void-ext:datatypePartition/void-ext:datatype ?kind }
}"""
EXAMPLES = """SELECT DISTINCT ?query ?comment ?text WHERE {
  ?query a sh:SPARQLExecutable ; rdfs:comment ?comment ; sh:select|sh:ask|sh:construct ?text
}"""


def read(answer: httpx.Response, rdf_format: ox.RdfFormat = ox.RdfFormat.TURTLE) -> ox.Store:
    assert answer.status_code == 200, answer.text
    store = ox.Store()
    store.load(answer.content, format=rdf_format)
    return store


def select(store: ox.Store, query: str) -> list[tuple[str, ...]]:
    found = store.query(PREFIXES + query)
    assert isinstance(found, ox.QuerySolutions)
    return [tuple(term.value for term in row) for row in found]


@pytest.fixture(scope="module")
def described(client: TestClient) -> ox.Store:
    return read(client.get("/sparql", headers={"Accept": "text/turtle"}))


@pytest.fixture(scope="module")
def void(client: TestClient) -> ox.Store:
    return read(client.get("/.well-known/void"))


@pytest.mark.parametrize("offer", GRAPHS, ids=[offer.names[0] for offer in GRAPHS])
@pytest.mark.parametrize("path", ["/sparql", "/.well-known/void"])
def test_every_format_says_the_same(client: TestClient, path: str, offer: object) -> None:
    kind, rdf_format = next((kind, rdf_format) for kind, rdf_format in GRAPHS.items() if kind is offer)
    answer = client.get(path, headers={"Accept": kind.media_type})
    assert answer.headers["content-type"] == kind.content_type
    assert set(read(answer, rdf_format)) == set(read(client.get(path)))
    cached = client.get(path, headers={"Accept": kind.media_type, "If-None-Match": answer.headers["etag"]})
    assert cached.status_code == 304


def test_the_address_that_is_asked_is_the_endpoint(server_url: str) -> None:
    store = read(httpx.get(f"{server_url}/sparql", params={"format": "ttl"}, timeout=60))
    services = select(store, "SELECT ?service WHERE { ?service a sd:Service }")
    assert len(services) == 1
    assert select(store, "SELECT ?address WHERE { ?service a sd:Service ; sd:endpoint ?address }") == [
        (f"{server_url}/sparql",)
    ]


def test_a_browser_gets_a_page_and_a_stranger_the_list(client: TestClient) -> None:
    page = client.get("/sparql", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.headers["content-type"].startswith("text/html")
    answer = client.get("/sparql", headers={"Accept": "image/png"})
    assert answer.status_code == 406
    assert "text/turtle" in answer.text


@pytest.mark.parametrize("host", ["a b", "<x>", "[::1", "x/y?z#", '"'])
def test_a_host_that_is_none_does_no_harm(client: TestClient, host: str) -> None:
    answer = client.get("/sparql", headers={"Host": host})
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        assert len(select(read(answer), "SELECT ?address WHERE { ?service sd:endpoint ?address }")) == 1


def test_every_format_that_is_named_works(client: TestClient, described: ox.Store) -> None:
    named = {iri for (iri,) in select(described, "SELECT ?format WHERE { ?service sd:resultFormat ?format }")}
    assert named == {f"http://www.w3.org/ns/formats/{name}" for name in FORMAT_NAMES.values()}
    assert set(FORMAT_NAMES) == {*ROWS, *GRAPHS}
    for offer in FORMAT_NAMES:
        query = "ASK {}" if offer in ROWS else "CONSTRUCT WHERE { <dupilumab> a ?class }"
        answer = client.get("/sparql", params={"query": query}, headers={"Accept": offer.media_type})
        assert answer.headers["content-type"] == offer.content_type


def test_counts_are_those_of_the_graph(kg: treatkg.Knowledge, described: ox.Store, void: ox.Store) -> None:
    dataset = f"<{namespaces.DATASET}>"
    total = str(kg.counts()["triples"])
    for store in (described, void):
        assert select(store, f"SELECT ?n WHERE {{ {dataset} void:triples ?n }}") == [(total,)]
    treatments = kg.select("SELECT (COUNT(*) AS ?n) WHERE { ?s a tkg:Treatment }").to_dicts()[0]["n"]
    part = f"{dataset} void:classPartition ?part . ?part void:class <{namespaces.TKG}Treatment> ; void:entities ?n"
    assert select(void, f"SELECT ?n WHERE {{ {part} }}") == [(str(treatments),)]
    parts = select(void, f"SELECT ?n WHERE {{ {dataset} void:propertyPartition/void:triples ?n }}")
    assert sum(int(n) for (n,) in parts) == int(total)


def test_values_of_a_property_are_of_the_classes_that_are_named(kg: treatkg.Knowledge, void: ox.Store) -> None:
    named = set(select(void, CLASSES))
    assert len(named) > 1000
    indications = {(prop, kind) for cls, prop, kind in named if cls == namespaces.TKG + "Indication"}
    found = kg.select("""SELECT DISTINCT ?p ?kind WHERE {
      ?s a tkg:Indication ; ?p ?o OPTIONAL { ?o a ?class }
      BIND(COALESCE(?class, DATATYPE(?o)) AS ?kind) FILTER(BOUND(?kind)) }""")
    expected = {(namespaces.expand(str(p)), namespaces.expand(str(kind))) for p, kind in found}
    assert indications == expected


def test_links_are_those_of_the_graph(kg: treatkg.Knowledge, void: ox.Store) -> None:
    links = select(
        void,
        """SELECT ?space ?property ?n WHERE {
          ?links a void:Linkset ; void:linkPredicate ?property ; void:triples ?n .
          ?links void:objectsTarget/void:uriSpace ?space
        }""",
    )
    assert len(links) > 10
    for space, prop, count in links:
        own = f'STRSTARTS(STR(?s), "{namespaces.BASE}") && STRSTARTS(STR(?o), "{space}")'
        counted = kg.select(f"SELECT (COUNT(*) AS ?n) WHERE {{ ?s <{prop}> ?o FILTER({own}) }}").to_dicts()
        assert str(counted[0]["n"]) == count, (space, prop)


def test_void_leads_to_the_dataset_and_its_licence(void: ox.Store) -> None:
    query = """SELECT ?licence WHERE { ?document a void:DatasetDescription ;
      <http://xmlns.com/foaf/0.1/primaryTopic> ?dataset . ?dataset <http://purl.org/dc/terms/license> ?licence }"""
    assert ("https://creativecommons.org/licenses/by/4.0/",) in select(void, query)


def test_prefixes_are_declared(described: ox.Store) -> None:
    found = select(described, "SELECT ?prefix ?namespace WHERE { [] sh:namespace ?namespace ; sh:prefix ?prefix }")
    assert set(found) >= set(namespaces.prefixes().items())
    assert len({prefix for prefix, _ in found}) == len(set(found))


def test_examples_run_as_they_are(client: TestClient, described: ox.Store) -> None:
    examples = {text: iri for iri, _, text in select(described, EXAMPLES)}
    here = {name for name, query in queries.catalogue().items() if not query.online and not query.loaded}
    assert {iri.rpartition("/")[2] for iri in examples.values()} == here
    declared = select(described, "SELECT ?prefix ?namespace WHERE { [] sh:namespace ?namespace ; sh:prefix ?prefix }")
    head = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in sorted(set(declared)))
    for text, iri in examples.items():
        answer = client.post("/sparql", data={"query": head + text})
        assert answer.status_code == 200, (iri, answer.text)


# --- named graphs --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    file = tmp_path_factory.mktemp("named") / "graph.nt"
    file.write_text('<https://example.org/s> <https://example.org/p> "default" .\n', encoding="utf-8")
    engine = Embedded(file)
    for number in (1, 2):
        text = "".join(f'<https://example.org/s> <https://example.org/p> "{n}" .\n' for n in range(number))
        name = ox.NamedNode(f"https://example.org/graph/{number}")
        engine.store.load(text, format=ox.RdfFormat.N_TRIPLES, to_graph=name)
    return TestClient(create_app(Knowledge(engine)))


def test_named_graphs_are_described(stored: TestClient) -> None:
    store = read(stored.get("/sparql"))
    found = select(
        store,
        """SELECT ?name ?n WHERE { ?service sd:defaultDataset ?dataset . ?dataset sd:namedGraph ?named .
          ?named a sd:NamedGraph ; sd:name ?name ; sd:graph ?graph . ?graph a sd:Graph ; void:triples ?n }
          ORDER BY ?name""",
    )
    assert found == [("https://example.org/graph/1", "1"), ("https://example.org/graph/2", "2")]
    default = "SELECT ?n WHERE { ?service sd:defaultDataset/sd:defaultGraph ?graph . ?graph void:triples ?n }"
    assert select(store, default) == [("1",)]


def test_graph_store_reads(stored: TestClient) -> None:
    for query, size in (("default", 1), ("graph=" + quote("https://example.org/graph/2", safe=""), 2)):
        answer = stored.get(f"/rdf-graphs?{query}", headers={"Accept": "application/n-triples"})
        assert answer.headers["content-type"] == "application/n-triples"
        assert len(answer.text.splitlines()) == size
        cached = stored.get(f"/rdf-graphs?{query}&format=nt", headers={"If-None-Match": answer.headers["etag"]})
        assert cached.status_code == 304


@pytest.mark.parametrize("offer", GRAPHS, ids=[offer.names[0] for offer in GRAPHS])
def test_graph_store_formats(stored: TestClient, offer: object) -> None:
    kind, rdf_format = next((kind, rdf_format) for kind, rdf_format in GRAPHS.items() if kind is offer)
    answer = stored.get("/rdf-graphs?default", headers={"Accept": kind.media_type})
    assert answer.headers["content-type"] == kind.content_type
    assert len(read(answer, rdf_format)) == 1


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("", 400, "?default"),
        ("default&graph=https://example.org/graph/1", 400, "one graph"),
        ("default&default", 200, ""),
        ("graph=https://example.org/graph/1&graph=https://example.org/graph/2", 400, "one graph"),
        ("graph=relative", 400, "absolute IRI"),
        ("graph=", 400, "absolute IRI"),
        ("graph=https://example.org/graph/3", 404, "https://example.org/graph/1"),
        ("graph=file:///etc/hostname", 404, "no graph"),
    ],
)
def test_graph_store_names(stored: TestClient, query: str, status: int, said: str) -> None:
    answer = stored.get(f"/rdf-graphs?{query}")
    assert answer.status_code == status
    assert said in answer.text


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
def test_graph_store_writes_nothing(stored: TestClient, method: str) -> None:
    answer = stored.request(method, "/rdf-graphs?default", content="<a:a> <a:b> <a:c> .")
    assert answer.status_code == 405
    assert {"GET", "HEAD"} <= set(answer.headers["allow"].split(", "))
    assert "POST" not in answer.headers["allow"]
    assert len(read(stored.get("/rdf-graphs?default"))) == 1


def test_graph_store_head_and_options(server_url: str) -> None:
    address = f"{server_url}/rdf-graphs?default&format=nt"
    head = httpx.head(address, headers={"Accept-Encoding": "identity"}, timeout=60)
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 1024 * 1024
    options = httpx.options(address)
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")


def test_a_graph_without_a_header_is_described_too(tmp_path: Path) -> None:
    file = tmp_path / "empty.ttl"
    file.touch()
    store = read(TestClient(create_app(treatkg.open(file))).get("/.well-known/void"))
    assert select(store, f"SELECT ?n WHERE {{ <{namespaces.DATASET}> void:triples ?n }}") == [("0",)]
    assert any(quad.predicate == RDF_TYPE for quad in store)


def test_a_store_of_loaded_sources(tmp_path: Path) -> None:
    with loaded.opened(tmp_path / "store"):
        pass
    client = TestClient(create_app(treatkg.open(tmp_path / "store")))
    (name,) = client.app.state.knowledge.engine.graphs()  # type: ignore[attr-defined]
    query = "SELECT (COUNT(*) AS ?n) FROM <@> WHERE { ?s ?p ?o }"
    counted = {"query": query.replace("@", name), "format": "csv"}
    answer = client.get("/sparql", params=counted)
    size = int(answer.text.split()[1])
    assert size > 10
    assert len(client.get("/rdf-graphs", params={"graph": name, "format": "nt"}).text.splitlines()) == size
    graph = f"?named sd:name <{name}> ; sd:graph ?graph . ?graph void:triples ?n"
    assert select(read(client.get("/sparql")), f"SELECT ?n WHERE {{ {graph} }}") == [(str(size),)]
    assert client.get("/sparql", params=counted, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
