"""RDF in RDF/XML, Turtle or N-Triples, one subject a record, parsed as a stream (pyoxigraph)."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, cast

import pyoxigraph as ox

from treatkg.errors import BadInputError, LimitError
from treatkg.loading.inputs import Input
from treatkg.loading.items import Record
from treatkg.loading.readers.rdf_guard import Guarded, HarmfulError, prologue

_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_HEAD = 64 * 1024
_HEAD_TRIPLES = 50_000
# Subjects that are held open, since a nested or an interleaved description goes on after another subject.
_OPEN = 1000
_COMMENTS = rb"\s*(?:#[^\n]*\n\s*)*"
_TURTLE = re.compile(_COMMENTS + rb"(?:@?(?:prefix|base)\s|<[^<>\s]*>|_:|\[|[\w.-]*:[\w.-]+\s)", re.IGNORECASE)
_FUNCTIONAL = re.compile(_COMMENTS + rb"(?:Prefix|Ontology)\s*\(")
_MANCHESTER = re.compile(_COMMENTS + rb"(?:Prefix|Ontology):\s")
_FORMATS = {"rdfxml": ox.RdfFormat.RDF_XML, "turtle": ox.RdfFormat.TURTLE}


class RdfReader:
    """Descriptions of an RDF graph.

    A record is a subject that has an IRI, as expanded JSON-LD: {"@id": IRI, "@type": [IRI], IRI of a property:
    [{"@id": IRI} or {"@value": text, "@language": tag}]}; "anonymous" counts its values that are blank nodes. What
    blank nodes say is not read.

    Args:
        header: IRI of a class; the first subject of it is the header of every record ("...owl#Ontology").
    """

    def __init__(self, header: str = "") -> None:
        self._header = header

    def recognises(self, file: Input, marks: Mapping[str, Any]) -> bool:
        """Marks: `types`, classes of which the beginning has a member; or `syntax` (rdfxml, turtle, functional ...)."""
        try:
            syntax = _syntax(file.name, _head(file))
            if "syntax" in marks:
                return bool(marks["syntax"] == syntax)
            if syntax not in _FORMATS:
                return False
            wanted = set(marks.get("types", ()))
            for count, triple in enumerate(_triples(file)):
                if triple.predicate.value == _TYPE and _iri(triple.object) in wanted:
                    return True
                if count > _HEAD_TRIPLES:
                    break
        except HarmfulError:
            return True  # so that reading says what is wrong with it
        except (BadInputError, LimitError):
            return False
        return False

    def version(self, file: Input, where: str) -> str:
        """Return a value of the header; of several properties in `where`, the first that it has."""
        header = self._described(file)
        for name in where.split():
            for value in header.get(name, ()):
                return str(value.get("@value") or value.get("@id") or "")
        return ""

    def records(self, file: Input) -> Iterator[Record]:
        """Return each subject; the place is its IRI."""
        header = self._described(file)
        for data in _subjects(file):
            yield Record(data, data["@id"], header)

    def _described(self, file: Input) -> dict[str, Any]:
        if not self._header:
            return {}
        return next((data for data in _subjects(file) if self._header in data["@type"]), {})


def _subjects(file: Input) -> Iterator[dict[str, Any]]:
    opened: dict[str, dict[str, Any]] = {}
    for triple in _triples(file):
        subject = _iri(triple.subject)
        if not subject:
            continue
        data = opened.get(subject)
        if data is None:
            if len(opened) >= _OPEN:
                yield opened.pop(next(iter(opened)))
            data = opened[subject] = {"@id": subject, "@type": [], "anonymous": 0}
        value = triple.object
        if isinstance(value, ox.Literal):
            text = {"@value": value.value, "@language": value.language or ""}
            data.setdefault(triple.predicate.value, []).append(text)
        elif not isinstance(value, ox.NamedNode):
            data["anonymous"] += 1
        elif triple.predicate.value == _TYPE:
            data["@type"].append(value.value)
        else:
            data.setdefault(triple.predicate.value, []).append({"@id": value.value})
    yield from opened.values()


def _iri(term: object) -> str:
    return term.value if isinstance(term, ox.NamedNode) else ""


def _triples(file: Input) -> Iterator[ox.Quad]:
    head = _head(file)
    syntax = _syntax(file.name, head)
    if syntax not in _FORMATS:
        raise BadInputError(f"{file.name}: not RDF/XML, Turtle or N-Triples")
    root, trusted = prologue(file.name, head)
    with file.open() as stream:
        guarded = Guarded(stream, file.name, root, trusted)
        # Lenient: real ontologies hold links that are no IRIs; who uses an IRI checks it.
        try:
            yield from ox.parse(
                cast("BinaryIO", guarded), format=_FORMATS[syntax], lenient=True, without_named_graphs=True
            )
        except SyntaxError as error:
            line = f":{error.lineno}" if error.lineno else ""
            raise BadInputError(f"{file.name}{line}: not sound {syntax}: {error.msg}") from error
        except ValueError as error:
            raise BadInputError(f"{file.name}: not sound {syntax}: {error}") from error
        guarded.check_end()


def _head(file: Input) -> bytes:
    with file.open() as stream:
        return _read(stream, _HEAD).removeprefix(b"\xef\xbb\xbf")


def _read(stream: BinaryIO, size: int) -> bytes:
    buffer = io.BytesIO()
    while buffer.tell() < size and (block := stream.read(size - buffer.tell())):
        buffer.write(block)
    return buffer.getvalue()


def _syntax(name: str, head: bytes) -> str:
    """Return rdfxml, owlxml, turtle, functional or manchester, from how the file begins; empty if none of them."""
    if b"\0" in head:
        return ""
    root, _ = prologue(name, head)
    if root:
        return {b"RDF": "rdfxml", b"Ontology": "owlxml"}.get(root.rpartition(b":")[2], "")
    for syntax, form in (("functional", _FUNCTIONAL), ("manchester", _MANCHESTER), ("turtle", _TURTLE)):
        if form.match(head):
            return syntax
    return ""
