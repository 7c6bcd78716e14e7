"""Running text cut into sentences and items of lists, with the offsets that they have in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# A full stop ends a sentence before a space and a capital, a digit, a bullet or a bracket, not after these.
_NO_END = re.compile(r"(?:\b(?:e\.g|i\.e|vs|approx|No|Dr|Inc|Ltd|St|cf|resp|etc|spp|sp|U\.S|Fig|Sec|[A-Z]))$")
# "[see Warnings and Precautions (5.1)]", "(see WARNINGS)", "( 4 )": pointers to other sections; they may end an item.
_POINTER = (
    r"(?:\[\s*see\b[^\]]{0,400}\]|\(\s*see\b[^()]{0,300}(?:\([^()]{0,100}\)[^()]{0,200})*\)|"
    r"[(\[]\s*\d{1,2}(?:\.\d{1,2})*(?:\s*,\s*\d{1,2}(?:\.\d{1,2})*)*\s*[)\]])"
)
_REFERENCE = re.compile(_POINTER, re.IGNORECASE)
_END = re.compile(
    r"\n\s*|[\u2022\u25cf\u25aa\u25a0\u25cb\u00b7]\s*|"
    r"\s(?=\d{1,2}\.\d{1,2}\s+[A-Z][a-z]+\s)|"
    rf"(?i:\s{{0,3}}{_POINTER})+\s{{0,3}}[.;]?\s+(?=[A-Z\u201c])|"
    r"(?<=[.;:!?])[)\]\u201d\"']*\s+(?=[A-Z0-9\u2265\u201c\"(\[])"
)

LONGEST = 5_000  # characters; no sentence is longer, and what is (a table, a broken text) is not searched


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence or an item of a list: its words, and where they stand in the text."""

    text: str
    start: int
    end: int


def pieces(text: str, start: int = 0, end: int | None = None) -> Iterator[Piece]:
    """Return the sentences and items of a text (or of a part of it) in order, without outer spaces.

    A colon before a capital ends a piece too, so that the items after it stand alone; a semicolon likewise.
    """
    stop = len(text) if end is None else end
    begin = start
    for match in _END.finditer(text, start, stop):
        before = text[begin : match.start()]
        if before.endswith(".") and _NO_END.search(before[:-1]):
            continue
        yield from _piece(text, begin, match.start())
        begin = match.end()
    yield from _piece(text, begin, stop)


def _piece(text: str, begin: int, end: int) -> Iterator[Piece]:
    raw = text[begin:end]
    words = raw.strip()
    if words:
        first = begin + raw.index(words[0])
        yield Piece(words, first, first + len(words))


def without_references(text: str) -> str:
    """Return words without "[see Warnings (5.1)]" and "(4)", of one spacing and without a full stop at the end."""
    found = re.sub(r"\s+", " ", _REFERENCE.sub(" ", text))
    return re.sub(r"\s+([.,;:])", r"\1", found).strip(" .;,\u2022*\u00b7-")
