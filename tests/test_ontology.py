"""The ontology, the vocabulary, the context and the documents speak of the same terms."""

import re
from pathlib import Path

import pytest
import rdflib
from rdflib.namespace import OWL, RDF, RDFS, SKOS

from treatkg import namespaces, resources
from treatkg.curation.schema import load_schema

TKG = rdflib.Namespace(namespaces.TKG)
CURATING = Path(__file__).parents[1] / "docs" / "curating.md"


@pytest.fixture(scope="module")
def ontology() -> rdflib.Graph:
    return rdflib.Graph().parse(resources.ONTOLOGY / "treatkg.ttl")


@pytest.fixture(scope="module")
def vocabulary() -> rdflib.Graph:
    return rdflib.Graph().parse(resources.ONTOLOGY / "vocabulary.ttl")


def test_every_own_key_of_the_context_is_a_property_of_the_right_kind(ontology: rdflib.Graph) -> None:
    for name, key in load_schema().keys.items():
        definition = namespaces.context()[name]
        iri = namespaces.expand(definition.get("@id", f"tkg:{name}")) if isinstance(definition, dict) else ""
        if not iri.startswith(namespaces.TKG) or key.kind == "node":
            continue
        kinds = set(ontology.objects(rdflib.URIRef(iri), RDF.type))
        wanted = OWL.ObjectProperty if key.kind in ("reference", "vocabulary") else OWL.DatatypeProperty
        assert kinds & {wanted, OWL.AnnotationProperty}, name


def test_no_property_is_of_two_kinds(ontology: rdflib.Graph) -> None:
    kinds = (OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty, OWL.Class)
    found = [set(ontology.subjects(RDF.type, kind)) for kind in kinds]
    for index, first in enumerate(found):
        for second in found[index + 1 :]:
            assert not first & second


def test_version_is_dated_and_the_graph_is_issued_on_a_day(ontology: rdflib.Graph) -> None:
    version = ontology.value(rdflib.URIRef("https://w3id.org/treatkg/ontology"), OWL.versionIRI)
    assert re.fullmatch(r"https://w3id\.org/treatkg/ontology/\d{4}-\d{2}-\d{2}", str(version))


def test_every_class_of_fact_that_the_guide_names_exists() -> None:
    named = set(re.findall(r"^\| `([A-Z]\w+)`", CURATING.read_text(encoding="utf-8"), re.MULTILINE))
    assert len(named) > 20
    assert named <= load_schema().classes


def test_the_guide_lists_exactly_the_vocabulary(vocabulary: rdflib.Graph) -> None:
    table = CURATING.read_text(encoding="utf-8").split("## Vocabulary", 1)[1]
    listed = set(re.findall(r"`(?:tkg:)?([A-Za-z0-9]+)`", table))
    concepts = {str(s).removeprefix(namespaces.TKG) for s in vocabulary.subjects(RDF.type, SKOS.Concept)}
    assert not concepts - listed


def test_every_concept_is_in_a_list_and_has_the_class_of_that_list(vocabulary: rdflib.Graph) -> None:
    concepts = set(vocabulary.subjects(RDF.type, SKOS.Concept))
    assert len(concepts) > 150
    for concept in concepts:
        schemes = list(vocabulary.objects(concept, SKOS.inScheme))
        classes = set(vocabulary.objects(concept, RDF.type)) - {SKOS.Concept, OWL.NamedIndividual}
        assert schemes, concept
        assert classes, concept


def test_fact_classes_say_whether_their_facts_reach_members(ontology: rdflib.Graph) -> None:
    reaching = {
        str(s).removeprefix(namespaces.TKG) for s in ontology.subjects(TKG.reachesMembers, rdflib.Literal(True))
    }
    assert reaching == {
        *("Contraindication", "BoxedWarning", "Warning", "Precaution", "AdverseReaction", "Screening", "Monitoring"),
        *("DrugInteraction", "ReproductiveSafety", "MechanismOfAction", "UseRestriction"),
    }
    assert (TKG.Indication, RDFS.subClassOf, TKG.TreatmentFact) in ontology
