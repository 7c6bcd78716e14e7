"""RDF terms as JSON-LD under the context of the project, each so that it is read back as it was."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any

import pyoxigraph as ox

from treatkg import graph, namespaces, resources

Json = Any
Definition = Mapping[str, str]
Node = ox.NamedNode | ox.BlankNode
TYPE = namespaces.RDF + "type"
_STRING = namespaces.XSD + "string"
_SEGMENT = "[A-Za-z0-9_~-][A-Za-z0-9._~-]*"
_RELATIVE = re.compile(f"(?:{_SEGMENT}/)*{_SEGMENT}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


@functools.cache
def keys() -> dict[str, tuple[str, Definition]]:
    """Return property IRI -> key and definition of the context, in its order; a reversed property has a ^ before it."""
    table: dict[str, tuple[str, Definition]] = {TYPE: ("type", {"@type": "@vocab"})}
    for key, definition in namespaces.context().items():
        if key.startswith("@") or key in namespaces.prefixes() or not isinstance(definition, dict):
            continue
        if "@reverse" in definition:
            table["^" + definition["@reverse"]] = (key, definition)
        else:
            table[namespaces.expand(definition.get("@id", f"tkg:{key}"))] = (key, definition)
    return table


@functools.cache
def single_valued() -> frozenset[str]:
    """Return the properties that a shape allows one value only (`sh:maxCount 1`). Any other is written as a list."""
    store = ox.Store()
    for file in sorted(resources.SHAPES.glob("*.ttl")):
        store.load(path=str(file), format=ox.RdfFormat.TURTLE)
    found = store.query(
        f"""SELECT DISTINCT ?path
        WHERE {{ ?shape <{namespaces.SHACL}path> ?path ; <{namespaces.SHACL}maxCount> 1 FILTER(isIRI(?path)) }}"""
    )
    return frozenset(graph.iri_of(row["path"]) for row in graph.rows(found))


def key_of(prop: str) -> tuple[str, Definition]:
    """Return the key of a property and how the context reads its values."""
    if prop in keys():
        return keys()[prop]
    for prefix, namespace in namespaces.prefixes().items():
        if prop.startswith(namespace) and _NAME.fullmatch(prop.removeprefix(namespace)):
            return f"{prefix}:{prop.removeprefix(namespace)}", {}
    return prop, {}


def reference(node: Node) -> str:
    """Return an IRI relative to the base, as a CURIE or in full; a blank node as its label."""
    if isinstance(node, ox.BlankNode):
        return str(node)
    local = node.value.removeprefix(namespaces.BASE)
    return local if local != node.value and _RELATIVE.fullmatch(local) else _curie(node.value)


def value(term: Node | ox.Literal, definition: Definition) -> Json:
    """Return a value as its key reads it: a plain string where that is enough, else an object that says all."""
    if isinstance(term, ox.Literal):
        return _literal(term, definition)
    kind = definition.get("@type")
    if kind == "@id":
        return reference(term)
    if kind == "@vocab" and isinstance(term, ox.NamedNode):
        local = term.value.removeprefix(namespaces.TKG)
        plain = local != term.value and _NAME.fullmatch(local) and local not in namespaces.context()
        return local if plain else _curie(term.value)
    return {"id": reference(term)}


def values(prop: str, written: Iterable[Json]) -> Json:
    """Return the values of a property in their order: one alone if there can be no more, else a list."""
    ordered = sorted(written, key=_order)
    return ordered[0] if len(ordered) == 1 and prop in single_valued() else ordered


def _literal(term: ox.Literal, definition: Definition) -> Json:
    if term.language is not None:
        if term.language == definition.get("@language"):
            return term.value
        return {"@value": term.value, "@language": term.language}
    datatype = term.datatype.value
    wanted = namespaces.expand(definition["@type"]) if definition.get("@type", "@").startswith("xsd:") else _STRING
    if datatype == wanted and not {"@language"} & definition.keys():
        return term.value if "@type" not in definition or wanted != _STRING else {"@value": term.value}
    return {"@value": term.value} if datatype == _STRING else {"@value": term.value, "@type": _curie(datatype)}


def _curie(iri: str) -> str:
    for prefix in (*namespaces.identifier_patterns(), "tkg", "xsd"):
        local = iri.removeprefix(namespaces.prefixes()[prefix])
        if local and local != iri and not local.startswith("//"):
            return f"{prefix}:{local}"
    return iri


def _order(item: Json) -> tuple[str, str]:
    if isinstance(item, dict):
        return str(item.get("id", item.get("@value"))), str(item.get("@language", item.get("@type", "")))
    return str(item), ""
