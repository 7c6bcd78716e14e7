"""Whether a section says that there is nothing to list."""

from __future__ import annotations

import re

from treatkg.loading.text.pieces import pieces, without_references

_NONE = re.compile(
    r"none(?: (?:are|is)? ?(?:known|reported|listed|identified)| at (?:this|present) time)?|"
    r"(?:there are )?no (?:known )?contra-?indications?(?: (?:are |have been )?(?:known|identified|reported|listed))?",
    re.IGNORECASE,
)
_HEADING = re.compile(r"^\s*(?:\d{1,2}(?:\.\d{1,2})?\.?\s+)?contra-?indications?\b\s*[:.]?\s*", re.IGNORECASE)


def says_none(text: str) -> bool:
    """Return whether the text, apart from its heading and references, says that there are none and nothing else.

    An empty text does not say so.
    """
    body = text[heading_end(text) :]
    said = [without_references(piece.text) for piece in pieces(body)]
    said = [words for words in said if words]
    return bool(said) and all(_NONE.fullmatch(words) for words in said)


def heading_end(text: str) -> int:
    """Return where the words after the heading of a section on contraindications begin."""
    found = _HEADING.match(text)
    return found.end() if found and not re.match(r"\s*(?:are|is|have|to)\b", text[found.end() :]) else 0
