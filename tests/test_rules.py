"""The rules draw the edges that hold, and none that does not."""

import pyoxigraph as ox
import pytest

from treatkg import graph, namespaces, rules

PREFIXES = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in namespaces.prefixes().items())
HEADER = '<dataset> dcterms:issued "2026-11-21"^^xsd:date .\n'
MODEL = """
tkg:Contraindication rdfs:subClassOf tkg:TreatmentFact ; tkg:reachesMembers true .
tkg:Screening rdfs:subClassOf tkg:TreatmentFact ; tkg:reachesMembers true .
tkg:BoxedWarning rdfs:subClassOf tkg:TreatmentFact ; tkg:reachesMembers true .
tkg:TreatmentFact rdfs:subClassOf tkg:Fact .
tkg:BoxedWarningSection tkg:listsFactsOf tkg:BoxedWarning .
"""


def edges(turtle: str, predicate: str) -> set[tuple[str, str]]:
    """Apply the rules to a few statements; return the edges of one generated property."""
    text = PREFIXES + HEADER + MODEL + turtle
    quads = ox.parse(text, format=ox.RdfFormat.TURTLE, base_iri=namespaces.BASE)
    derived = rules.entail(frozenset(quad.triple for quad in quads))
    wanted = [triple for triple in derived if triple.predicate.value == namespaces.expand(predicate)]
    return {tuple(namespaces.shorten(graph.iri_of(t)) for t in (w.subject, w.object)) for w in wanted}  # type: ignore[misc]


CONTRAINDICATION = """
<a/c> a tkg:Contraindication ; tkg:treatment <a> ; tkg:strength tkg:Absolute ; tkg:condition <a/c/1> {more}.
<a/c/1> tkg:conditionKind tkg:DiseaseCondition ; tkg:about MONDO:0005083 {qualifier}.
"""


def test_absolute_unqualified_contraindication_becomes_an_edge() -> None:
    found = edges(CONTRAINDICATION.format(more="", qualifier=""), "tkg:contraindicatedIn")
    assert found == {("a", "MONDO:0005083")}


@pytest.mark.parametrize(
    ("more", "qualifier"),
    [
        ("; tkg:condition <a/c/2>", ""),  # "pregnant women with psoriasis" never yields psoriasis
        ("; tkg:population <a/c/p>", ""),
        ("; tkg:route tkg:IntramuscularRoute", ""),
        ("; tkg:polarity tkg:Negative", ""),
        ('; tkg:validUntil "2020-01-01"^^xsd:date', ""),
        ('; tkg:validFrom "2030-01-01"^^xsd:date', ""),
        ("", "; tkg:grade tkg:ChildPughC"),
        ("", '; tkg:threshold "haemoglobin below 8 g/dL"@en'),
        ("", "; tkg:except <b>"),
        ("", "; tkg:during tkg:PregnancyState"),
    ],
)
def test_qualified_contraindication_becomes_no_edge(more: str, qualifier: str) -> None:
    assert edges(CONTRAINDICATION.format(more=more, qualifier=qualifier), "tkg:contraindicatedIn") == set()


def test_relative_contraindication_becomes_no_edge() -> None:
    relative = CONTRAINDICATION.format(more="", qualifier="").replace("tkg:Absolute", "tkg:Relative")
    assert edges(relative, "tkg:contraindicatedIn") == set()


INDICATION = (
    '<a/i> a tkg:Indication ; tkg:treatment <a> ; tkg:disease MONDO:0004980 ; tkg:validFrom "{start}"^^xsd:date '
)


@pytest.mark.parametrize(
    ("start", "more", "expected"),
    [
        ("2017-03-28", "", True),
        ("2026-11-21", "", True),
        ("2026-11-22", "", False),
        ("2017-03-28", '; tkg:validUntil "2026-11-21"^^xsd:date', False),
        ("2017-03-28", '; tkg:validUntil "2026-11-22"^^xsd:date', True),
        ("2017-03-28", "; tkg:manifestation HP:0000989", False),  # licensed for itch only
        ("2017-03-28", "; tkg:polarity tkg:Negative", False),
    ],
)
def test_indicated_for_holds_on_the_day_of_the_release(start: str, more: str, expected: bool) -> None:
    found = edges(INDICATION.format(start=start) + more + " .", "tkg:indicatedFor")
    assert found == ({("a", "MONDO:0004980")} if expected else set())


def test_target_reaches_every_formulation_and_negative_mechanisms_reach_none() -> None:
    turtle = """
    <a/m> a tkg:MechanismOfAction ; tkg:treatment <a> ; tkg:target uniprot:P23458 .
    <a/m> tkg:blocksSignallingOf uniprot:P05112 .
    <a/n> a tkg:MechanismOfAction ; tkg:treatment <a> ; tkg:target uniprot:P52333 ; tkg:polarity tkg:Negative .
    <a-cream> tkg:activeSubstance <a> .
    """
    assert edges(turtle, "tkg:hasTarget") == {("a", "uniprot:P23458"), ("a-cream", "uniprot:P23458")}
    assert edges(turtle, "tkg:blocksSignallingOf") == {("a", "uniprot:P05112"), ("a-cream", "uniprot:P05112")}


def test_negative_adverse_reaction_causes_nothing() -> None:
    turtle = """
    <a/1> a tkg:AdverseReaction ; tkg:treatment <a> ; tkg:effect HP:0000509 .
    <a/2> a tkg:AdverseReaction ; tkg:treatment <a> ; tkg:effect HP:0000518 ; tkg:polarity tkg:Negative .
    """
    assert edges(turtle, "tkg:mayCause") == {("a", "HP:0000509")}


GROUP = """
<g> a tkg:TreatmentGroup . <big> a tkg:TreatmentGroup .
<a> a tkg:Treatment . <b> a tkg:Treatment .
<a/class> a tkg:ClassStatement ; tkg:treatment <a> ; tkg:statedClass <g> .
<b/class> a tkg:ClassStatement ; tkg:treatment <b> ; tkg:statedClass <g> .
<g/class> a tkg:ClassStatement ; tkg:treatment <g> ; tkg:statedClass <big> .
<big/screening> a tkg:Screening ; tkg:treatment <big> .
<big/boxed> a tkg:BoxedWarning ; tkg:treatment <big> ; tkg:jurisdiction tkg:US .
"""


def test_membership_is_transitive() -> None:
    members = {("a", "g"), ("b", "g"), ("g", "big"), ("a", "big"), ("b", "big")}
    assert edges(GROUP, "tkg:memberOf") == members


def test_group_facts_reach_the_treatments_in_it() -> None:
    expected = {(drug, fact) for drug in "ab" for fact in ("big/screening", "big/boxed")}
    assert edges(GROUP, "tkg:subjectTo") == expected


def test_member_overrides_a_group_fact() -> None:
    turtle = GROUP + "<a/check> a tkg:LabelCheck ; tkg:treatment <a> ; tkg:overrides <big/screening> ."
    assert ("a", "big/screening") not in edges(turtle, "tkg:subjectTo")
    assert ("b", "big/screening") in edges(turtle, "tkg:subjectTo")


def test_group_fact_of_some_members_reaches_none() -> None:
    reached = edges(GROUP + "<big/screening> tkg:reachesMembers false .", "tkg:subjectTo")
    assert reached == {("a", "big/boxed"), ("b", "big/boxed")}


@pytest.mark.parametrize(("jurisdiction", "reaches"), [("US", False), ("EU", True)])
def test_label_check_of_the_jurisdiction_stops_a_group_fact(jurisdiction: str, reaches: bool) -> None:
    check = f"""
    <a/check> a tkg:LabelCheck ; tkg:treatment <a> ; tkg:checkFinding tkg:NoneListed ;
      tkg:checkedSection tkg:BoxedWarningSection ; tkg:jurisdiction tkg:{jurisdiction} .
    """
    assert (("a", "big/boxed") in edges(GROUP + check, "tkg:subjectTo")) is reaches


def test_negative_class_statement_makes_no_member() -> None:
    turtle = "<a/class> a tkg:ClassStatement ; tkg:treatment <a> ; tkg:statedClass <g> ; tkg:polarity tkg:Negative ."
    assert edges(turtle, "tkg:memberOf") == set()


def test_source_statements_feed_no_edge() -> None:
    turtle = "<a/s> a tkg:SourceStatement ; tkg:treatment <a> ; tkg:about uniprot:P05112 ; tkg:target uniprot:P05112 ."
    assert edges(turtle, "tkg:hasTarget") == set()


LICENCE = """
<a> a tkg:Treatment .
<a/i> a tkg:Indication ; tkg:treatment <a> ; tkg:disease MONDO:0004980 ; tkg:jurisdiction tkg:JP ;
    tkg:validFrom "2020-01-23"^^xsd:date {more}.
"""


def test_only_a_licence_in_force_makes_a_licensed_treatment() -> None:
    assert ("a", "tkg:LicensedTreatment") in edges(LICENCE.format(more=""), "rdf:type")
    ended = LICENCE.format(more='; tkg:validUntil "2021-01-01"^^xsd:date ')
    assert ("a", "tkg:LicensedTreatment") not in edges(ended, "rdf:type")


def test_the_profile_demands_a_label_only_where_there_is_a_licence() -> None:
    covered = {part for _, part in edges(LICENCE.format(more=""), "tkg:profileCovers")}
    assert "tkg:PartStatusJP" in covered
    assert "tkg:PartStatusUS" not in covered
    assert {"tkg:PartBoxedWarningUS", "tkg:PartContraindicationsUS", "tkg:PartContraindicationsEurope"} <= covered
    american = LICENCE.format(more="").replace("tkg:JP", "tkg:US")
    covered = {part for _, part in edges(american, "tkg:profileCovers")}
    assert not {"tkg:PartBoxedWarningUS", "tkg:PartContraindicationsUS"} & covered
    checked = (
        american + "<a/k> tkg:checkedSection tkg:BoxedWarningSection ; tkg:jurisdiction tkg:US ; tkg:treatment <a> ."
    )
    assert "tkg:PartBoxedWarningUS" in {part for _, part in edges(checked, "tkg:profileCovers")}


def test_what_a_guideline_says_of_a_group_covers_its_members() -> None:
    group = "<a> tkg:memberOf <g> . <r> a tkg:Recommendation ; tkg:treatment <g> ."
    assert ("a", "tkg:PartGuidelineVoice") in edges(LICENCE.format(more="") + group, "tkg:profileCovers")
