"""Every external identifier has the right form, is described in the imports, and names what it stands for."""

import csv
import os
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

import treatkg
from treatkg import namespaces, resources
from treatkg.graph import iri_of, parse_file

CHECKED = ("MONDO", "HP", "GO", "CL", "ECO", "uniprot")
_BESIDE = resources.ROOT.parent / "shared" / "reference"
REFERENCE = Path(os.environ.get("TREATKG_REFERENCE", _BESIDE))

# Reference tables: prefix -> (file, column of the id, columns of names, column that marks obsolete terms).
TABLES = {
    "MONDO": ("mondo.tsv", "id", ("label",), "obsolete"),
    "HP": ("hp.tsv", "id", ("label",), "obsolete"),
    "CL": ("cl.tsv", "id", ("label", "exact_synonyms"), "obsolete"),
    "GO": ("go.tsv", "id", ("label",), "obsolete"),
    "drugbank": ("drugbank.tsv", "drugbank_id", ("name", "synonyms"), ""),
    "atc": ("atc.tsv", "code", ("name",), ""),
    "uniprot": ("hgnc.tsv", "uniprot_ids", ("symbol", "name", "alias_symbol", "prev_symbol"), ""),
}


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


@cache
def names() -> dict[str, set[str]]:
    """IRI -> every name of it in the graph, and of what it is said to be the same as."""
    rows = treatkg.open().select(
        """
        SELECT ?iri ?name WHERE {
          { ?iri rdfs:label|skos:altLabel ?name }
          UNION { ?own skos:exactMatch ?iri . ?own rdfs:label|skos:altLabel|tkg:brandName ?name }
        }
        """
    )
    found: dict[str, set[str]] = defaultdict(set)
    for iri, name in rows.terms:
        found[iri_of(iri)].add(getattr(name, "value", ""))
    return found


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", text.lower())) - {"of", "the", "and", "in", "receptor", "disease", "protein"}


def agree(ours: set[str], theirs: set[str]) -> bool:
    return any(len(words(a) & words(b)) * 2 > min(len(words(a)), len(words(b))) for a in ours for b in theirs)


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


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="no reference tables: set TREATKG_REFERENCE to their folder")
@pytest.mark.parametrize("prefix", sorted(TABLES))
def test_identifier_exists_is_current_and_names_the_thing(prefix: str) -> None:
    file, id_column, name_columns, obsolete_column = TABLES[prefix]
    wanted = {
        (f"{prefix}:{local}" if prefix in ("MONDO", "HP", "CL", "GO") else local): local
        for local in identifiers()[prefix]
    }
    problems = set(wanted)
    csv.field_size_limit(10**9)
    with (REFERENCE / file).open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE):
            theirs = {name for column in name_columns for name in (row[column] or "").split("|") if name}
            for ident in (row[id_column] or "").split("|"):
                if ident in wanted and row.get(obsolete_column, "0") in ("", "0"):
                    ours = names()[namespaces.prefixes()[prefix] + wanted[ident]]
                    if not ours or agree(ours, theirs) or ours & theirs:
                        problems.discard(ident)
    assert wanted
    assert not problems
