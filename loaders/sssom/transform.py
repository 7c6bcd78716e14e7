"""From a row of an SSSOM/TSV mapping set to a term mapping.

Subject and object stay the terms that the row names: to look them up among the exact matches of the graph would make
both the same term.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from treatkg.loading.identifiers import canonical, iri_of, is_iri
from treatkg.loading.items import Document, Fact, Item, Passage, Record, Skip, Thing

# SSSOM says what these prefixes mean, whatever a curie_map says (one in use has "skos" without its "#").
_BUILT_IN = {
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "semapv": "https://w3id.org/semapv/vocab/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "sssom": "https://w3id.org/sssom/",
}
_NO_TERM = f"{_BUILT_IN['sssom']}NoTermFound"
_DAY = re.compile(r"[-_.]?[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SUFFIX = re.compile(r"\.(?:gz|tsv|txt|sssom)$")


def transform(record: Record) -> Iterator[Item]:
    """Return the mapping that a row states, or why it states none."""
    head, row = record.header, record.data
    yield _document(head)
    modifier = row.get("predicate_modifier", "").strip()
    if modifier:
        negative = modifier.casefold() == "not"
        yield Skip("a mapping that is denied (Not)" if negative else "a mapping with an unknown modifier")
        return
    own = head.get("curie_map")
    prefixes = {**(own if isinstance(own, dict) else {}), **_BUILT_IN}
    if "rdfs literal" in {row.get("subject_type", "").strip(), row.get("object_type", "").strip()}:
        yield Skip("a mapping of a literal")
        return
    ids = [row.get(f"{part}_id", "").strip() for part in ("subject", "predicate", "object")]
    if not all(ids):
        yield Skip("a row without subject, predicate or object")
        return
    subject, predicate, object_ = (iri_of(text, prefixes) for text in ids)
    if _NO_TERM in {subject, object_}:
        yield Skip("a search that found no term")
    elif not (subject and predicate and object_):
        yield Skip("a term whose prefix neither the mapping set nor this graph knows")
    else:
        yield from _mapping(record, prefixes, subject, predicate, object_)


def _mapping(record: Record, prefixes: Mapping[str, str], subject: str, predicate: str, object_: str) -> Iterator[Item]:
    row = record.data
    confidence: Decimal | None = None
    if stated := row.get("confidence", "").strip():
        try:
            confidence = Decimal(stated)
        except InvalidOperation:
            confidence = Decimal(-1)
        if not (confidence.is_finite() and 0 <= confidence <= 1):
            yield Skip("a confidence that is no number from 0 to 1")
            return
    names = {part: row.get(f"{part}_label", "").strip() for part in ("subject", "object")}
    for iri, name in ((subject, names["subject"]), (object_, names["object"])):
        if name:
            yield Thing(iri, [], {"label": name})
    content = "\t".join(f"{key}={value}" for key, value in sorted(row.items()) if value)
    digest = hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:12]
    shown = {part: names[part] or row[f"{part}_id"].strip() for part in names}
    yield Fact(
        type="TermMapping",
        name=f"mapping/{re.sub(r'[^A-Za-z0-9.]+', '-', row['subject_id']).strip('-')[:40]}-{digest}",
        label=f"{shown['subject']} {row['predicate_id'].strip()} {shown['object']}",
        values={
            "subjectTerm": subject,
            "predicateTerm": predicate,
            "objectTerm": object_,
            "mappingJustification": iri_of(row.get("mapping_justification", "").strip(), prefixes),
            "mappingConfidence": confidence,
        },
        passages=[Passage(locator=record.where)],
    )


def _document(head: Mapping[str, Any]) -> Document:
    set_id = _text(head, "mapping_set_id")
    name = str(head.get("file") or "")
    while (shorter := _SUFFIX.sub("", name)) != name:
        name = shorter
    license_ = _text(head, "license")
    # Authors who state no version give several files one identifier; a day in the name of the file is its version.
    undated = "" if set_id and head.get("mapping_set_version") else _DAY.sub("", name)
    return Document(
        key="-".join(filter(None, (set_id, undated))) or "unnamed",
        title=_text(head, "mapping_set_title") or set_id or name or "mapping set",
        url=canonical(set_id) if is_iri(set_id) else "",
        values={"license": license_} if license_ else {},
    )


def _text(head: Mapping[str, Any], key: str) -> str:
    value = head.get(key)
    return value.strip() if isinstance(value, str) else ""
