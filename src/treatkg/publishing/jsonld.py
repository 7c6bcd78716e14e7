"""Asserted triples as JSON-LD in the shape of the curated files.

A node is embedded in the node that its id begins with (`<parent>/...`), facts under their treatment; keys stand in the
order of the context, lists in the order of their values. The context is inlined, so that readers fetch nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import pyoxigraph as ox

from treatkg import namespaces
from treatkg.errors import UsageError, did_you_mean
from treatkg.publishing.content import Content
from treatkg.publishing.formats import Output

Json = Any
_RDF_TYPE = namespaces.RDF + "type"
_TREATMENT = namespaces.TKG + "treatment"


def outputs(content: Content) -> Iterator[Output]:
    """Write every curated subject into one document."""
    yield Output("treatkg.jsonld", write(list(documents(content.curated).values())))


def subject(name: str, content: Content) -> bytes:
    """Return the JSON-LD document of one subject (a treatment, source, trial ...), by its id.

    Raises:
        UsageError: no curated file is about it.
    """
    found = documents(content.curated)
    if name not in found:
        raise UsageError(f'no curated file is about "{name}"{did_you_mean(name, found)}')
    return write([found[name]])


def documents(triples: Iterable[ox.Triple]) -> dict[str, dict[str, Json]]:
    """Return id -> JSON-LD node of every top-level subject, with its nested nodes embedded."""
    writer = _Writer(triples)
    return {namespaces.shorten(iri): writer.node(iri) for iri in sorted(writer.subjects) if iri not in writer.embedded}


def write(nodes: list[dict[str, Json]]) -> bytes:
    """Serialise nodes with the context inlined; one node stands alone, several under @graph."""
    body = nodes[0] if len(nodes) == 1 else {"@graph": nodes}
    return (json.dumps({"@context": namespaces.context(), **body}, ensure_ascii=False, indent=2) + "\n").encode()


class _Writer:
    def __init__(self, triples: Iterable[ox.Triple]) -> None:
        self.subjects: dict[str, dict[str, list[ox.NamedNode | ox.Literal]]] = defaultdict(lambda: defaultdict(list))
        for triple in triples:
            if isinstance(triple.subject, ox.NamedNode) and isinstance(triple.object, (ox.NamedNode, ox.Literal)):
                self.subjects[triple.subject.value][triple.predicate.value].append(triple.object)
        self.facts = self._facts_by_treatment()
        self.keys = keys_by_property()
        self.embedded = {iri for facts in self.facts.values() for iri in facts} | self._nested()

    def node(self, iri: str) -> dict[str, Json]:
        """Return one node with everything that belongs into it."""
        properties = self.subjects[iri]
        result: dict[str, Json] = {"id": _reference(iri)}
        for prop, (key, definition) in self.keys.items():
            if key == "facts":
                values = [self.node(fact) for fact in sorted(self.facts.get(iri, ()))]
            elif prop == _TREATMENT and iri in self.facts.get(_first(properties, _TREATMENT), ()):
                continue
            else:
                values = sorted((self._value(value, definition, iri) for value in properties.get(prop, ())), key=_order)
            if values:
                result[key] = values if len(values) > 1 else values[0]
        return result

    def _value(self, value: ox.NamedNode | ox.Literal, definition: dict[str, str], parent: str) -> Json:
        if isinstance(value, ox.Literal):
            return value.value
        if _is_part(value.value, parent) and value.value in self.subjects:
            return self.node(value.value)
        if definition.get("@type") == "@vocab":
            return value.value.removeprefix(namespaces.TKG)
        return _reference(value.value)

    def _facts_by_treatment(self) -> dict[str, list[str]]:
        facts: dict[str, list[str]] = defaultdict(list)
        for iri, properties in self.subjects.items():
            for treatment in properties.get(_TREATMENT, ()):
                if _is_part(iri, treatment.value):
                    facts[treatment.value].append(iri)
        return facts

    def _nested(self) -> set[str]:
        return {
            value.value
            for iri, properties in self.subjects.items()
            for prop, values in properties.items()
            for value in values
            if prop != _TREATMENT
            and isinstance(value, ox.NamedNode)
            and _is_part(value.value, iri)
            and value.value in self.subjects
        }


def keys_by_property() -> dict[str, tuple[str, dict[str, str]]]:
    """Return property IRI -> key of the context and its definition, in the order of the context."""
    table: dict[str, tuple[str, dict[str, str]]] = {_RDF_TYPE: ("type", {"@type": "@vocab"})}
    for key, definition in namespaces.context().items():
        if key.startswith("@") or key in namespaces.prefixes() or not isinstance(definition, dict):
            continue
        if "@reverse" in definition:
            table["^" + definition["@reverse"]] = (key, definition)
        else:
            table[namespaces.expand(definition.get("@id", f"tkg:{key}"))] = (key, definition)
    return table


def _is_part(iri: str, parent: str) -> bool:
    own = (
        namespaces.BASE + namespaces.shorten(parent).replace(":", "/")
        if not parent.startswith(namespaces.BASE)
        else parent
    )
    return iri.startswith(own + "/")


def _reference(iri: str) -> str:
    if iri.startswith(namespaces.BASE):
        return iri.removeprefix(namespaces.BASE)
    for prefix in (*namespaces.identifier_patterns(), "tkg"):
        if iri.startswith(namespaces.prefixes()[prefix]):
            return f"{prefix}:{iri.removeprefix(namespaces.prefixes()[prefix])}"
    return iri


def _first(properties: dict[str, list[ox.NamedNode | ox.Literal]], prop: str) -> str:
    values = properties.get(prop, [])
    return values[0].value if values else ""


def _order(value: Json) -> str:
    return str(value["id"]) if isinstance(value, dict) else str(value)
