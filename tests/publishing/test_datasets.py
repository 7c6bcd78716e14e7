"""Named graphs: the graph in parts, each described, nothing twice and nothing lost."""

from collections import defaultdict

import pyoxigraph as ox
import pytest
import rdflib

import treatkg
from treatkg import graph, namespaces, publishing
from treatkg.errors import BadInputError
from treatkg.publishing import Content, datasets

FORMATS = [("nquads", ox.RdfFormat.N_QUADS), ("trig", ox.RdfFormat.TRIG)]


def parts(text: bytes, rdf_format: ox.RdfFormat) -> dict[str, set[ox.Triple]]:
    """Return the end of each graph's name -> its triples; the default graph has none."""
    found: dict[str, set[ox.Triple]] = defaultdict(set)
    for quad in ox.parse(text, format=rdf_format, base_iri=namespaces.BASE):
        name = quad.graph_name.value if isinstance(quad.graph_name, ox.NamedNode) else ""
        assert not name or name.startswith(datasets.GRAPHS)
        assert quad.triple not in found[name.removeprefix(datasets.GRAPHS)]
        found[name.removeprefix(datasets.GRAPHS)].add(quad.triple)
    return found


@pytest.fixture(scope="module", params=FORMATS, ids=[name for name, _ in FORMATS])
def dataset(request: pytest.FixtureRequest, content: Content) -> dict[str, set[ox.Triple]]:
    name, rdf_format = request.param
    return parts(publishing.single(name, content), rdf_format)


def test_the_named_graphs_are_the_turtle_export(dataset: dict[str, set[ox.Triple]], content: Content) -> None:
    named = [triples for name, triples in dataset.items() if name]
    turtle = ox.parse(publishing.single("turtle", content), format=ox.RdfFormat.TURTLE, base_iri=namespaces.BASE)
    assert set.union(*named) == {quad.triple for quad in turtle}
    assert sum(map(len, named)) == len(content.complete)


def test_each_graph_holds_what_it_says(dataset: dict[str, set[ox.Triple]], content: Content) -> None:
    def types(name: str) -> set[str]:
        return {graph.iri_of(t.object).removeprefix(namespaces.TKG) for t in dataset[name] if t.predicate.value == TYPE}

    assert dataset.keys() == {"", *datasets.PARTS}
    assert types("sources") == {"Source"}
    assert "Evidence" in types("provenance")
    assert not types("assertions") & {"Evidence", "Source"}
    assert {"Indication", "Treatment", "Population"} <= types("assertions")
    assert {"Fact", "LicensedTreatment"} <= types("entailments")
    assert not dataset["entailments"] & content.curated
    assert not {t.predicate.value for t in dataset["assertions"]} & {namespaces.TKG + "evidence"}
    assert {t.predicate.value for t in dataset["entailments"]} >= {namespaces.TKG + "indicatedFor"}


TYPE = namespaces.RDF + "type"


def test_each_graph_is_described_with_licence_date_and_size(
    dataset: dict[str, set[ox.Triple]], kg: treatkg.Knowledge
) -> None:
    for name in datasets.PARTS:
        described = {
            t.predicate.value: t.object for t in dataset[""] if graph.iri_of(t.subject) == datasets.GRAPHS + name
        }
        assert str(described[namespaces.DCTERMS + "license"]) == "<https://creativecommons.org/licenses/by/4.0/>"
        assert described[namespaces.DCTERMS + "issued"] == ox.Literal(
            str(kg.header()["issued"]), datatype=ox.NamedNode(namespaces.XSD + "date")
        )
        assert described["http://rdfs.org/ns/void#triples"] == ox.Literal(len(dataset[name]))
        assert namespaces.RDFS + "label" in described


def test_nquads_are_sorted(content: Content) -> None:
    lines = publishing.single("nquads", content).splitlines()
    assert lines == sorted(set(lines))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "rdflib_name"), [("nquads", "nquads"), ("trig", "trig")])
def test_rdflib_reads_the_same(name: str, rdflib_name: str, content: Content) -> None:
    copy = rdflib.Dataset()
    copy.parse(data=publishing.single(name, content), format=rdflib_name, publicID=namespaces.BASE)
    sizes = {str(g.identifier).removeprefix(datasets.GRAPHS): len(g) for g in copy.graphs() if len(g)}
    own = parts(publishing.single("nquads", content), ox.RdfFormat.N_QUADS)
    assert {key: size for key, size in sizes.items() if key in own} == {key: len(own[key]) for key in own if key}


def test_the_partition_can_be_asked_with_sparql(content: Content) -> None:
    store = ox.Store()
    store.bulk_load(publishing.single("trig", content), format=ox.RdfFormat.TRIG)
    answer = store.query(
        f"""PREFIX tkg: <{namespaces.TKG}> PREFIX dcterms: <{namespaces.DCTERMS}> PREFIX prov: <{namespaces.PROV}>
        SELECT DISTINCT ?title WHERE {{
          GRAPH <{datasets.GRAPHS}assertions> {{ ?fact a tkg:Indication ; tkg:treatment <{namespaces.BASE}dupilumab> }}
          GRAPH <{datasets.GRAPHS}provenance> {{ ?fact tkg:evidence ?e . ?e prov:wasDerivedFrom ?source }}
          GRAPH <{datasets.GRAPHS}sources> {{ ?source dcterms:title ?title }} }}"""
    )
    assert len(list(graph.rows(answer))) > 3


def test_a_graph_without_a_date_is_no_release(content: Content, tmp_path: object) -> None:
    undated = Content(content.path)
    undated.complete = tuple(t for t in content.complete if t.predicate.value != namespaces.DCTERMS + "issued")
    undated.curated = content.curated
    with pytest.raises(BadInputError, match="does not say when it was issued"):
        publishing.single("trig", undated)
