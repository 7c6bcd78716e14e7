"""From a node or an edge of a knowledge graph in KGX to a thing or an association.

An edge stays an association, also where its predicate is biolink:treats: it says neither by which authority nor for
whom.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from treatkg.loading.identifiers import iri_of, kept_under
from treatkg.loading.items import Document, Fact, Item, Mention, Passage, Record, Skip, Thing

_SOURCE = "kgx"
_SUFFIX = re.compile(r"\.(?:gz|tsv|csv|txt|jsonl?|ndjson)$")
_TRUE = {"true", "1", "t", "yes", "y", "wahr", "vrai"}
_FALSE = {"", "false", "0", "f", "no", "n", "falsch", "faux", "none", "null", "nan"}
# A relation turned into its contrary, as GAF and older graphs write it ("NOT|biolink:treats").
_NOT = re.compile(r"NOT[|\s:_-]|biolink:not_", re.IGNORECASE)
_ECO = re.compile(r"ECO:[0-9]{7}")
# Predicates that say of two identifiers how they match: to find both in the graph would make them one.
_MATCHES = {"same_as", "exact_match", "close_match", "broad_match", "narrow_match", "related_match", "xref"}
_QUALIFIERS = re.compile(r"qualifiers?|qualified_predicate|.+_qualifier")


def transform(record: Record) -> Iterator[Item]:
    """Return what a node or edge states, or why nothing."""
    name = str(record.header.get("file") or "")
    while (shorter := _SUFFIX.sub("", name)) != name:
        name = shorter
    yield Document(key=name or "unnamed", title=name or "knowledge graph")
    data = record.data
    if not isinstance(data, dict):
        yield Skip("a record that is no object with keys")
    elif "subject" in data or "object" in data or record.kind == "edge":
        yield from _of_edge(data, record.where)
    else:
        yield from _of_node(data)


def _of_node(node: Mapping[str, Any]) -> Iterator[Item]:
    identifier = _first(node, "id")
    if not identifier:
        yield Skip("a node without id")
        return
    # Some graphs make a list even of the name.
    names = [str(name) for name in node["name"]] if isinstance(node.get("name"), list) else [_first(node, "name")]
    label = next(iter(names), "").strip()
    values: dict[str, Any] = {
        "label": label,
        "altLabel": [name for name in [*names[1:], *_all(node, "synonym", "synonyms")] if name != label],
        "definition": _first(node, "description"),
        "statedCategory": _all(node, "category"),
        "crossReference": _all(node, "xref", "xrefs", "same_as", "equivalent_identifiers"),
        "providedBy": _all(node, "provided_by"),
    }
    if _first(node, "deprecated").casefold() in _TRUE:
        values["deprecated"] = True
    yield Thing(_iri(identifier), ["GraphNode"], values)


def _of_edge(edge: Mapping[str, Any], where: str) -> Iterator[Item]:
    subject, predicate, object_ = (_first(edge, part) for part in ("subject", "predicate", "object"))
    if not (subject and predicate and object_):
        yield Skip("an edge without subject, predicate or object")
        return
    negated = _first(edge, "negated").casefold()
    qualifiers = [f"{key}={value}" for key in sorted(edge) if _QUALIFIERS.fullmatch(key) for value in _all(edge, key)]
    if negated in _TRUE or _NOT.match(predicate) or any(text.casefold().endswith("=not") for text in qualifiers):
        yield Skip("an edge that is negated")
        return
    if negated not in _FALSE:
        yield Skip("an edge whose negated is neither true nor false")
        return
    evidence = [text for text in _all(edge, "has_evidence") if _ECO.fullmatch(text)]
    yield Fact(
        type="Association",
        name=f"association/{_digest(edge)}",
        label=f"{subject} {predicate} {object_}",
        values={
            "subjectTerm": _term(subject, predicate),
            "predicateTerm": iri_of(predicate),
            "objectTerm": _term(object_, predicate),
            "statedRelation": _all(edge, "relation", "original_predicate") or predicate,
            "statedCategory": _all(edge, "category"),
            "qualifier": qualifiers,
            "knowledgeSource": _sources(edge, "primary_knowledge_source") or _all(edge, "knowledge_source"),
            "aggregator": _sources(edge, "aggregator_knowledge_source"),
            "providedBy": _all(edge, "provided_by"),
            "knowledgeLevel": _all(edge, "knowledge_level"),
            "agentType": _all(edge, "agent_type"),
            "publication": _all(edge, "publications", "publication"),
        },
        passages=[Passage(locator=where, evidence_type=next(iter(evidence), ""))],
    )


def _term(identifier: str, predicate: str) -> Mention | str:
    """Return the term as a mention by identifier; as it stands where the edge is about identifiers."""
    iri = _iri(identifier)
    return iri if predicate.rpartition(":")[2] in _MATCHES else Mention("Thing", [identifier], [iri])


def _iri(identifier: str) -> str:
    return iri_of(identifier) or kept_under(_SOURCE, identifier)


def _sources(edge: Mapping[str, Any], role: str) -> Sequence[str]:
    """Return the sources of a role: of the key so called, or of the nodes under `sources`."""
    nodes = edge.get("sources")
    retrieved = [node for node in nodes if isinstance(node, dict)] if isinstance(nodes, list) else []
    found = [str(node.get("resource_id") or "") for node in retrieved if node.get("resource_role") == role]
    return list(dict.fromkeys([*_all(edge, role), *filter(None, found)]))


def _digest(edge: Mapping[str, Any]) -> str:
    """Return what tells this edge from others and stays from build to build: all but its id, in any order."""
    content = []
    for key in edge.keys() - {"id"}:
        nodes = [node for node in edge[key] if isinstance(node, dict)] if isinstance(edge[key], list) else []
        texts = [*_all(edge, key), *(json.dumps(node, sort_keys=True, default=str) for node in nodes)]
        if texts:
            content.append(f"{key}={'|'.join(sorted(texts))}")
    return hashlib.sha256("\n".join(sorted(content)).encode("utf-8", "replace")).hexdigest()[:16]


def _first(data: Mapping[str, Any], key: str) -> str:
    values = data.get(key)
    if isinstance(values, str):
        return values.strip()
    return next(iter(_all(data, key)), "")


def _all(data: Mapping[str, Any], *keys: str) -> Sequence[str]:
    """Return the values of keys, each once: a list (JSON), or text that `|` divides (TSV)."""
    found: dict[str, None] = {}
    for key in keys:
        value = data.get(key)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str):
                found |= dict.fromkeys(part.strip() for part in one.split("|") if part.strip())
            elif one is not None and not isinstance(one, dict):
                found[str(one)] = None
    return list(found)
