"""What loaded facts may say: the context and classes of the curated files, and those of `ontology/loading.*`."""

from __future__ import annotations

import functools
import json
from typing import Any

import pyoxigraph as ox

from treatkg import graph, namespaces, resources
from treatkg.curation.schema import Key, load_schema

_CONTEXT = resources.ONTOLOGY / "loading.jsonld"
_TERMS = resources.ONTOLOGY / "loading.ttl"
_KINDS = {"@id": "reference", "@vocab": "vocabulary"}


@functools.cache
def context() -> dict[str, Any]:
    """Return the JSON-LD context of loaded data."""
    own: dict[str, Any] = json.loads(_CONTEXT.read_text(encoding="utf-8"))["@context"]
    return namespaces.context() | own


@functools.cache
def prefixes() -> dict[str, str]:
    """Return prefix -> namespace of every CURIE that a loader may write."""
    own = {key: value["@id"] for key, value in context().items() if isinstance(value, dict) and value.get("@prefix")}
    return namespaces.prefixes() | own


@functools.cache
def keys() -> dict[str, Key]:
    """Return the keys that a fact or thing may have."""
    known = dict(load_schema().keys)
    for name, definition in context().items():
        if name not in known and not name.startswith("@") and name not in prefixes() and isinstance(definition, dict):
            datatype = definition.get("@type", "")
            known[name] = Key(name, _KINDS.get(datatype, datatype.removeprefix("xsd:") or "text"))
    return known


@functools.cache
def predicates() -> dict[str, str]:
    """Return key -> IRI of its property."""
    result = {}
    for name in keys():
        definition = context()[name]
        short = definition.get("@id", f"tkg:{name}") if isinstance(definition, dict) else definition
        result[name] = short if short.startswith("@") else namespaces.expand(short)
    return result


@functools.cache
def terms() -> frozenset[ox.Triple]:
    """Return the ontology of loaded data as triples."""
    return frozenset(graph.parse_file(_TERMS))


@functools.cache
def classes() -> frozenset[str]:
    """Return the classes that a fact or thing may be of, by local name."""
    return load_schema().classes | _local("Class")


@functools.cache
def concepts() -> frozenset[str]:
    """Return the concepts that a vocabulary key may take, by local name."""
    return load_schema().concepts | _local("NamedIndividual") | classes()


def _local(kind: str) -> frozenset[str]:
    of_kind = (t for t in terms() if t.predicate == graph.RDF_TYPE and graph.iri_of(t.object) == namespaces.OWL + kind)
    return frozenset(graph.iri_of(t.subject).removeprefix(namespaces.TKG) for t in of_kind)
