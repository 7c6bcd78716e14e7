"""The completeness profile: shapes, rule, query and vocabulary say the same."""

from __future__ import annotations

import pyshacl
import rdflib
from rdflib import RDF, RDFS, SH, URIRef

import treatkg
from treatkg import resources

TKG = rdflib.Namespace("https://w3id.org/treatkg/ontology#")


def parts() -> set[URIRef]:
    vocabulary = rdflib.Graph().parse(resources.ONTOLOGY / "vocabulary.ttl")
    return {part for part in vocabulary.subjects(RDF.type, TKG.ProfilePart) if isinstance(part, URIRef)}


def test_every_part_has_a_shape_and_a_rule() -> None:
    shapes = rdflib.Graph().parse(resources.SHAPES / "profile.ttl")
    rule = (resources.ONTOLOGY / "rules" / "profile-covers.rq").read_text(encoding="utf-8")
    assert parts() == set(shapes.objects(None, SH.hasValue))
    assert [part for part in parts() if f"tkg:{part.removeprefix(TKG)}" not in rule] == []


def test_shapes_and_query_find_the_same_gaps() -> None:
    shapes = rdflib.Graph().parse(resources.SHAPES / "profile.ttl")
    data = rdflib.Graph().parse(resources.TRIPLES)
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes, inference="none", advanced=False)
    wanted = {shape: shapes.value(shape, SH.hasValue) for shape in shapes.subjects(SH.hasValue)}
    labels = {part: str(data.value(part, RDFS.label)) for part in parts()}
    warned = {
        (str(report.value(result, SH.focusNode)), labels[wanted[report.value(result, SH.sourceShape)]])
        for result in report.subjects(RDF.type, SH.ValidationResult)
    }
    knowledge = treatkg.open()
    listed = {(row["treatment"], str(data.value(URIRef(row["missing"]), RDFS.label))) for row in _rows(knowledge)}
    assert warned == listed


def _rows(knowledge: treatkg.Knowledge) -> list[dict[str, str]]:
    answer = knowledge.query("missing-facts")
    return [{name: str(term.value) for name, term in zip(answer.columns, row, strict=True)} for row in answer.terms]
