"""Every external identifier has the right form and is described in the imports (tests/linking checks the rest)."""

from collections import defaultdict
from functools import cache

import pytest

from treatkg import namespaces, resources
from treatkg.graph import iri_of, parse_file

CHECKED = ("MONDO", "HP", "GO", "CL", "ECO", "uniprot")


@cache
def identifiers() -> dict[str, set[str]]:
    """Every identifier that a fact or a cross-reference uses: prefix -> local ids."""
    found: dict[str, set[str]] = defaultdict(set)
    for triple in parse_file(resources.TRIPLES):
        for term in (triple.subject, triple.object):
            iri = iri_of(term)
            for prefix in namespaces.identifier_patterns():
                namespace = namespaces.prefixes()[prefix]
                if iri.startswith(namespace):
                    found[prefix].add(iri.removeprefix(namespace))
    return found


@pytest.mark.parametrize("prefix", sorted(namespaces.identifier_patterns()))
def test_form(prefix: str) -> None:
    pattern = namespaces.identifier_patterns()[prefix]
    assert not [local for local in identifiers()[prefix] if not pattern.fullmatch(local)]


def test_forms_are_checked_on_many() -> None:
    assert sum(map(len, identifiers().values())) > 300


@pytest.mark.parametrize("prefix", CHECKED)
def test_every_term_is_described_in_the_imports(prefix: str) -> None:
    """The disease itself is described in its curated file; everything else in an extract of its vocabulary."""
    files = (resources.ONTOLOGY / "imports").glob("*.ttl")
    label = namespaces.RDFS + "label"
    described = {iri_of(t.subject) for file in files for t in parse_file(file) if t.predicate.value == label}
    used = {namespaces.prefixes()[prefix] + local for local in identifiers()[prefix]}
    assert used
    assert used - described <= {namespaces.expand("MONDO:0004980")}


def test_imports_name_their_source_and_version() -> None:
    for file in (resources.ONTOLOGY / "imports").glob("*.ttl"):
        predicates = {t.predicate.value for t in parse_file(file)}
        assert namespaces.OWL + "versionInfo" in predicates, file.name
        assert namespaces.DCTERMS + "license" in predicates, file.name
