"""The KGX files say what the graph says, kgx reads both alike, and what Biolink cannot say is listed."""

import json
import logging
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from treatkg import graph, namespaces, publishing
from treatkg.publishing import Content

# kgx leaves files open.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")

Record = dict[str, Any]
FILES = {form: [f"nodes.{form}", f"edges.{form}"] for form in ("tsv", "jsonl")}
DENIALS = """
@base <https://w3id.org/treatkg/id/> .
@prefix tkg: <https://w3id.org/treatkg/ontology#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
<e/source> a tkg:Source ; rdfs:label "a source" .
<e/evidence> a tkg:Evidence ; tkg:evidenceDirection tkg:Supports ;
  <http://www.w3.org/ns/prov#wasDerivedFrom> <e/source> .
<drug> a tkg:Treatment, tkg:TreatmentSubject ; rdfs:label "a drug" .
<drug/effect/worsens> a tkg:TreatmentEffect, tkg:TreatmentFact, tkg:Fact ; rdfs:label "It does not worsen itch" ;
  tkg:treatment <drug> ; tkg:feature <http://purl.obolibrary.org/obo/HP_0000989> ; tkg:effectDirection tkg:Worsens ;
  tkg:degree tkg:Established ; tkg:polarity tkg:Negative ; tkg:evidence <e/evidence> ; tkg:product "cream 1%" .
<drug/effect/improves> a tkg:TreatmentEffect, tkg:TreatmentFact, tkg:Fact ; rdfs:label "Not shown to improve itch" ;
  tkg:treatment <drug> ; tkg:feature <http://purl.obolibrary.org/obo/HP_0000989> ; tkg:effectDirection tkg:Improves ;
  tkg:degree tkg:Established ; tkg:polarity tkg:NotShown ; tkg:evidence <e/evidence> .
<drug/adverse/any> a tkg:AdverseReaction, tkg:TreatmentFact, tkg:Fact ; rdfs:label "It does not cause itch" ;
  tkg:treatment <drug> ; tkg:effect <http://purl.obolibrary.org/obo/HP_0000989> ; tkg:polarity tkg:Negative ;
  tkg:evidence <e/evidence> .
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("kgx")
    publishing.export("kgx", out)
    return out


@pytest.fixture(scope="module")
def content() -> Content:
    return Content()


def records(file: Path) -> list[Record]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def edges(folder: Path) -> list[Record]:
    return records(folder / "edges.jsonl")


@pytest.fixture(scope="module")
def nodes(folder: Path) -> dict[str, Record]:
    return {node["id"]: node for node in records(folder / "nodes.jsonl")}


def left_out(folder: Path) -> dict[str, str]:
    lines = (folder / "left-out.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return {fact: reason for fact, _, _, reason in (line.split("\t") for line in lines)}


def of(edges: list[Record], fact: str) -> list[Record]:
    return [edge for edge in edges if edge.get("tkg_fact") == fact]


def model() -> Path:
    """Return where the packaged Biolink Model is."""
    spec = find_spec("biolink_model")
    assert spec
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])


@pytest.fixture(scope="module")
def kgx_validator(folder: Path) -> Iterator[Any]:
    """Return kgx's validator, with the packaged Biolink Model and our two prefixes in the place of downloads."""
    import bmt.toolkit

    defaults: tuple[str, dict[str, list[str]]] = (
        str(model() / "schema" / "biolink_model.yaml"),
        {"predicate mappings": []},
    )
    patch = pytest.MonkeyPatch()
    patch.setattr(bmt.toolkit.Toolkit.__init__, "__defaults__", defaults)
    import kgx.config

    prefixes = json.loads((model() / "prefixmaps" / "biolink_model_prefix_map.json").read_text(encoding="utf-8"))
    own = json.loads((folder / "prefixes.json").read_text(encoding="utf-8"))["@context"]
    assert not own.keys() & prefixes.keys()
    patch.setitem(kgx.config.jsonld_context_map, "biolink", {**prefixes, **own})
    from kgx.validator import Validator

    logging.getLogger("KGX").setLevel(logging.ERROR)
    yield Validator
    patch.undo()


def read_by_kgx(files: list[Path], form: str) -> tuple[dict[str, Record], dict[str, Record]]:
    """Return the nodes and edges that kgx reads from files, by their ids, before it puts them into its graph."""
    from kgx.transformer import Transformer

    source = Transformer(stream=True).get_source(form)
    nodes: dict[str, Record] = {}
    edges: dict[str, Record] = {}
    for record in (record for file in files for record in source.parse(str(file), format=form)):
        data = {key: value for key, value in record[-1].items() if key != "knowledge_source"}  # which kgx itself adds
        (nodes if len(record) == 2 else edges)[data["id"]] = data
    return nodes, edges


def plain(record: Record) -> Record:
    """Return a record as text: kgx reads cells of a TSV as text, and lists of one as text where it knows no slot."""

    def text(value: object) -> object:
        if isinstance(value, list):
            return sorted(str(each) for each in value) if len(value) > 1 else str(value[0])
        return f"{value:g}" if isinstance(value, float) else str(value)

    return {key: text(value) for key, value in record.items()}


@pytest.mark.slow
@pytest.mark.parametrize("form", FILES)
def test_kgx_finds_no_fault(folder: Path, kgx_validator: Any, form: str) -> None:  # noqa: ANN401 (kgx has no types)
    from kgx.transformer import Transformer

    validator = kgx_validator()
    transformer = Transformer()
    files = [str(folder / name) for name in FILES[form]]
    transformer.transform({"filename": files, "format": form}, inspector=validator)
    assert validator.get_errors() == {}
    assert transformer.store.graph.number_of_edges() > 1000


@pytest.mark.slow
def test_kgx_finds_the_faults_of_a_broken_edge(folder: Path, kgx_validator: Any, tmp_path: Path) -> None:  # noqa: ANN401
    from kgx.transformer import Transformer

    lines = (folder / "edges.jsonl").read_text(encoding="utf-8").splitlines()[:1]
    broken = {**json.loads(lines[0]), "predicate": "biolink:cures_for_sure", "subject": "nowhere:1"}
    (tmp_path / "edges.jsonl").write_text(json.dumps(broken) + "\n", encoding="utf-8")
    validator = kgx_validator()
    Transformer().transform({"filename": [str(tmp_path / "edges.jsonl")], "format": "jsonl"}, inspector=validator)
    assert {"INVALID_EDGE_PREDICATE", "INVALID_EDGE_PROPERTY_VALUE"} <= set(validator.get_errors()["ERROR"])


@pytest.mark.slow
def test_kgx_reads_both_forms_alike(folder: Path, kgx_validator: Any) -> None:  # noqa: ANN401
    assert kgx_validator
    read = {form: read_by_kgx([folder / name for name in names], form) for form, names in FILES.items()}
    for tables, lines in zip(read["tsv"], read["jsonl"], strict=True):
        assert tables.keys() == lines.keys()
        for ident, record in tables.items():
            assert plain(record) == plain(lines[ident])


@pytest.mark.slow
def test_kgx_reads_what_was_written(
    folder: Path, kgx_validator: Any, nodes: dict[str, Record], edges: list[Record]  # noqa: ANN401
) -> None:  # fmt: skip
    assert kgx_validator
    read_nodes, read_edges = read_by_kgx([folder / name for name in FILES["tsv"]], "tsv")
    assert {ident: plain(node) for ident, node in nodes.items()} == {i: plain(node) for i, node in read_nodes.items()}
    assert {edge["id"]: plain(edge) for edge in edges} == {i: plain(edge) for i, edge in read_edges.items()}


@pytest.mark.slow
def test_negation_and_qualifiers_survive_kgx(kgx_validator: Any, tmp_path: Path) -> None:  # noqa: ANN401
    assert kgx_validator
    source = tmp_path / "denials.nt"
    denials = {quad.triple for quad in ox.parse(DENIALS.encode(), format=ox.RdfFormat.TURTLE)}
    source.write_bytes(graph.canonical_ntriples(denials | graph.background()))
    publishing.export("kgx", tmp_path, Content(source))
    expected = {
        "predicate": "biolink:exacerbates_condition",
        "object": "HP:0000989",
        "negated": True,
        "tkg_polarity": "tkg:Negative",
        "tkg_product": "cream 1%",
    }
    for form, names in FILES.items():
        _, found = read_by_kgx([tmp_path / name for name in names], form)
        (edge,) = found.values()
        assert {key: edge[key] for key in expected} == expected
    reasons = left_out(tmp_path)
    assert "has not been shown" in reasons["drug/effect/improves"]
    assert "a denial" in reasons["drug/adverse/any"]


def test_every_fact_is_an_edge_or_listed_with_the_reason(folder: Path, edges: list[Record], content: Content) -> None:
    drawn = {edge["tkg_fact"] for edge in edges if "tkg_fact" in edge}
    listed = left_out(folder)
    assert drawn | listed.keys() == {namespaces.shorten(fact) for fact in content.view.facts}
    assert not drawn & listed.keys()
    assert all(listed.values())


def test_denials_of_the_graph_are_negated_or_left_out(folder: Path, edges: list[Record], content: Content) -> None:
    denied = {
        namespaces.shorten(triple.subject.value)
        for triple in content.complete
        if triple.predicate.value == namespaces.TKG + "polarity" and isinstance(triple.subject, ox.NamedNode)
    }
    listed = left_out(folder)
    assert all(fact in listed or all(edge.get("negated") is True for edge in of(edges, fact)) for fact in denied)
    negated = {edge["tkg_fact"] for edge in edges if edge.get("negated")}
    assert negated == denied - listed.keys()
    assert "emollients/effect/prevention-general" in negated


def test_no_edge_speaks_for_a_fact_that_has_ended(folder: Path, content: Content) -> None:
    listed = left_out(folder)
    ended = [fact for fact in content.view.facts if not content.view.in_force(fact)]
    assert ended
    assert all(namespaces.shorten(fact) in listed for fact in ended)


def test_conditions_that_must_hold_together_are_no_diseases(edges: list[Record], nodes: dict[str, Record]) -> None:
    """A label that bars pregnant women with psoriasis never becomes 'contraindicated in psoriasis'."""
    several = [edge for edge in edges if isinstance(edge.get("tkg_condition"), list)]
    assert len({edge["tkg_fact"] for edge in several}) > 5
    for edge in several:
        people = nodes[edge["object"]]
        assert people["category"] == ["biolink:PopulationOfIndividualOrganisms"]
        assert " AND " in people["name"]


def test_contraindications_of_the_one_hop_edges_are_the_plain_ones(edges: list[Record], content: Content) -> None:
    plain_edges = {
        (edge["tkg_fact"].split("/contraindication/")[0], edge["object"])
        for edge in edges
        if edge["predicate"] == "biolink:contraindicated_in" and not edge["object"].endswith("%2Fpeople")
    }
    drawn = {
        (namespaces.shorten(graph.iri_of(triple.subject)), namespaces.shorten(graph.iri_of(triple.object)))
        for triple in content.complete
        if triple.predicate.value == namespaces.TKG + "contraindicatedIn"
    }
    assert plain_edges == drawn


def test_qualifiers_of_an_indication(edges: list[Record], nodes: dict[str, Record]) -> None:
    (edge,) = of(edges, "abrocitinib/indication/eu-2024-adolescents")
    assert edge["predicate"] == "biolink:treats"
    assert nodes[edge["subject"]]["name"] == "abrocitinib"
    assert edge["object"] == "MONDO:0004980"
    assert (edge["tkg_population_min_age_months"], edge["tkg_population_max_age_months"]) == (144, 216)
    assert edge["tkg_population_severity"] == ["tkg:Moderate", "tkg:Severe"]
    assert (edge["tkg_valid_from"], edge["tkg_jurisdiction"]) == ("2024-03-01", "tkg:EU")
    assert edge["clinical_approval_status"] == "approved_for_condition"
    assert nodes[edge["population_context_qualifier"]]["name"].startswith("minimum age in months: 144")


def test_a_licence_for_a_sign_treats_the_sign(edges: list[Record]) -> None:
    found = [edge for edge in edges if edge.get("tkg_manifestation")]
    assert found
    for edge in found:
        assert edge["object"] == edge["tkg_manifestation"]
        assert edge["disease_context_qualifier"].startswith("MONDO:")


def test_a_mechanism_is_a_qualified_statement(edges: list[Record], nodes: dict[str, Record]) -> None:
    mechanisms = [edge for edge in edges if edge.get("tkg_fact_class") == "MechanismOfAction"]
    dupilumab = [edge for edge in mechanisms if nodes[edge["subject"]]["name"] == "dupilumab"]
    target = next(edge for edge in dupilumab if edge["object"] == "UniProtKB:P24394")
    assert target["predicate"] == "biolink:affects"
    assert target["qualified_predicate"] == "biolink:causes"
    assert target["object_aspect_qualifier"] == "activity"
    assert target["object_direction_qualifier"] == "decreased"
    assert {"UniProtKB:P05112", "UniProtKB:P35225"} <= {edge["object"] for edge in dupilumab}


def test_subject_and_object_are_of_the_kinds_that_the_predicate_asks_for(
    edges: list[Record], nodes: dict[str, Record]
) -> None:
    import bmt

    toolkit = bmt.Toolkit(str(model() / "schema" / "biolink_model.yaml"), {"predicate mappings": []})
    kinds = {
        category: set(toolkit.get_ancestors(category, mixin=True))
        for category in {node["category"][0] for node in nodes.values()}
    }
    enums = toolkit.view.all_enums()
    values = {
        "causal_mechanism_qualifier": "CausalMechanismQualifierEnum",
        "object_direction_qualifier": "DirectionQualifierEnum",
        "object_aspect_qualifier": "GeneOrGeneProductOrChemicalEntityAspectEnum",
        "clinical_approval_status": "ClinicalApprovalStatusEnum",
        "max_research_phase": "ResearchPhaseEnum",
        "knowledge_level": "KnowledgeLevelEnum",
        "agent_type": "AgentTypeEnum",
    }
    for edge in edges:
        predicate = toolkit.get_element(edge["predicate"])
        for wanted, side in ((predicate.domain, "subject"), (predicate.range, "object")):
            assert not wanted or wanted in kinds[nodes[edge[side]]["category"][0]], (edge["id"], side, wanted)
        for slot, enum in values.items():
            assert edge.get(slot) in {None, *enums[enum].permissible_values}, (edge["id"], slot)


def test_every_end_of_an_edge_is_a_node_with_a_name(edges: list[Record], nodes: dict[str, Record]) -> None:
    assert {edge[side] for edge in edges for side in ("subject", "object")} <= nodes.keys()
    assert all(node["name"] and node["category"] and node["iri"] for node in nodes.values())
    assert len({edge["id"] for edge in edges}) == len(edges)


def test_cells_hold_nothing_that_breaks_a_table(folder: Path) -> None:
    for name in ("nodes.tsv", "edges.tsv", "left-out.tsv"):
        lines = (folder / name).read_text(encoding="utf-8").split("\n")
        assert len({line.count("\t") for line in lines[:-1]}) == 1
        assert not any("\\" in line or "\r" in line for line in lines)
