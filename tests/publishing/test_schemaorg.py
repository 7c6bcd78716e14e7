"""What is said in the words of schema.org is in its vocabulary, and says no more than the graph does."""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pyoxigraph as ox
import pytest

from treatkg import namespaces, publishing
from treatkg.namespaces import BASE, TKG
from treatkg.publishing import Content

Node = dict[str, Any]
SCHEMA = "https://schema.org/"
# Looked up in release 30.0 of the vocabulary: each type with those above it, each property with its types and values.
KINDS = {
    "AdministrativeArea": {"Place", "Thing"},
    "CreativeWork": {"Thing"},
    "DataDownload": {"CreativeWork", "MediaObject", "Thing"},
    "Dataset": {"CreativeWork", "Thing"},
    "Drug": {"MedicalEntity", "Product", "Substance", "Thing"},
    "DrugClass": {"MedicalEntity", "Thing"},
    "DrugLegalStatus": {"MedicalEntity", "MedicalIntangible", "Thing"},
    "MedicalCode": {"CategoryCode", "DefinedTerm", "Intangible", "MedicalEntity", "MedicalIntangible", "Thing"},
    "MedicalCondition": {"MedicalEntity", "Thing"},
    "MedicalContraindication": {"MedicalEntity", "Thing"},
    "MedicalEntity": {"Thing"},
    "MedicalGuidelineRecommendation": {"MedicalEntity", "MedicalGuideline", "Thing"},
    "MedicalSignOrSymptom": {"MedicalCondition", "MedicalEntity", "Thing"},
    "MedicalTherapy": {"MedicalEntity", "MedicalProcedure", "TherapeuticProcedure", "Thing"},
    "MedicalTrial": {"MedicalEntity", "MedicalStudy", "Thing"},
    "Organization": {"Thing"},
}
DOMAINS = {
    "about": {"CreativeWork"},
    "activeIngredient": {"Drug", "Substance"},
    "administrationRoute": {"Drug"},
    "adverseOutcome": {"MedicalDevice", "TherapeuticProcedure"},
    "alternateName": {"Thing"},
    "applicableLocation": {"DrugCost", "DrugLegalStatus"},
    "breastfeedingWarning": {"Drug"},
    "code": {"MedicalEntity"},
    "codeValue": {"CategoryCode", "MedicalCode"},
    "codingSystem": {"MedicalCode"},
    "contentSize": {"MediaObject"},
    "contraindication": {"MedicalDevice", "MedicalTherapy"},
    "creator": {"CreativeWork"},
    "datePublished": {"CreativeWork"},
    "description": {"Thing"},
    "distribution": {"Dataset"},
    "drugClass": {"Drug"},
    "encodingFormat": {"CreativeWork", "MediaObject"},
    "evidenceOrigin": {"MedicalGuideline"},
    "guidelineDate": {"MedicalGuideline"},
    "guidelineSubject": {"MedicalGuideline"},
    "isAccessibleForFree": {"CreativeWork"},
    "legalStatus": {"Drug", "MedicalEntity"},
    "license": {"CreativeWork"},
    "mechanismOfAction": {"Drug"},
    "name": {"Thing"},
    "possibleTreatment": {"MedicalCondition", "MedicalSignOrSymptom"},
    "pregnancyWarning": {"Drug"},
    "proprietaryName": {"Drug"},
    "recommendationStrength": {"MedicalGuidelineRecommendation"},
    "relevantSpecialty": {"MedicalEntity"},
    "sha256": {"MediaObject"},
    "sponsor": {"MedicalStudy"},
    "studySubject": {"MedicalStudy"},
    "text": {"CreativeWork"},
    "usageInfo": {"CreativeWork"},
    "version": {"CreativeWork"},
    "warning": {"Drug"},
}
RANGES = {
    "about": {"Thing"},
    "adverseOutcome": {"MedicalEntity"},
    "applicableLocation": {"AdministrativeArea"},
    "code": {"MedicalCode"},
    "contraindication": {"MedicalContraindication"},
    "creator": {"Organization"},
    "distribution": {"DataDownload"},
    "drugClass": {"DrugClass"},
    "guidelineSubject": {"MedicalEntity"},
    "legalStatus": {"DrugLegalStatus"},
    "possibleTreatment": {"Drug", "DrugClass", "MedicalTherapy"},
    "sponsor": {"Organization"},
    "studySubject": {"MedicalEntity"},
    "usageInfo": {"CreativeWork"},
}


@pytest.fixture(scope="module")
def document() -> Node:
    found: Node = json.loads(publishing.single("schemaorg"))
    return found


@pytest.fixture(scope="module")
def nodes(document: Node) -> dict[str, Node]:
    return {node["@id"]: node for node in document["@graph"]}


@pytest.fixture(scope="module")
def content() -> Content:
    return Content()


def values(value: Any) -> list[Any]:  # noqa: ANN401 (JSON)
    return value if isinstance(value, list) else [value]


def kinds(node: Node) -> set[str]:
    own = set(values(node["@type"]))
    return own.union(*(KINDS[kind] for kind in own))


def typed(value: Any) -> Iterator[Node]:  # noqa: ANN401 (JSON)
    """Yield every node that has a type, at every depth."""
    for each in values(value):
        if isinstance(each, dict):
            if "@type" in each:
                yield each
            for inner in each.values():
                yield from typed(inner)


def test_every_term_is_one_of_schema_org_and_belongs_where_it_stands(document: Node, nodes: dict[str, Node]) -> None:
    used = set()
    for node in typed(document["@graph"]):
        for prop in node.keys() - {"@id", "@type"}:
            used.add(prop)
            assert DOMAINS[prop] & kinds(node), (node.get("@id"), prop)
            for value in values(node[prop]):
                if prop in RANGES:
                    target = value if "@type" in value else nodes[value["@id"]]
                    assert RANGES[prop] & kinds(target), (node.get("@id"), prop)
                elif isinstance(value, dict):
                    assert prop in {"license", "relevantSpecialty"}
    assert used == DOMAINS.keys()
    assert {kind for node in typed(document["@graph"]) for kind in values(node["@type"])} == KINDS.keys()


def test_the_context_is_inlined_and_the_document_is_rdf(document: Node) -> None:
    assert document["@context"] == {"@vocab": SCHEMA}
    triples = list(ox.parse(json.dumps(document), format=ox.RdfFormat.JSON_LD))
    assert {SCHEMA + name for name in DOMAINS} <= {quad.predicate.value for quad in triples}


def test_treatments_of_a_condition_are_those_that_are_licensed_for_it(nodes: dict[str, Node], content: Content) -> None:
    expected: dict[str, set[str]] = defaultdict(set)
    for treatment in content.view.instances("Treatment"):
        for disease in content.view.texts(treatment, TKG + "indicatedFor"):
            expected[disease].add(treatment)
    found = {
        iri: {each["@id"] for each in node["possibleTreatment"]}
        for iri, node in nodes.items()
        if "possibleTreatment" in node
    }
    assert found == expected
    assert BASE + "dupilumab" in found[namespaces.expand("MONDO:0004980")]


def test_nothing_that_denies_or_has_ended_is_said(document: Node, content: Content) -> None:
    view = content.view
    silent = [fact for fact in view.facts if view.values(fact, TKG + "polarity") or not view.in_force(fact)]
    labels = {view.label(fact) for fact in silent}
    text = json.dumps(document, ensure_ascii=False)
    assert len(labels) > 40
    assert not {fact for fact in silent if f'"{fact}"' in text}
    said = {str(value) for node in typed(document["@graph"]) for each in node.values() for value in values(each)}
    assert not labels & said


def test_conditions_of_a_contraindication_are_words_and_no_diseases(document: Node, content: Content) -> None:
    found = [node for node in typed(document["@graph"]) if node["@type"] == "MedicalContraindication"]
    assert len(found) > 100
    for node in found:
        assert node.keys() == {"@type", "@id", "name"}
        assert node["name"] == content.view.label(node["@id"])


def test_only_recommendations_for_a_treatment_are_said(nodes: dict[str, Node], content: Content) -> None:
    found = [iri for iri, node in nodes.items() if node["@type"] == "MedicalGuidelineRecommendation"]
    assert len(found) > 50
    assert all(content.view.first(iri, TKG + "recommendationDirection") == TKG + "ForUse" for iri in found)


def test_a_drug_says_how_it_works_and_what_is_warned_of(nodes: dict[str, Node]) -> None:
    drug = nodes[BASE + "ruxolitinib-cream"]
    assert drug["@type"] == ["MedicalTherapy", "Drug"]
    assert "Ruxolitinib inhibits JAK1" in drug["mechanismOfAction"]
    assert any("boxed warning" in text for text in drug["warning"])
    assert drug["proprietaryName"] == ["Opzelura"]
    assert {"@id": BASE + "topical-jak-inhibitors"} in drug["drugClass"]


def test_a_procedure_is_no_drug_and_its_group_no_class_of_drugs(nodes: dict[str, Node]) -> None:
    assert nodes[BASE + "narrowband-uvb"]["@type"] == "MedicalTherapy"
    assert nodes[BASE + "phototherapy"]["@type"] == "MedicalTherapy"
    assert nodes[BASE + "oral-jak-inhibitors"]["@type"] == "DrugClass"


def test_the_dataset_says_that_it_is_no_medical_advice(nodes: dict[str, Node]) -> None:
    dataset = nodes[namespaces.DATASET]
    assert "no medical advice" in dataset["description"]
    assert "no medical advice" in dataset["usageInfo"]["text"]
    assert dataset["license"] == {"@id": "https://creativecommons.org/licenses/by/4.0/"}
    (graph_file,) = dataset["distribution"]
    assert (graph_file["name"], graph_file["encodingFormat"]) == ("treatkg.ttl", "text/turtle")
