"""The completeness profile: shapes, rule, query and vocabulary say the same."""

from __future__ import annotations

import pyshacl
import rdflib
from rdflib import RDF, RDFS, SH, URIRef

import treatkg
from treatkg import namespaces, resources

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
    labels = {part: str(data.value(part, RDFS.label)) for part in parts()}
    wanted = {shape: labels[part] for shape, part in shapes.subject_objects(SH.hasValue) if isinstance(part, URIRef)}
    warned = {
        (str(report.value(result, SH.focusNode)), wanted[shape])
        for result in report.subjects(RDF.type, SH.ValidationResult)
        if (shape := report.value(result, SH.sourceShape)) is not None
    }
    rows = treatkg.open().query("missing-facts").to_dicts()
    listed = {
        (namespaces.expand(str(row["treatment"])), labels[URIRef(namespaces.expand(str(row["missing"])))])
        for row in rows
    }
    assert warned == listed
