"""From the items of a transform to triples: every key, value and identifier checked, every mention found."""

from __future__ import annotations

import datetime
import functools
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pyoxigraph as ox

from treatkg import namespaces
from treatkg.errors import BadInputError, did_you_mean
from treatkg.loading import vocabulary
from treatkg.loading.identifiers import slug
from treatkg.loading.items import DayOfVersion, Document, Fact, Item, Mention, Own, Passage, Section, Skip, Thing
from treatkg.loading.resolving import Found, Resolver, expand
from treatkg.loading.source import Source

TYPE = ox.NamedNode(namespaces.RDF + "type")
_XSD = {name: ox.NamedNode(namespaces.XSD + name) for name in ("integer", "decimal", "boolean", "date", "string")}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONGEST_TEXT = 4 * 1024 * 1024
_LONGEST_QUOTE = 2000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


class TransformError(BadInputError):
    """A transform yielded something that the model does not have: a defect of the loader, not of the file."""


@dataclass
class Block:
    """The triples of one version of one record, and what the report counts."""

    key: str
    version: str
    order: str
    iri: str
    date: str
    triples: list[ox.Triple] = field(default_factory=list)
    facts: Counter[str] = field(default_factory=Counter)
    unmapped: Counter[tuple[str, str]] = field(default_factory=Counter)

    def lines(self) -> list[str]:
        """Return the triples as N-Triples, in one order, each once."""
        return sorted({f"{triple} .\n" for triple in self.triples})


class Writer:
    """Turns items into blocks of triples.

    Args:
        source: whose items they are.
        version: of the source, as the file says it.
        date: the day of that version, or of the file.
        retrieved: the day on which the file was downloaded.
        resolver: finds what the items mention.
    """

    def __init__(
        self, source: Source, version: str, date: datetime.date, retrieved: datetime.date, resolver: Resolver
    ) -> None:
        self.source, self.version, self.date, self.retrieved = source, version, date, retrieved
        self.resolver = resolver
        self.skips: Counter[str] = Counter()
        self._begun: tuple[Document, Block] | None = None

    def blocks(self, items: Iterable[Item], where: str) -> Iterator[Block]:
        """Return one block for each document among the items of one record.

        Raises:
            TransformError: an item is not of the model.
        """
        block: Block | None = None
        for item in items:
            if isinstance(item, Skip):
                self.skips[item.reason] += 1
            elif isinstance(item, Document):
                if block:
                    yield block
                block = self._begin(item)
            elif block is None:
                raise TransformError(f"{where}: {type(item).__name__} before its Document")
            elif isinstance(item, Section):
                self._section(block, item)
            elif isinstance(item, Thing):
                self._thing(block, item)
            else:
                self._fact(block, item)
        if block:
            yield block

    # --- each kind of item

    def _begin(self, document: Document) -> Block:
        # The rows of a table and the terms of an ontology all come with the same document.
        if self._begun is None or self._begun[0] != document:
            self._begun = (document, self._described(document))
        begun = self._begun[1]
        return replace(begun, triples=[*begun.triples], facts=Counter(), unmapped=Counter())

    def _described(self, document: Document) -> Block:
        version = document.version or self.version
        iri = f"{namespaces.LOAD}{self.source.id}/record/{_part(document.key)}/{_part(version)}"
        date = document.date or self.date.isoformat()
        day = min(date, self.retrieved.isoformat())
        # A document without a day of its own never ends one that has a day.
        order = f"{document.date or '0000-00-00'} {natural(version)} {date}"
        block = Block(document.key, version, order, iri, day)
        self._add(block, iri, "type", "SourceRecord")
        values: dict[str, Any] = {
            "label": f"{document.title} ({version})",
            "title": document.title,
            "sourceType": self.source.source_type,
            "publisher": self.source.publisher,
            "license": self.source.license,
            "version": version,
            "date": day,
            "retrievedOn": self.retrieved.isoformat(),
            "url": document.url or self.source.homepage,
            "recordKey": document.key,
            "recordVersion": version,
            **({"datePrecision": document.precision} if document.precision else {}),
            **document.values,
        }
        self._values(block, iri, values)
        return block

    def _section(self, block: Block, section: Section) -> None:
        iri = self._section_iri(block, section.name)
        self._add(block, block.iri, "hasSection", iri)
        self._add(block, iri, "type", "TextSection")
        values = {"sectionKind": section.kind, "locator": section.locator, "text": section.text}
        self._values(block, iri, {"label": section.locator, **values})

    def _thing(self, block: Block, thing: Thing) -> None:
        iri = expand(thing.id) if ":" in thing.id else f"{block.iri}/{_part(thing.id)}"
        if not iri:
            raise TransformError(f'"{thing.id}" is not an identifier of a known prefix and form')
        for cls in thing.types:
            self._add(block, iri, "type", cls)
            block.facts[cls] += 1
        self._values(block, iri, thing.values)

    def _fact(self, block: Block, fact: Fact) -> None:
        if fact.type not in self.source.gives:
            raise TransformError(f'{self.source.id}: source.yaml does not say under "gives" that it gives {fact.type}')
        if not fact.passages:
            raise TransformError(f"{self.source.id}: a fact without a passage: {fact.label}")
        iri = f"{block.iri}/{'/'.join(_part(part) for part in fact.name.split('/'))}"
        self._add(block, iri, "type", fact.type)
        self._values(block, iri, {"label": fact.label, **fact.values})
        block.facts[fact.type] += 1
        for passage in fact.passages:
            self._evidence(block, iri, passage)

    def _evidence(self, block: Block, fact: str, passage: Passage) -> None:
        iri = f"{fact}/evidence/{_digest(passage)}"
        self._add(block, fact, "evidence", iri)
        self._add(block, iri, "type", "Evidence")
        values: dict[str, Any] = {
            "source": block.iri,
            "locator": passage.locator,
            "direction": passage.direction,
            "evidenceType": passage.evidence_type or self.source.evidence_type,
        }
        if passage.quote:
            values["quotedText"] = passage.quote[:_LONGEST_QUOTE]
        if passage.section:
            values |= {"section": self._section_iri(block, passage.section)}
        if passage.start is not None and passage.end is not None:
            values |= {"textStart": passage.start, "textEnd": passage.end}
        self._values(block, iri, values)

    def _section_iri(self, block: Block, name: str) -> str:
        return f"{block.iri}/section/{_part(name)}"

    # --- values

    def _values(self, block: Block, subject: str, values: Mapping[str, Any]) -> None:
        known, node = vocabulary.keys(), _node(subject)
        for name, value in values.items():
            if name not in known:
                raise TransformError(f'unknown key "{name}"{did_you_mean(name, known)}')
            for one in value if isinstance(value, (list, tuple)) else (value,):
                if one is not None and one != "":
                    term = self._term(block, subject, name, one)
                    block.triples.append(ox.Triple(node, _predicate(name), term))

    def _add(self, block: Block, subject: str, name: str, value: Any) -> None:  # noqa: ANN401 (as a transform gives it)
        value = self._term(block, subject, name, value)
        block.triples.append(ox.Triple(_node(subject), _predicate(name), value))

    def _term(self, block: Block, subject: str, name: str, value: Any) -> ox.NamedNode | ox.Literal:  # noqa: ANN401
        kind = _kind(name)
        if kind == "text" and type(value) is str:  # most values, and so first
            return _text(name, value)
        if isinstance(value, (Mention, Own, dict)):
            return _node(self._named(block, subject, name, value))
        if isinstance(value, DayOfVersion):
            value = block.date
        match kind:
            case "type" | "vocabulary":
                known = vocabulary.classes() if kind == "type" else vocabulary.concepts()
                if value not in known:
                    raise TransformError(f'{name}: the ontology has no "{value}"{did_you_mean(str(value), known)}')
                return _node(namespaces.TKG + value)
            case "reference" | "node":
                iri = value if value.startswith(("http://", "https://")) else expand(value)
                if not iri:
                    raise TransformError(f'{name}: "{value}" is not an IRI or CURIE of a known prefix and form')
                return _node(iri)
            case "text":
                return _text(name, value)
        return _literal(name, kind, value)

    def _named(self, block: Block, subject: str, name: str, value: Mention | Own | dict[str, Any]) -> str:
        if isinstance(value, Mention):
            return self._mentioned(block, subject, value)
        if isinstance(value, Own):
            return f"{block.iri}/{_part(value.id)}"
        return self._nested(block, subject, name, value)

    def _mentioned(self, block: Block, subject: str, mention: Mention) -> str:
        found: Found = self.resolver.find(mention, self.source.id)
        node = _node(found.iri)
        if found.known:
            if found.name and subject.startswith(block.iri):
                self._add(block, subject, "namedAs", clean(found.name))
            return found.iri
        for cls in found.classes:
            block.triples.append(ox.Triple(node, TYPE, _node(namespaces.TKG + cls)))
        self._add(block, found.iri, "label", clean(found.name) or found.iri)
        block.unmapped[mention.kind, found.name] += 1
        return found.iri

    def _nested(self, block: Block, parent: str, name: str, content: dict[str, Any]) -> str:
        iri = f"{parent}/{name}/{_digest(content)}"
        values = dict(content)
        self._add(block, iri, "type", values.pop("type"))
        self._values(block, iri, values)
        return iri


# Most nodes stand in many triples that follow each other, and to make one is to check its IRI.
_node = functools.lru_cache(maxsize=10_000)(ox.NamedNode)


@functools.cache
def _predicate(name: str) -> ox.NamedNode:
    return TYPE if name == "type" else _node(vocabulary.predicates()[name])


@functools.cache
def _kind(name: str) -> str:
    return "type" if name == "type" else vocabulary.keys()[name].kind


@functools.cache
def _language(name: str) -> str | None:
    language: str | None = vocabulary.context()[name].get("@language")
    return language


def clean(text: str) -> str:
    """Return text without control characters and directions, which no display shows, and without outer spaces."""
    return _CONTROL.sub(" ", text).strip()


def _text(name: str, value: Any) -> ox.Literal:  # noqa: ANN401 (as a transform gives it)
    if not isinstance(value, str):
        raise TransformError(f"{name}: expected text, not {type(value).__name__}")
    if len(value) > _LONGEST_TEXT:
        raise BadInputError(f"{name}: a text of more than {_LONGEST_TEXT:,} characters")
    # Text that offsets count is kept to the character; only what RDF cannot hold is replaced, one for one.
    language = _language(name)
    content = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", value)
    return ox.Literal(content, language=language) if language else ox.Literal(content)


def _literal(name: str, kind: str, value: Any) -> ox.Literal:  # noqa: ANN401 (as a transform gives it)
    if kind == "boolean" and isinstance(value, bool):
        return ox.Literal(str(value).lower(), datatype=_XSD["boolean"])
    if kind == "integer" and isinstance(value, int) and not isinstance(value, bool):
        return ox.Literal(str(value), datatype=_XSD["integer"])
    if kind == "decimal" and isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        number = Decimal(value)
        if not number.is_finite() or abs(number.adjusted()) > 100:
            raise TransformError(f"{name}: {value} is not a number that is kept")
        plain = f"{number:f}"
        return ox.Literal(plain.rstrip("0").rstrip(".") if "." in plain else plain, datatype=_XSD["decimal"])
    if kind == "date" and isinstance(value, str) and _DAY.fullmatch(value):
        try:
            datetime.date.fromisoformat(value)
        except ValueError as error:
            raise TransformError(f'{name}: "{value}" is not a day of the calendar') from error
        return ox.Literal(value, datatype=_XSD["date"])
    raise TransformError(f"{name}: {value!r} is not of the kind {kind}")


def natural(version: str) -> str:
    """Return a version so that text order is its order: 1560 after 998, 2.10 after 2.9."""
    return re.sub(r"[0-9]+", lambda digits: f"{len(digits[0].lstrip('0')):03}{digits[0].lstrip('0')}", version)


def _part(text: str) -> str:
    """Return text as one segment of an IRI, as it is where it can be."""
    return text if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,99}", text) else slug(text)


def _digest(content: Any) -> str:  # noqa: ANN401 (a dataclass or JSON)
    return hashlib.sha256(repr(content).encode()).hexdigest()[:10]
