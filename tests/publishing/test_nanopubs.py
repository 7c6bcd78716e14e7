"""Nanopublications: one for each fact, complete, and named by the hash of what they say."""

import logging
import warnings
from collections.abc import Callable, Iterator

import pyoxigraph as ox
import pytest
import rdflib

import treatkg
from treatkg import graph, namespaces, publishing
from treatkg.publishing import Content, nanopubs

FACT = namespaces.BASE + "dupilumab/indication/us-2017-adults"
Check = Callable[[list[ox.Quad]], None]


@pytest.fixture(scope="module")
def published(content: Content) -> dict[str, list[ox.Quad]]:
    return nanopubs.nanopubs(content)


@pytest.fixture(scope="module")
def library() -> Iterator[object]:
    """Import nanopub, which changes rdflib and the root logger for everybody, and change that back."""
    level, normalise = logging.getLogger().level, rdflib.NORMALIZE_LITERALS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import nanopub

        yield nanopub
    rdflib.NORMALIZE_LITERALS = normalise
    logging.getLogger().setLevel(level)


def iri(quads: list[ox.Quad]) -> str:
    (found,) = {graph.iri_of(q.subject) for q in quads if graph.iri_of(q.object) == nanopubs.NP + "Nanopublication"}
    return found


def part(quads: list[ox.Quad], name: str) -> set[ox.Triple]:
    return {quad.triple for quad in quads if str(quad.graph_name) == f"<{iri(quads)}#{name}>"}


def term(value: object) -> rdflib.term.Identifier:
    if isinstance(value, ox.Literal):
        if value.language:
            return rdflib.Literal(value.value, lang=value.language)
        return rdflib.Literal(value.value, datatype=rdflib.URIRef(value.datatype.value))
    return rdflib.URIRef(graph.iri_of(value))  # type: ignore[arg-type]


def check(quads: list[ox.Quad], library: object) -> None:
    """Let the nanopub library check structure and trusty URI."""
    text = ox.serialize(quads, format=ox.RdfFormat.N_QUADS)
    copy = rdflib.ConjunctiveGraph()
    copy.parse(data=text, format="nquads")
    found = library.Nanopub(rdf=copy)  # type: ignore[attr-defined]
    assert found.is_valid
    assert found.source_uri == iri(quads)
    assert found.has_valid_trusty


def test_each_fact_has_one(published: dict[str, list[ox.Quad]], content: Content) -> None:
    fact = ox.NamedNode(namespaces.TKG + "Fact")
    facts = {graph.iri_of(t.subject) for t in content.complete if t.predicate == graph.RDF_TYPE and t.object == fact}
    assert published.keys() == facts
    assert len({iri(quads) for quads in published.values()}) == len(facts) > 3000


def test_the_file_holds_them_all(published: dict[str, list[ox.Quad]], content: Content) -> None:
    found = set(ox.parse(publishing.single("nanopubs", content), format=ox.RdfFormat.TRIG))
    assert found == {quad for quads in published.values() for quad in quads}


def test_a_fact_is_asserted_with_its_populations_and_proven_by_its_evidence(
    published: dict[str, list[ox.Quad]], content: Content
) -> None:
    quads = published[FACT]
    own = {t for t in content.curated if graph.iri_of(t.subject).startswith(FACT)}
    evidence = {t for t in own if "/evidence/" in graph.iri_of(t.subject) or t.predicate.value.endswith("#evidence")}
    assert part(quads, "assertion") == own - evidence
    assert any(t.predicate.value == namespaces.TKG + "minAgeMonths" for t in own)
    assert evidence <= part(quads, "provenance")
    sources = {t.object for t in evidence if t.predicate.value == namespaces.PROV + "wasDerivedFrom"}
    assertion = ox.NamedNode(iri(quads) + "#assertion")
    derived = {t.object for t in part(quads, "provenance") if t.subject == assertion}
    assert derived == sources
    assert sources <= {t.subject for t in part(quads, "provenance")}


def test_everything_that_is_curated_of_facts_is_in_them(published: dict[str, list[ox.Quad]], content: Content) -> None:
    said = {quad.triple for quads in published.values() for quad in quads}
    types = {"Evidence", "Population", "Condition", "RegimenPhase"}
    parts = {t.subject for t in content.curated if str(t.object).removeprefix(f"<{namespaces.TKG}")[:-1] in types}
    of_others = {t.object for t in content.curated if graph.iri_of(t.subject) not in published}
    parts -= of_others
    of_facts = {t for t in content.curated if t.subject in parts or graph.iri_of(t.subject) in published}
    assert of_facts <= said
    assert len(of_facts) > 50_000


def test_who_published_it_and_when(published: dict[str, list[ox.Quad]], kg: treatkg.Knowledge) -> None:
    said = {
        t.predicate.value: t.object
        for t in part(published[FACT], "pubinfo")
        if str(t.subject) == f"<{iri(published[FACT])}>"
    }
    time = ox.NamedNode(namespaces.XSD + "dateTime")
    assert said[namespaces.DCTERMS + "created"] == ox.Literal(f"{kg.header()['issued']}T00:00:00Z", datatype=time)
    assert str(said[namespaces.DCTERMS + "license"]) == "<https://creativecommons.org/licenses/by/4.0/>"
    assert str(said["http://purl.org/pav/createdWith"]).startswith("<https://w3id.org/treatkg/software/")
    assert namespaces.DCTERMS + "creator" in said


def test_a_sample_is_valid_by_the_library(published: dict[str, list[ox.Quad]], library: object) -> None:
    sample = [published[FACT], *list(published.values())[::400]]
    for quads in sample:
        check(quads, library)


def test_the_library_finds_a_changed_word(published: dict[str, list[ox.Quad]], library: object) -> None:
    label = namespaces.RDFS + "label"
    changed = [
        ox.Quad(q.subject, q.predicate, ox.Literal("another", language="en"), q.graph_name)
        if q.predicate.value == label
        else q
        for q in published[FACT]
    ]
    with pytest.raises(ValueError, match="Trusty"):
        check(changed, library)


@pytest.mark.slow
def test_every_trusty_uri_is_what_the_library_computes(published: dict[str, list[ox.Quad]], library: object) -> None:
    from nanopub.trustyuri.rdf import RdfHasher

    for quads in published.values():
        name = iri(quads)
        copies = [(term(q.graph_name), term(q.subject), term(q.predicate), term(q.object)) for q in quads]
        assert RdfHasher.make_hash(copies, baseuri=f"{name}#", hashstr=" ") == name.removeprefix(nanopubs.NANOPUBS)
        assert len({copy[0] for copy in copies}) == 4
    for quads in list(published.values())[::40]:
        check(quads, library)


def test_a_changed_fact_gets_another_name_and_no_other_fact_does(
    published: dict[str, list[ox.Quad]], content: Content
) -> None:
    finding = namespaces.TKG + "finding"
    findings = sorted((t for t in content.curated if t.predicate.value == finding), key=str)
    old = next(t for t in findings if graph.iri_of(t.subject).startswith(FACT + "/"))
    new = ox.Triple(old.subject, old.predicate, ox.Literal("another", language="en"))
    changed = Content(content.path)
    changed.complete = content.complete
    changed.curated = content.curated - {old} | {new}
    again = nanopubs.nanopubs(changed)
    assert {fact for fact in again if iri(again[fact]) != iri(published[fact])} == {FACT}
