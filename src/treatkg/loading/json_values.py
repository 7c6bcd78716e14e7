"""Values of JSON as sources really write them: absent, null, one where a list is usual, a number as text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Node = Mapping[str, Any]

_NUMBER = re.compile(r"[-+]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]*)?")
_COUNT = re.compile("[0-9]{1,12}")
_LONGEST_NUMBER = 40


def node_at(parent: Node, *path: str) -> Node:
    """Return the object below a path of keys, or an empty one where there is none."""
    for key in path:
        value = parent.get(key)
        parent = value if isinstance(value, dict) else {}
    return parent


def list_at(parent: Node, key: str) -> list[Any]:
    """Return a value as a list: of nothing where it is absent or null, of one where it is no list."""
    value = parent.get(key)
    return value if isinstance(value, list) else [] if value is None else [value]


def nodes_at(parent: Node, *path: str) -> list[Node]:
    """Return the objects of the list below a path of keys."""
    return [entry for entry in list_at(node_at(parent, *path[:-1]), path[-1]) if isinstance(entry, dict)]


def text_at(parent: Node, *path: str) -> str:
    """Return the text below a path of keys."""
    return text_of(node_at(parent, *path[:-1]).get(path[-1]))


def texts_at(parent: Node, *path: str) -> list[str]:
    """Return the texts, none empty, of the list below a path of keys."""
    return [text for text in map(text_of, list_at(node_at(parent, *path[:-1]), path[-1])) if text]


def text_of(value: object) -> str:
    """Return a text without outer spaces, a number as text, and an empty text for all else."""
    return value.strip() if isinstance(value, str) else str(value) if type(value) in {int, Decimal} else ""


def count_of(value: object) -> int | None:
    """Return a whole number of things, also from text; None for all else."""
    text = text_of(value)
    return int(text) if _COUNT.fullmatch(text) else None


def number_of(value: object) -> Decimal | None:
    """Return a plain number, also from text ("-1.50", "1,234"); None for all else ("NA", "<0.1", "1,5")."""
    text = text_of(value)
    return Decimal(text.replace(",", "")) if len(text) <= _LONGEST_NUMBER and _NUMBER.fullmatch(text) else None
