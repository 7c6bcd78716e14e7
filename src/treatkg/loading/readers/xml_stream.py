"""XML of any size, read as a stream (lxml): no network, no external files, no entities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lxml import etree

from treatkg.errors import BadInputError, LimitError
from treatkg.loading.inputs import Input
from treatkg.loading.items import Record
from treatkg.loading.nodes import Node

_HEAD_ELEMENTS = 5_000
_MAX_DEPTH = 200
_MOST_ELEMENTS = 2_000_000


class XmlReader:
    """Records of an XML document: every element of a name, as a `Node`; the name is the kind of the record.

    Args:
        records: the local name of the elements that are records, or several; one inside another is part of it.
        namespace: their namespace; empty where they have none.
        header: name -> place of what the file says of itself once and before its records, a path of local names from
            the root on, with an attribute at its end if need be ("set/@date").
        doctype: whether a document type declaration is let pass, as PubMed writes it. It is never read, and one that
            declares entities is refused all the same.
    """

    def __init__(
        self,
        records: str | Sequence[str],
        namespace: str = "",
        header: Mapping[str, str] | None = None,
        *,
        doctype: bool = False,
    ) -> None:
        names = [records] if isinstance(records, str) else list(records)
        self._tags = {f"{{{namespace}}}{name}" if namespace else name: name for name in names}
        self._header = dict(header or {})
        self._doctype = doctype

    def recognises(self, file: Input, marks: Mapping[str, Any]) -> bool:
        """Marks: `root`, the local name of the root; `paths` that a record begins with; `absent`, that it lacks."""
        wanted, unwanted = set(marks.get("paths", ())), set(marks.get("absent", ()))
        seen: set[str] = set()
        inside: list[str] | None = None
        try:
            for count, (event, element, path) in enumerate(self._events(file)):
                if count == 0 and marks.get("root", path[0]) != path[0]:
                    return False
                if event == "start" and inside is not None:
                    seen.add("/".join(path[len(inside) :]))
                elif event == "start" and element.tag in self._tags:
                    inside = list(path)
                elif event == "end" and inside == path:
                    break
                if seen & unwanted or (inside and not unwanted and wanted <= seen) or count > _HEAD_ELEMENTS:
                    break
        except (BadInputError, LimitError):
            pass
        return inside is not None and wanted <= seen and not seen & unwanted

    def version(self, file: Input, where: str) -> str:
        """Return the first value at a path of local names from the root on ("document/effectiveTime/@value")."""
        steps, attribute = _place(where)
        for event, element, path in self._events(file):
            if path == steps and event == ("start" if attribute else "end"):
                return _value(element, attribute)
        return ""

    def records(self, file: Input) -> Iterator[Record]:
        """Return each record with its number among those of its kind, such as document[0]."""
        header: dict[str, Any] = {}
        places = {name: _place(where) for name, where in self._header.items()}
        counts = dict.fromkeys(self._tags.values(), 0)
        inside: list[str] | None = None
        size = 0
        for event, element, path in self._events(file):
            if inside is None and places:
                header = header | _told(event, element, path, places)
            if event == "start":
                if inside is None and element.tag in self._tags:
                    inside, size = list(path), 0
                size += 1
                if inside and size > _MOST_ELEMENTS:
                    raise LimitError(f"{file.name}: a record of more than {_MOST_ELEMENTS:,} elements")
            elif inside is None:
                _forget(element)
            elif path == inside:
                kind = self._tags[str(element.tag)]
                yield Record(_node(element), f"{kind}[{counts[kind]}]", header, kind)
                counts[kind] += 1
                inside = None
                _forget(element)

    def _events(self, file: Input) -> Iterator[tuple[str, etree._Element, list[str]]]:
        """Return start and end of each element with the local names from the root to it."""
        path: list[str] = []
        with file.open() as stream:
            try:
                for event, element in etree.iterparse(
                    stream,
                    events=("start", "end"),
                    resolve_entities=False,
                    no_network=True,
                    load_dtd=False,
                    dtd_validation=False,
                    huge_tree=False,
                    remove_comments=True,
                    remove_pis=True,
                ):
                    if event == "start":
                        if not path:
                            self._check_doctype(file, element)
                        path.append(_local(str(element.tag)))
                        if len(path) > _MAX_DEPTH:
                            raise BadInputError(f"{file.name}: nested more than {_MAX_DEPTH} levels deep")
                    yield event, element, path
                    if event == "end":
                        path.pop()
            except (etree.XMLSyntaxError, UnicodeDecodeError, LookupError) as error:
                raise BadInputError(f"{file.name}: not valid XML: {error or 'it ends too early'}") from error

    def _check_doctype(self, file: Input, root: etree._Element) -> None:
        declared = root.getroottree().docinfo.internalDTD
        if declared is None:
            return
        if declared.entities():  # type: ignore[attr-defined] # (the stubs lack it)
            raise BadInputError(f"{file.name}: it declares entities, which are not read; save it without them")
        if not self._doctype:
            raise BadInputError(
                f"{file.name}: it has a document type declaration, which this format does not; remove it"
            )


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _place(where: str) -> tuple[list[str], str]:
    steps = where.split("/")
    return (steps[:-1], steps[-1][1:]) if steps[-1].startswith("@") else (steps, "")


def _told(
    event: str, element: etree._Element, path: list[str], places: Mapping[str, tuple[list[str], str]]
) -> dict[str, str]:
    """Return what an element says for the header: its attributes when it begins, its text when it ends."""
    return {
        name: _value(element, attribute)
        for name, (steps, attribute) in places.items()
        if steps == path and event == ("start" if attribute else "end")
    }


def _value(element: etree._Element, attribute: str) -> str:
    return (element.get(attribute) or "") if attribute else "".join(map(str, element.itertext())).strip()


def _node(element: etree._Element) -> Node:
    content: list[Node | str] = [element.text] if element.text else []
    for child in element:
        if isinstance(child.tag, str):
            content.append(_node(child))
        if child.tail:
            content.append(child.tail)
    return Node(_local(str(element.tag)), {_local(str(k)): str(v) for k, v in element.attrib.items()}, content)


def _forget(element: etree._Element) -> None:
    """Free an element that was read, and what stood before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]
