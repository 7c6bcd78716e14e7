"""The network is the one-hop edges and causal links of the graph, each with its facts; networkx reads both files."""

import json
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

from treatkg import graph, namespaces, publishing
from treatkg.namespaces import TKG
from treatkg.publishing import Content
from treatkg.publishing.networks import network

ONE_HOP = ("hasTarget", "blocksSignallingOf", "indicatedFor", "contraindicatedIn", "mayCause", "memberOf")
STRUCTURE = ("activeSubstance", "hasComponent")
GRAPHML = "{http://graphml.graphdrawing.org/xmlns}"


@pytest.fixture(scope="module")
def content() -> Content:
    return Content()


@pytest.fixture(scope="module")
def cytoscape(content: Content) -> Any:  # noqa: ANN401 (networkx has no types)
    return nx.cytoscape_graph(json.loads(publishing.single("cytoscape", content)))


@pytest.fixture(scope="module")
def graphml_file(content: Content, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("graphml") / "treatkg.graphml"
    publishing.export("graphml", file, content)
    return file


@pytest.fixture(scope="module")
def graphml(graphml_file: Path) -> Any:  # noqa: ANN401
    return nx.read_graphml(graphml_file, force_multigraph=True)


def test_edges_are_those_of_the_graph(content: Content) -> None:
    view = content.view
    facts = set(view.facts)
    expected: Counter[str] = Counter()
    for triple in content.complete:
        name = triple.predicate.value.removeprefix(TKG)
        if name in (*ONE_HOP, *STRUCTURE) and graph.iri_of(triple.subject) not in facts:
            expected[name] += 1
    links = [fact for fact in view.instances("CausalLink") if not view.values(fact, TKG + "polarity")]
    expected.update(view.first(fact, TKG + "relation").removeprefix(TKG) for fact in links)
    _, edges = network(view)
    assert Counter(edge.type for edge in edges) == expected
    assert expected["hasTarget"] > 40


def test_every_edge_drawn_from_facts_names_them(content: Content) -> None:
    _, edges = network(content.view)
    for edge in edges:
        if edge.type in STRUCTURE or (edge.type == "memberOf" and not edge.facts):
            continue  # a definition draws it
        assert edge.facts, edge.id
        assert edge.sources > 0, edge.id


def test_facts_of_an_edge_say_what_the_edge_says(content: Content) -> None:
    _, edges = network(content.view)
    (edge,) = [edge for edge in edges if edge.id == "ruxolitinib-cream hasTarget uniprot:P23458"]
    assert edge.facts
    assert all(fact.startswith("ruxolitinib/mechanism/") for fact in edge.facts)
    itch = next(edge for edge in edges if edge.type == "contraindicatedIn" and edge.target == "tkg:PregnancyState")
    assert all("/contraindication/" in fact for fact in itch.facts)


def test_networkx_reads_as_many_nodes_and_edges(content: Content, cytoscape: Any, graphml: Any) -> None:  # noqa: ANN401
    nodes, edges = network(content.view)
    for read in (cytoscape, graphml):
        assert read.is_directed()
        assert set(read.nodes) == {node.id for node in nodes}
        assert read.number_of_edges() == len(edges)


def test_both_files_say_the_same(cytoscape: Any, graphml: Any) -> None:  # noqa: ANN401
    names = ("label", "kind", "iri")
    for node in cytoscape.nodes:
        assert all(cytoscape.nodes[node][name] == graphml.nodes[node][name] for name in names)
    edge_names = ("type", "label", "facts", "facts_count", "sources_count")

    def edges(read: Any) -> Counter[tuple[Any, ...]]:  # noqa: ANN401
        return Counter(
            (start, end, *(data.get(name, "") for name in edge_names)) for start, end, data in read.edges(data=True)
        )

    assert edges(cytoscape) == edges(graphml)


def test_a_path_leads_from_a_drug_to_itch(graphml: Any) -> None:  # noqa: ANN401
    assert nx.has_path(graphml, "nemolizumab", "HP:0000989")
    assert graphml.nodes["nemolizumab"]["kind"] == "Treatment"
    assert graphml.nodes["uniprot:Q6EBC2"]["kind"] == "Cytokine"


def test_every_thing_of_the_network_has_a_name_and_a_kind(content: Content) -> None:
    nodes, _ = network(content.view)
    assert all(node.label and node.kind and node.iri for node in nodes)
    assert {namespaces.shorten(iri) for iri in content.view.instances("Treatment")} <= {node.id for node in nodes}


def test_graphml_declares_a_typed_key_for_each_datum(graphml_file: Path) -> None:
    root = ET.parse(graphml_file).getroot()  # noqa: S314 (our own file)
    keys = {key.get("id"): key for key in root.findall(f"{GRAPHML}key")}
    assert all(key.get("for") in {"node", "edge"} and key.get("attr.name") for key in keys.values())
    counts = {key.get("attr.name"): key.get("attr.type") for key in keys.values()}
    assert counts["sources_count"] == "int"
    used = set()
    for kind in ("node", "edge"):
        for element in root.iter(f"{GRAPHML}{kind}"):
            for datum in element.findall(f"{GRAPHML}data"):
                key = keys[datum.get("key")]
                used.add(datum.get("key"))
                assert key.get("for") == kind
                assert key.get("attr.type") == "string" or int(datum.text or "") >= 0
    assert used == keys.keys()
    ids = [element.get("id") for kind in ("node", "edge") for element in root.iter(f"{GRAPHML}{kind}")]
    assert len(ids) == len(set(ids))


def test_cytoscape_finds_the_ends_of_every_edge(content: Content) -> None:
    elements = json.loads(publishing.single("cytoscape", content))["elements"]
    ids = {node["data"]["id"] for node in elements["nodes"]}
    assert all({edge["data"]["source"], edge["data"]["target"]} <= ids for edge in elements["edges"])
    assert len({edge["data"]["id"] for edge in elements["edges"]} | ids) == len(elements["edges"]) + len(ids)


def test_what_xml_cannot_hold_does_not_break_the_file(tmp_path: Path) -> None:
    source = tmp_path / "odd.nt"
    treatment = f"<{namespaces.BASE}x>"
    source.write_text(
        f'{treatment} <{namespaces.RDFS}label> "a\\u0000b & <c>" .\n'
        + "".join(f"{treatment} <{namespaces.RDF}type> <{TKG}{kind}> .\n" for kind in ("Treatment", "TreatmentSubject"))
        + f"{treatment} <{TKG}memberOf> {treatment} .\n",
        encoding="utf-8",
    )
    written = publishing.single("graphml", Content(source))
    assert ET.fromstring(written).find(f".//{GRAPHML}node/{GRAPHML}data").text == "a\N{REPLACEMENT CHARACTER}b & <c>"  # type: ignore[union-attr]  # noqa: S314
