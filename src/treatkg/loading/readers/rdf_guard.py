"""What guards the parser of RDF/XML, which itself expands every entity, nests without end and takes a cut file."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import BinaryIO

from treatkg.errors import BadInputError

_DEEPEST = 1000
_LONGEST_ENTITY = 4096
_MOST_ENTITIES = 2000
_TAIL = 64 * 1024
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_MISCELLANY = re.compile(rb"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_DOCTYPE = re.compile(rb"""<!DOCTYPE\s+(?:[^\[<>"']|"[^"]*"|'[^']*')*(\[)?""")
_ENTITY = re.compile(rb"""<!ENTITY\s+([^\s%"']+)\s+(?:"([^"]*)"|'([^']*)')\s*>""")
_OTHER_DECLARATION = re.compile(rb"""<!(?:ELEMENT|ATTLIST|NOTATION)\s(?:[^<>"']|"[^"]*"|'[^']*')*>""")
_END_OF_DOCTYPE = re.compile(rb"\]?\s*>")
_DECLARATION = re.compile(rb"<![A-Za-z]")
_REFERENCE = re.compile(rb"&([^#;&\s]+);")
_PREDEFINED = {b"amp", b"lt", b"gt", b"quot", b"apos"}
_ROOT = re.compile(rb"<((?:[A-Za-z_][\w.-]*:)?[A-Za-z_][\w.-]*)[\s/>]")
_LAST_TAG = re.compile(rb"</\s*([^\s>]+)\s*>\s*\Z")


class HarmfulError(BadInputError):
    """A file is built to harm whoever reads it."""


def prologue(name: str, head: bytes) -> tuple[bytes, int]:
    """Return the root element of XML, and where its document type ends; (b"", 0) is no XML.

    The entities that the document type declares are checked before any parser expands them: ontologies declare short
    ones for the beginnings of IRIs, and all else is refused.

    Args:
        name: of the file, for messages.
        head: its beginning.

    Raises:
        HarmfulError: an entity refers to a file or address, or expands beyond measure.
    """
    place, trusted = 0, 0
    while found := _MISCELLANY.match(head, place):
        place = found.end()
    if found := _DOCTYPE.match(head, place):
        place = _declarations(name, head, found.end()) if found[1] else found.end()
        end = _END_OF_DOCTYPE.match(head, place)
        if not end:
            raise HarmfulError(f"{name}: a document type that goes beyond what ontologies declare")
        place = trusted = end.end()
        while found := _MISCELLANY.match(head, place):
            place = found.end()
    root = _ROOT.match(head, place)
    return (root[1], trusted) if root else (b"", 0)


def _declarations(name: str, head: bytes, place: int) -> int:
    """Check the declarations of a document type; return where they end."""
    lengths: dict[bytes, int] = {}
    while True:
        if found := _MISCELLANY.match(head, place) or _OTHER_DECLARATION.match(head, place):
            place = found.end()
            continue
        found = _ENTITY.match(head, place)
        if not found:
            break
        place = found.end()
        length = _expanded(name, found[2] or found[3] or b"", lengths)
        if length > _LONGEST_ENTITY or len(lengths) >= _MOST_ENTITIES:
            raise HarmfulError(f"{name}: its entities expand beyond measure, as those of an XML bomb do")
        lengths.setdefault(found[1], length)
    if head.startswith((b"<!ENTITY", b"%"), place):
        raise HarmfulError(f"{name}: an entity of the document type is external or a parameter entity; none is fetched")
    return place


def _expanded(name: str, value: bytes, lengths: Mapping[bytes, int]) -> int:
    references = _REFERENCE.findall(value)
    for reference in references:
        if reference not in lengths and reference not in _PREDEFINED:
            raise HarmfulError(f"{name}: an entity refers to one that is not declared before it")
    return len(value) + sum(lengths.get(reference, 0) for reference in references)


class Guarded(io.RawIOBase):
    """A stream that is watched on its way to the parser, if it is XML.

    Args:
        stream: of the file.
        name: of the file, for messages.
        root: its root element; empty if it is no XML, which needs no guard.
        trusted: where the document type ends that has been checked; any later declaration is refused.
    """

    def __init__(self, stream: BinaryIO, name: str, root: bytes = b"", trusted: int = 0) -> None:
        self._stream, self._name, self._root, self._trusted = stream, name, root, trusted
        self._depth, self._place, self._tail, self._rest = 0, 0, b"", b""

    def readable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        block = self._stream.read(size)
        if self._root and block:
            self._watch(block)
        return block

    def _watch(self, block: bytes) -> None:
        # Tags are counted, not parsed: enough to see nesting that no ontology has, and quick.
        text = self._rest + block
        kept = 2 if text.endswith((b"<!", b"</")) else 1 if text.endswith((b"<", b"/")) else 0
        text, self._rest = text[: len(text) - kept], text[len(text) - kept :]
        if any(self._place + found.start() >= self._trusted for found in _DECLARATION.finditer(text)):
            raise HarmfulError(f"{self._name}: a declaration where none belongs")
        self._place += len(text)
        closed = text.count(b"</")
        opened = text.count(b"<") - closed - text.count(b"<!") - text.count(b"<?")
        self._depth = max(0, self._depth + opened - closed - text.count(b"/>"))
        if self._depth > _DEEPEST:
            raise HarmfulError(f"{self._name}: elements nested more than {_DEEPEST:,} levels deep")
        self._tail = (self._tail + block)[-_TAIL:]

    def check_end(self) -> None:
        """Check that the root element was closed: the parser does not.

        Raises:
            BadInputError: the file ends before.
        """
        if not self._root:
            return
        tail = _COMMENT.sub(b"", self._tail).rstrip()
        last = _LAST_TAG.search(tail)
        empty = tail.endswith(b"/>") and tail.rpartition(b"<")[2].startswith(self._root)
        if empty or (last and last[1] == self._root):
            return
        raise BadInputError(f"{self._name}: cut short: </{self._root.decode(errors='replace')}> is missing at its end")
