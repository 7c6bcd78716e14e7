"""An XML element in plain Python, so that records can be handed to transforms and to other processes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_SPACE = re.compile(r"[ \t\r\n\f\v]+")


@dataclass(slots=True)
class Node:
    """An element: its local name, its attributes by local name, and what it holds, text and elements in order."""

    tag: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    content: list[Node | str] = field(default_factory=list)

    def get(self, attribute: str) -> str:
        """Return an attribute without outer spaces; empty where there is none."""
        return self.attributes.get(attribute, "").strip()

    def nodes(self, *path: str) -> Iterator[Node]:
        """Return the elements at a path of local names below this one, in document order; all children without one."""
        for part in self.content:
            if isinstance(part, Node) and (not path or part.tag == path[0]):
                if len(path) > 1:
                    yield from part.nodes(*path[1:])
                else:
                    yield part

    def node(self, *path: str) -> Node | None:
        """Return the first element at a path."""
        return next(self.nodes(*path), None)

    def every(self, *tags: str) -> Iterator[Node]:
        """Return the elements of these names anywhere below this one, in document order."""
        for part in self.content:
            if isinstance(part, Node):
                if part.tag in tags:
                    yield part
                yield from part.every(*tags)

    def value(self, *path: str, attribute: str = "") -> str:
        """Return the text (or an attribute) of the first element at a path, with single spaces."""
        found = self.node(*path) if path else self
        if found is None:
            return ""
        return found.get(attribute) if attribute else found.text()

    def text(self) -> str:
        """Return all text in this element with single spaces."""
        return _SPACE.sub(" ", "".join(self._texts())).strip()

    def _texts(self) -> Iterator[str]:
        for part in self.content:
            if isinstance(part, Node):
                yield from part._texts()  # noqa: SLF001 (its own kind)
            else:
                yield part
