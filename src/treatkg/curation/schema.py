"""What a curated file may say: the keys of the context, the classes of the ontology, the concepts of the vocabulary."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from treatkg import graph, namespaces, resources

_CLASSES = f"SELECT ?term WHERE {{ ?term a <{namespaces.OWL}Class> }}"
_CONCEPTS = f"SELECT ?term WHERE {{ ?term a <{namespaces.SKOS}Concept> }}"


@dataclass(frozen=True)
class Key:
    """One key of the context: `kind` is id, type, node, reference, vocabulary, text, or the name of an XSD datatype."""

    name: str
    kind: str


@dataclass(frozen=True)
class Schema:
    """Keys, classes and concepts by the name that a curated file writes."""

    keys: dict[str, Key]
    classes: frozenset[str]
    concepts: frozenset[str]


@functools.cache
def load_schema() -> Schema:
    """Read the schema from `ontology/`."""
    return Schema(
        keys={name: Key(name, _kind(definition)) for name, definition in namespaces.context().items() if _is_key(name)},
        classes=_local_names(resources.ONTOLOGY / "treatkg.ttl", _CLASSES)
        | _local_names(resources.ONTOLOGY / "vocabulary.ttl", _CLASSES),
        concepts=_local_names(resources.ONTOLOGY / "vocabulary.ttl", _CONCEPTS),
    )


def _is_key(name: str) -> bool:
    return not name.startswith("@") and name not in namespaces.prefixes()


def _kind(definition: str | dict[str, str]) -> str:
    if isinstance(definition, str):
        return definition.removeprefix("@")
    if "@reverse" in definition:
        return "node"
    kinds = {"@id": "reference", "@vocab": "vocabulary"}
    datatype = definition.get("@type", "")
    return kinds.get(datatype, datatype.removeprefix("xsd:") or "text")


def _local_names(file: Path, query: str) -> frozenset[str]:
    store = ox.Store()
    store.bulk_load(path=str(file), format=ox.RdfFormat.TURTLE)
    iris = (graph.iri_of(row["term"]) for row in graph.rows(store.query(query)))
    return frozenset(iri.removeprefix(namespaces.TKG) for iri in iris if iri.startswith(namespaces.TKG))
