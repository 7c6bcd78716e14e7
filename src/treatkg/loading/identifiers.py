"""Identifiers as sources write them, brought to the IRIs under which the graph knows the same things.

Sources spell one identifier in many ways: `MESH:D003876`, `mesh:D003876`, `http://identifiers.org/mesh/D003876`. The
spellings come from the frozen prefix map (`ontology/prefixes.epm.json`) and from the prefixes of loaded data. `curies`
does the same, but takes most of a second to import and minds the case of prefixes.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from treatkg import namespaces, resources
from treatkg.loading import vocabulary

_MAP = resources.ONTOLOGY / "prefixes.epm.json"
_OBO = "http://purl.obolibrary.org/obo/"
_IRI = re.compile(r'https?://[^\s<>"{}|\\^`\x00-\x20\x7f\ud800-\udfff]+')
_CURIE = re.compile(r'([A-Za-z_][A-Za-z0-9_.-]*):([^\s<>"{}|\\^`\x00-\x20\x7f\ud800-\udfff]+)')
_ENDS_OF_NAMESPACES = re.compile(r"[/#:_=]")


def is_iri(text: str) -> bool:
    """Return whether text is an absolute web IRI that RDF can hold."""
    return _IRI.fullmatch(text) is not None


@functools.lru_cache(maxsize=65_536)
def canonical(iri: str) -> str:
    """Return the IRI that the graph uses for what an IRI of any known spelling means; empty where it is no web IRI."""
    if not is_iri(iri):
        return ""
    namespaces_ = _namespaces()
    for end in reversed([found.end() for found in _ENDS_OF_NAMESPACES.finditer(iri)]):
        prefix = namespaces_.get(iri[:end])
        if prefix:
            return _in(prefix, iri[end:]) or iri
    return iri


def iri_of(text: str, own: Mapping[str, str] | None = None) -> str:
    """Return the graph's IRI of a CURIE or IRI; empty where the prefix is unknown or the form is wrong.

    Args:
        text: as the source writes it.
        own: prefix -> namespace, as the source itself declares; it counts first, for the source says what it means.
    """
    if text.startswith(("http://", "https://")):
        return canonical(text)
    found = _CURIE.fullmatch(text)
    if not found:
        return ""
    prefix, local = found.groups()
    if own and (namespace := own.get(prefix)):
        return canonical(namespace + local)
    known = _prefixes().get(prefix.casefold())
    if known is None:
        return ""
    return _in(known, local) or canonical(vocabulary.prefixes()[known] + local)


def obo(text: str, own: Mapping[str, str] | None = None) -> str:
    """Return the IRI of an identifier of an OBO ontology, whose prefixes all have a place under purl.obolibrary.org."""
    found = None if "://" in text else _CURIE.fullmatch(text)
    if not found or (own and found[1] in own):
        return iri_of(text, own)
    prefix, local = found.groups()
    known = _prefixes().get(prefix.casefold(), "")
    return (_in(known, local) if known else "") or canonical(f"{_OBO}{prefix}_{local}")


def prefix_of(spelling: str) -> str:
    """Return the graph's prefix that a spelling of it means; empty where none is known."""
    return _prefixes().get(spelling.casefold(), "")


def slug(text: str) -> str:
    """Return a name as part of an IRI: lower case, ASCII, with a digest where something was lost."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    short = re.sub(r"[^a-z0-9.]+", "-", plain).strip("-.")[:60].strip("-.")
    exact = re.sub(r"[\s-]+", "-", text.strip().lower()) == short
    return short if exact and short else f"{short or 'x'}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def kept_under(source: str, text: str) -> str:
    """Return the IRI for something whose identifier has no known form: the source's own, made from what it writes."""
    return f"{namespaces.LOAD}{source}/name/Thing/{slug(text)}"


def _in(prefix: str, local: str) -> str:
    """Return namespace and local identifier together, if the identifier is of the form that the prefix asks for."""
    pattern = namespaces.identifier_patterns().get(prefix)
    for candidate in (local, local.removeprefix(f"{prefix}:"), local.removeprefix(f"{prefix.upper()}:")):
        if pattern is None or pattern.fullmatch(candidate):
            return vocabulary.prefixes()[prefix] + candidate
    return ""


@functools.cache
def _map() -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = json.loads(_MAP.read_text(encoding="utf-8"))
    return [record for record in records if record["prefix"] in vocabulary.prefixes()]


@functools.cache
def _prefixes() -> dict[str, str]:
    """Return prefix in any spelling, without regard to case -> prefix of the graph."""
    spellings = {name.casefold(): record["prefix"] for record in _map() for name in record.get("prefix_synonyms", ())}
    return spellings | {prefix.casefold(): prefix for prefix in vocabulary.prefixes()}


@functools.cache
def _namespaces() -> dict[str, str]:
    """Return namespace in any spelling -> prefix of the graph."""
    spellings = {name: record["prefix"] for record in _map() for name in record.get("uri_prefix_synonyms", ())}
    return spellings | {namespace: prefix for prefix, namespace in vocabulary.prefixes().items()}
