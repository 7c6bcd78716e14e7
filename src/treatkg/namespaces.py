"""Prefixes and identifiers. `ontology/context.jsonld` is the one home of the prefix table."""

from __future__ import annotations

import functools
import json
import re
from typing import Any

from treatkg import resources
from treatkg.errors import UsageError, did_you_mean

BASE = "https://w3id.org/treatkg/id/"
TKG = "https://w3id.org/treatkg/ontology#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
DCTERMS = "http://purl.org/dc/terms/"
PROV = "http://www.w3.org/ns/prov#"
SCHEMA = "https://schema.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"
SHACL = "http://www.w3.org/ns/shacl#"
DATASET = BASE + "dataset"
RELEASE = "https://w3id.org/treatkg/release/"
LOAD = "https://w3id.org/treatkg/load/"

_LOCAL_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


@functools.cache
def context() -> dict[str, Any]:
    """Return the JSON-LD context that reads the curated files and writes the JSON-LD export."""
    document = json.loads((resources.ONTOLOGY / "context.jsonld").read_text(encoding="utf-8"))
    inner: dict[str, Any] = document["@context"]
    return inner


@functools.cache
def prefixes() -> dict[str, str]:
    """Return prefix -> namespace: those of the context and the standard ones of RDF and SHACL."""
    table = {"rdf": RDF, "sh": SHACL}
    for key, value in context().items():
        if isinstance(value, dict) and value.get("@prefix"):
            table[key] = value["@id"]
        elif isinstance(value, str) and not key.startswith("@") and not value.startswith("@"):
            table[key] = value
    return table


@functools.cache
def identifier_patterns() -> dict[str, re.Pattern[str]]:
    """Return prefix -> form of a local identifier (Bioregistry's patterns), for every external prefix."""
    lines = (resources.ONTOLOGY / "identifier-patterns.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {prefix: re.compile(pattern) for prefix, pattern in rows}


def expand(name: str) -> str:
    """Return the IRI of a CURIE, an absolute IRI, or an id relative to the TreatKG base.

    Raises:
        UsageError: the prefix is unknown.
    """
    if name.startswith(("http://", "https://")):
        return name
    prefix, colon, local = name.partition(":")
    if not colon:
        return BASE + name
    if prefix not in prefixes():
        raise UsageError(f'unknown prefix "{prefix}" in "{name}"{did_you_mean(prefix, prefixes())}')
    return prefixes()[prefix] + local


def shorten(iri: str) -> str:
    """Return the shortest readable form of an IRI: an id relative to the base, a CURIE, or the IRI itself."""
    if iri.startswith(BASE):
        return iri.removeprefix(BASE)
    for prefix, namespace in _longest_first():
        if iri.startswith(namespace) and _LOCAL_NAME.fullmatch(iri.removeprefix(namespace)):
            return f"{prefix}:{iri.removeprefix(namespace)}"
    return iri


@functools.cache
def _longest_first() -> list[tuple[str, str]]:
    return sorted(prefixes().items(), key=lambda item: -len(item[1]))
