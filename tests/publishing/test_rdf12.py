"""RDF 1.2: each derived edge says which facts it comes from, and no negative fact supports one."""

import pyoxigraph as ox
import pytest
import rdflib

from treatkg import graph, namespaces, publishing, rules
from treatkg.publishing import Content, rdf12

PREFIXES = f"PREFIX tkg: <{namespaces.TKG}> PREFIX rdf: <{namespaces.RDF}> BASE <{namespaces.BASE}> "
AD = "<http://purl.obolibrary.org/obo/MONDO_0004980>"
ONE_HOP = ("indicatedFor", "hasTarget", "contraindicatedIn", "mayCause", "blocksSignallingOf", "leadsTo")


@pytest.fixture(scope="module")
def text(content: Content) -> bytes:
    return publishing.single("rdf12", content)


@pytest.fixture(scope="module")
def store(text: bytes) -> ox.Store:
    made = ox.Store()
    made.bulk_load(text, format=ox.RdfFormat.TURTLE, base_iri=namespaces.BASE)
    return made


def rows(store: ox.Store, query: str) -> list[list[str]]:
    return [[str(value) for value in row] for row in graph.rows(store.query(PREFIXES + query))]


def test_it_is_the_graph_and_reifiers(text: bytes, content: Content) -> None:
    found = {quad.triple for quad in ox.parse(text, format=ox.RdfFormat.TURTLE, base_iri=namespaces.BASE)}
    assert {t for t in found if not isinstance(t.object, ox.Triple)} == set(content.complete)
    about = {triple.object for triple in found if isinstance(triple.object, ox.Triple)}
    assert about <= set(content.complete)
    assert len(about) > 500


def test_which_fact_says_that_dupilumab_is_indicated_for_atopic_dermatitis_and_since_when(store: ox.Store) -> None:
    found = rows(
        store,
        f"""SELECT ?fact ?from {{ ?fact rdf:reifies <<( <dupilumab> tkg:indicatedFor {AD} )>> ; tkg:validFrom ?from }}
        ORDER BY ?from ?fact""",
    )
    asked = rows(
        store,
        f"""SELECT ?fact ?from {{ << <dupilumab> tkg:indicatedFor {AD} ~ ?fact >> tkg:validFrom ?from }}
        ORDER BY ?from ?fact""",
    )
    assert asked == found
    first = f"<{namespaces.BASE}dupilumab/indication/us-2017-adults>"
    assert [date[1:11] for fact, date in found if fact == first] == ["2017-03-28"]


@pytest.mark.parametrize("edge", ONE_HOP)
def test_every_edge_is_supported(edge: str, store: ox.Store) -> None:
    edges = rows(store, f"SELECT DISTINCT ?s ?o {{ ?s tkg:{edge} ?o MINUS {{ ?s a tkg:Fact }} }}")
    supported = rows(
        store,
        f"SELECT DISTINCT ?s ?o {{ ?s tkg:{edge} ?o . ?fact rdf:reifies <<( ?s tkg:{edge} ?o )>> ; tkg:evidence ?e }}",
    )
    assert sorted(map(tuple, supported)) == sorted(map(tuple, edges))
    assert edges


def test_no_negative_fact_supports_an_edge(store: ox.Store) -> None:
    assert rows(store, "SELECT ?fact { ?fact tkg:polarity ?negative }")
    assert rows(store, "SELECT ?fact { ?fact rdf:reifies ?edge ; tkg:polarity ?negative }") == []


def test_no_ended_licence_and_no_source_statement_supports_an_edge(store: ox.Store, content: Content) -> None:
    assert rows(store, "SELECT ?fact { ?fact rdf:reifies ?edge ; a tkg:SourceStatement }") == []
    ended = rows(
        store,
        f"""SELECT ?fact {{ <{namespaces.DATASET}> <{namespaces.DCTERMS}issued> ?day .
        ?fact rdf:reifies <<( ?s tkg:indicatedFor ?o )>> ; tkg:validUntil ?until FILTER(?until <= ?day) }}""",
    )
    assert ended == []


def test_every_rule_is_known_to_be_supported_by_a_fact_or_not() -> None:
    names = {file.stem for file in rules.RULES.glob("*.rq")}
    assert names == rdf12.SUPPORTED.keys() | rdf12.UNSUPPORTED
    assert not rdf12.SUPPORTED.keys() & rdf12.UNSUPPORTED


def test_rdflib_refuses_it_rather_than_losing_the_support(text: bytes) -> None:
    head, reified = text.splitlines()[:40], next(line for line in text.splitlines() if b"<<(" in line)
    prefixes = b"\n".join(line for line in head if line.startswith(b"@"))
    with pytest.raises(Exception, match="<<"):
        rdflib.Graph().parse(data=prefixes + b"\n<x> " + reified.strip(b"\t ;.") + b" .", format="turtle")
