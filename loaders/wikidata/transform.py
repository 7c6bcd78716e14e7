"""Wikidata: an item with its statements on conditions, targets and interactions, to associations.

Nothing here is a licence, a mechanism or a warning: a statement has no jurisdiction, population or date, and anybody
may have made it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from treatkg.loading.items import Document, Fact, Item, Mention, Passage, Record, Skip

_ITEM = re.compile(r"https?://www\.wikidata\.org/entity/(Q[1-9][0-9]*)")
_RELATIONS = {
    "P2175": "medical condition treated",
    "P129": "physically interacts with",
    "P769": "significant drug interaction",
}
# property -> (prefix, form of the local identifier in what Wikidata writes)
_IDENTIFIERS = {
    "P352": ("uniprot", r"([A-Z0-9]{6,10})"),
    "P486": ("mesh", r"([CD][0-9]{6,9})"),
    "P592": ("chembl.compound", r"(CHEMBL[0-9]+)"),
    "P652": ("unii", r"([A-Z0-9]{10})"),
    "P683": ("CHEBI", r"(?:CHEBI:)?([0-9]+)"),
    "P699": ("DOID", r"(?:DOID:)?([0-9]+)"),
    "P715": ("drugbank", r"(?:DB)?([0-9]{5})"),
    "P2892": ("umls", r"(C[0-9]{7})"),
    "P3345": ("rxnorm", r"([0-9]{1,7})"),
    "P3841": ("HP", r"(?:HP:)?([0-9]{7})"),
    "P5270": ("MONDO", r"(?:MONDO[:_])?([0-9]{7})"),
}
_DISEASE_IDS = {"MONDO", "DOID"}
# Terms that have an IRI of their own, which is what others know them by where the graph does not have them.
_OWN = ("MONDO:", "HP:", "uniprot:")
_REFERENCED = "ECO:0000033"
_UNREFERENCED = "ECO:0000034"


@dataclass
class _Statement:
    """A statement of one item; one with several references comes in several rows."""

    property: str
    object: str
    rank: str = ""
    name: str = ""
    sources: set[str] = field(default_factory=set)
    urls: set[str] = field(default_factory=set)


@dataclass
class _Item:
    names: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    statements: dict[tuple[str, str, str], _Statement] = field(default_factory=dict)
    objects: dict[str, list[str]] = field(default_factory=dict)


def transform(record: Record) -> Iterator[Item]:
    """Return the record of an item, and an association for each of its statements."""
    data = record.data if isinstance(record.data, Mapping) else {}
    found = _ITEM.fullmatch(str(data.get("key", "")))
    if not found:
        yield Skip("not an item of Wikidata")
        return
    item, number = _read(data.get("rows")), found[1]
    name = next(iter(item.names), number)
    yield Document(key=number, title=name, url=f"https://www.wikidata.org/wiki/{number}")
    subject = Mention("Treatment", [name], _ordered(number, item.ids))
    for (iri, _, _), statement in item.statements.items():
        yield _association(iri, statement, name, subject, item.objects.get(statement.object, []))


def _association(iri: str, statement: _Statement, name: str, subject: Mention, ids: list[str]) -> Item:
    if not iri:
        return Skip("a statement without an identifier")
    if statement.property not in _RELATIONS:
        return Skip(f"a statement with another property ({statement.property or 'none'})")
    if statement.rank == "deprecated":
        return Skip("a statement that Wikidata marks as deprecated")
    target = _ITEM.fullmatch(statement.object)
    if not target:
        return Skip("a statement whose value is unknown")
    relation, number = _RELATIONS[statement.property], target[1]
    other = statement.name or number
    passage = Passage(
        f"statement {iri}: {relation} ({statement.property})",
        other,
        evidence_type=_REFERENCED if statement.sources or statement.urls else _UNREFERENCED,
    )
    return Fact(
        "Association",
        f"{statement.property}/{iri}",
        f"{name}: {relation}: {other}",
        {
            "subjectTerm": subject,
            "statedRelation": relation,
            "objectTerm": Mention(_kind(statement.property, ids), [other], _ordered(number, ids)),
            "statementRank": statement.rank,
            "knowledgeSource": sorted(statement.sources),
            "publication": sorted(statement.urls),
        },
        [passage],
    )


def _ordered(number: str, ids: list[str]) -> list[str]:
    first = [id_ for id_ in ids if id_.startswith(_OWN)]
    return [*first, f"wikidata:{number}", *(id_ for id_ in ids if id_ not in first)]


def _kind(property_: str, ids: list[str]) -> str:
    """Return what the object of a statement is: a symptom may be treated too, and not only proteins are targets."""
    prefixes = {id_.partition(":")[0] for id_ in ids}
    if property_ == "P2175":
        return "Phenotype" if "HP" in prefixes and not prefixes & _DISEASE_IDS else "Disease"
    if property_ == "P769":
        return "Treatment"
    return "Protein" if "uniprot" in prefixes else "Thing"


def _read(rows: Any) -> _Item:  # noqa: ANN401 (what a reader gives)
    item = _Item()
    for row in rows if isinstance(rows, list) else []:
        kind = row.get("kind", "")
        if kind == "label" and row.get("name"):
            item.names.append(row["name"])
        elif kind == "identifier":
            _add(item.ids, _curie(row))
        elif kind == "object":
            _add(item.objects.setdefault(row.get("object", ""), []), _curie(row))
        elif kind == "statement":
            _read_statement(item, row)
    return item


def _read_statement(item: _Item, row: Mapping[str, str]) -> None:
    key = (row.get("statement", "").rpartition("/")[2], row.get("property", ""), row.get("object", ""))
    statement = item.statements.setdefault(key, _Statement(*key[1:]))
    rank = row.get("rank", "").rpartition("#")[2].removesuffix("Rank").lower()
    statement.rank = rank if not statement.rank else min(rank, statement.rank)
    statement.name = statement.name or row.get("name", "")
    if source := row.get("sourceName") or row.get("source", "").rpartition("/")[2]:
        statement.sources.add(source)
    if url := row.get("url", ""):
        statement.urls.add(url)


def _curie(row: Mapping[str, str]) -> str:
    prefix, form = _IDENTIFIERS.get(row.get("property", ""), ("", ""))
    found = re.fullmatch(form, row.get("value", "").strip()) if prefix else None
    if not found:
        return ""
    return f"{prefix}:DB{found[1]}" if prefix == "drugbank" else f"{prefix}:{found[1]}"


def _add(ids: list[str], curie: str) -> None:
    if curie and curie not in ids:
        ids.append(curie)
