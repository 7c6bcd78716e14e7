"""From a frame, node, edge or description of an ontology to its term."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from treatkg.loading import dates
from treatkg.loading.identifiers import canonical, obo
from treatkg.loading.items import Document, Item, Record, Skip, Thing

_OBO = "http://purl.obolibrary.org/obo/"
_IN_OWL = "http://www.geneontology.org/formats/oboInOwl#"
_OWL = "http://www.w3.org/2002/07/owl#"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_SKOS = "http://www.w3.org/2004/02/skos/core#"
_TERMS = "http://purl.org/dc/terms/"
_LICENSE = re.compile(r"(?:http://purl\.org/dc/terms/|dcterms:|terms:)license\s")
_REPLACED_BY = f"{_OBO}IAO_0100001"
_ALTERNATIVE = f"{_IN_OWL}hasAlternativeId"
_SUFFIX = re.compile(r"\.(?:owl|obo|json|ttl|ofn|gz)$")
_SYNONYMS = {"EXACT": "altLabel", "NARROW": "narrowSynonym", "BROAD": "broadSynonym", "RELATED": "relatedSynonym"}
_PREDICATES = {
    f"has{scope.capitalize()}Synonym": key for scope, key in _SYNONYMS.items()
}  # fmt: skip
_OTHER_RELATION = "a relation other than is_a"
_ANONYMOUS = "a parent that is an anonymous class expression"
_NO_TERM = "no term: a relation, property, individual or the ontology itself"
_NO_LABEL = "a term without a name, as an import leaves it"
_NO_ID = "an identifier that is none of the web"


@dataclass
class _Term:
    """What the formats have in common; names are as written, and repeat."""

    id: str
    label: str = ""
    definition: str = ""
    synonyms: list[tuple[str, str]] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)
    xrefs: list[str] = field(default_factory=list)
    replaced_by: list[str] = field(default_factory=list)
    former: list[str] = field(default_factory=list)
    deprecated: bool = False

    def items(self) -> Iterator[Item]:
        """Return the term as a thing, or why it is none."""
        if not self.id:
            yield Skip(_NO_ID)
        elif not self.label and not self.replaced_by and not self.definition and not self.synonyms:
            yield Skip(_NO_LABEL)
        else:
            yield Thing(self.id, ["OntologyTerm"], self._values())

    def _values(self) -> dict[str, Any]:
        values: dict[str, Any] = {"label": self.label, "definition": self.definition}
        for key in _SYNONYMS.values():
            values[key] = _once(name for kind, name in self.synonyms if kind == key and name != self.label)
        values |= {
            "parent": _once(parent for parent in self.parents if parent and parent != self.id),
            "crossReference": _once(self.xrefs),
            "replacedBy": _once(other for other in self.replaced_by if other and other != self.id),
            "formerTerm": _once(self.former),
        }
        return values | ({"deprecated": True} if self.deprecated else {})


def transform(record: Record) -> Iterator[Item]:
    """Return what a frame (OBO), node or edge (obographs) or description (OWL) says of a term."""
    if record.kind in {"node", "edge"}:
        yield _document(str(record.header.get("ontology") or record.header.get("file") or ""))
        yield from (_of_node if record.kind == "node" else _of_edge)(record.data)
    elif record.kind in {"Term", "Typedef", "Instance"} or "@id" not in record.data:
        yield _obo_document(record.header)
        yield from _of_frame(record)
    else:
        yield _owl_document(record.header)
        yield from _of_description(record.data)


# --- the document: the ontology


def _document(name: str, date: str = "", **values: Any) -> Document:  # noqa: ANN401 (as the items take them)
    key = name.strip().removeprefix(_OBO)
    while (shorter := _SUFFIX.sub("", key)) != key:
        key = shorter
    key = key or "unnamed"
    url = canonical(name) or (f"{_OBO}{key}.owl" if re.fullmatch(r"[\w/-]+", key) else "")
    return Document(key=key, title=key, date=date, url=url, values=values)


def _obo_document(header: Mapping[str, Any]) -> Document:
    names = [*header.get("ontology", ()), *header.get("default-namespace", ())]
    # Where the version is no date, the header's own ("27:02:2020 18:48") says of when it is.
    stated = next(iter(header.get("date", ())), "")
    version = next(iter(header.get("data-version", ())), "")
    date = "" if re.search(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", version) else dates.day(stated.replace(":", "/", 2))[0]
    licenses = [text for text in header.get("property_value", ()) if _LICENSE.match(text)]
    return _document(next(iter(names), ""), date, **_licensed(next(iter(licenses), "").partition(" ")[2]))


def _owl_document(header: Mapping[str, Any]) -> Document:
    document = _document(str(header.get("@id", "")))
    title = _text(header, "http://purl.org/dc/elements/1.1/title", f"{_TERMS}title", f"{_RDFS}label")
    licenses = [value.get("@id") or value.get("@value", "") for value in header.get(f"{_TERMS}license", ())]
    return Document(document.key, title or document.title, url=document.url, values=_licensed(next(iter(licenses), "")))


def _licensed(text: str) -> dict[str, str]:
    found = re.search(r'[^\s"]+://[^\s"]+|(?<=")[^"]+(?=")', text)
    return {"license": found[0]} if found else {}


# --- OBO


def _of_frame(record: Record) -> Iterator[Item]:
    if record.kind != "Term":
        yield Skip(_NO_TERM)
        return
    clauses, spaces = record.data, record.header.get("idspaces", {})
    yield from (Skip(_OTHER_RELATION) for _ in clauses.get("relationship", ()))

    def texts(*tags: str) -> list[str]:
        return [clause.value for tag in tags for clause in clauses.get(tag, ())]

    def terms(tag: str) -> list[str]:
        return [obo(clause.words[0], spaces) for clause in clauses.get(tag, ()) if clause.words]

    yield from _Term(
        id=next(iter(terms("id")), ""),
        label=next(iter(texts("name")), ""),
        definition=next((clause.text for clause in clauses.get("def", ())), ""),
        synonyms=[*_synonyms(clauses, record.header)],
        parents=terms("is_a"),
        xrefs=[" ".join(clause.words) or clause.value for tag in _XREFS for clause in clauses.get(tag, ())],
        replaced_by=terms("replaced_by"),
        former=texts("alt_id"),
        deprecated=any(text.casefold() in {"true", "1"} for text in texts("is_obsolete")),
    ).items()


_XREFS = ("xref", "xref_analog", "xref_unk")


def _synonyms(clauses: Mapping[str, Any], header: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for clause in clauses.get("synonym", ()):
        scope = next(iter(clause.words), "")
        if scope not in _SYNONYMS:
            scope = _default_scope(scope, header)
        yield _SYNONYMS[scope], clause.text
    for scope, key in _SYNONYMS.items():
        yield from ((key, clause.text) for clause in clauses.get(f"{scope.lower()}_synonym", ()))


def _default_scope(kind: str, header: Mapping[str, Any]) -> str:
    """Return the scope that the header declares for a type of synonym; without one the format says RELATED."""
    for declared in header.get("synonymtypedef", ()):
        words = declared.split()
        if kind and words[:1] == [kind] and words[-1] in _SYNONYMS:
            return str(words[-1])
    return "RELATED"


# --- obographs


def _of_node(node: Mapping[str, Any]) -> Iterator[Item]:
    meta = node.get("meta") or {}
    properties = [(str(p.get("pred")), str(p.get("val") or "")) for p in meta.get("basicPropertyValues") or ()]
    replaced_by = [_any(value) for name, value in properties if name == _REPLACED_BY]
    # Annotation properties have no type, and neither have some identifiers that were merged into another.
    if node.get("type") != "CLASS" and (node.get("type") or not replaced_by):
        yield Skip(_NO_TERM)
        return
    yield from _Term(
        id=_any(str(node.get("id") or "")),
        label=str(node.get("lbl") or ""),
        definition=str((meta.get("definition") or {}).get("val") or ""),
        synonyms=[
            (_PREDICATES[name], str(synonym["val"]))
            for synonym in meta.get("synonyms") or ()
            if (name := str(synonym.get("pred")).rpartition("#")[2]) in _PREDICATES and synonym.get("val")
        ],
        xrefs=[str(xref["val"]) for xref in meta.get("xrefs") or () if xref.get("val")],
        replaced_by=replaced_by,
        former=[value for name, value in properties if name == _ALTERNATIVE],
        deprecated=meta.get("deprecated") in {True, "true"},
    ).items()


def _of_edge(edge: Mapping[str, Any]) -> Iterator[Item]:
    subject, value = _any(str(edge.get("sub") or "")), _any(str(edge.get("obj") or ""))
    if str(edge.get("pred")) not in {"is_a", f"{_RDFS}subClassOf"}:
        yield Skip(_OTHER_RELATION)
    elif not subject or not value:
        yield Skip(_NO_ID)
    elif subject != value:
        yield Thing(subject, [], {"parent": [value]})


# --- OWL


def _of_description(data: Mapping[str, Any]) -> Iterator[Item]:
    if f"{_OWL}Class" not in data["@type"]:
        yield Skip(_NO_TERM)
        return
    yield from (Skip(_ANONYMOUS) for _ in range(data["anonymous"]))
    synonyms = [
        (key, text)
        for name, key in _PREDICATES.items()
        for text in _texts(data.get(f"{_IN_OWL}{name}", ()))
    ]  # fmt: skip
    yield from _Term(
        id=canonical(data["@id"]),
        label=_text(data, f"{_RDFS}label", f"{_SKOS}prefLabel"),
        definition=_text(data, f"{_OBO}IAO_0000115", f"{_SKOS}definition"),
        synonyms=synonyms,
        parents=[canonical(value["@id"]) for value in data.get(f"{_RDFS}subClassOf", ()) if "@id" in value],
        xrefs=[*_texts(data.get(f"{_IN_OWL}hasDbXref", ()))],
        replaced_by=[_any(value.get("@id") or value.get("@value", "")) for value in data.get(_REPLACED_BY, ())],
        former=[*_texts(data.get(_ALTERNATIVE, ()))],
        deprecated="true" in _texts(data.get(f"{_OWL}deprecated", ())),
    ).items()


def _texts(values: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """Return the English texts, and those of no language."""
    for value in values:
        if "@value" in value and value["@language"].partition("-")[0] in {"", "en"}:
            yield value["@value"]


def _text(data: Mapping[str, Any], *names: str) -> str:
    return next((text for name in names for text in _texts(data.get(name, ()))), "")


# --- all


def _any(identifier: str) -> str:
    return canonical(identifier) if "://" in identifier else obo(identifier)


def _once(texts: Iterable[str]) -> Sequence[str]:
    return list(dict.fromkeys(text for text in texts if text.strip()))
