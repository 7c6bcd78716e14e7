"""JSON of any size, read as a stream (ijson)."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from typing import Any

import ijson

from treatkg.errors import BadInputError
from treatkg.loading.inputs import Input
from treatkg.loading.items import Record

_HEAD_EVENTS = 20_000
_MAX_DEPTH = 128
_OPENS = {"start_map", "start_array"}
_CLOSES = {"end_map", "end_array"}
_WHOLE = "whole"
_STRUCTURE = _OPENS | _CLOSES | {_WHOLE}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# What ijson raises besides its own errors: bytes that are no UTF-8, numbers that Python's types do not hold.
_UNREADABLE = (ijson.JSONError, ValueError, ArithmeticError, SystemError)
_Event = tuple[str, Any]


class JsonReader:
    """Records of a JSON document; numbers with a point are Decimal, and of a key that stands twice the last counts.

    Args:
        records: where they stand, in ijson's notation ("results.item", "item", "" for the document itself); or several
            with the kind of record that each gives ({"node": "graphs.item.nodes.item", ...}).
        header: name -> place of what the file says of itself once and before its records ("meta.last_updated").
        header_first: whether the header may also stand after the records: then the file is read through for it before.
        file_name: whether the header also says the name of the file, as `file`.
    """

    def __init__(
        self,
        records: str | Mapping[str, str] = "",
        header: Mapping[str, str] | None = None,
        *,
        header_first: bool = False,
        file_name: bool = False,
    ) -> None:
        self._kinds = {records: ""} if isinstance(records, str) else {path: kind for kind, path in records.items()}
        self._header = dict(header or {})
        self._header_first, self._file_name = header_first, file_name

    def recognises(self, file: Input, marks: Mapping[str, Any]) -> bool:
        """Marks: `paths`, places that all occur within the beginning of the file; `absent`, places that must not."""
        wanted, unwanted = set(marks.get("paths", ())), set(marks.get("absent", ()))
        seen = set()
        try:
            for count, (path, event, _) in enumerate(_walk(_events(file))):
                if event not in _CLOSES:
                    seen.add(path)
                if seen & unwanted or (not unwanted and wanted <= seen) or count > _HEAD_EVENTS:
                    break
        except BadInputError:
            pass
        return bool(seen) and wanted <= seen and not seen & unwanted

    def version(self, file: Input, where: str) -> str:
        """Return the first value at a place."""
        walk = _walk(_events(file))
        values = (value for path, event, value in walk if path == where and event in {"string", "number"})
        return str(next(values, ""))

    def records(self, file: Input) -> Iterator[Record]:
        """Return each record with its place, such as results[3].

        Raises:
            BadInputError: the file is not valid JSON, ends too early, or is nested too deep.
        """
        header: dict[str, Any] = {name: self.version(file, self._header[name]) for name in self._ahead()}
        if self._file_name:
            header["file"] = file.short_name
        names = {place: name for name, place in self._header.items()}
        counts = dict.fromkeys(self._kinds, 0)
        for path, event, value in _walk(_events(file), self._kinds):
            if path in names and event not in _STRUCTURE and not self._header_first:
                header[names[path]] = value
            if event == _WHOLE:
                yield Record(value, _place(path, counts[path]), header, self._kinds[path])
                counts[path] += 1

    def _ahead(self) -> Iterable[str]:
        return self._header if self._header_first else ()


def _place(path: str, number: int) -> str:
    if not path.endswith("item"):
        return path
    return f"{path.removesuffix('item').removesuffix('.')}[{number}]"


def _walk(events: Iterator[_Event], whole: Container[str] = ()) -> Iterator[tuple[str, str, Any]]:
    """Add to each event its place; a value at one of the places `whole` comes as one event, with its content."""
    above: list[tuple[str, str]] = []
    here, following = "", ""
    for event, value in events:
        if event == "map_key":
            following = f"{here}.{value}" if here else value
        elif event in _CLOSES:
            yield here, event, value
            here, following = above.pop()
        elif following in whole:
            yield following, _WHOLE, _built(events, event, value)
        else:
            yield following, event, value
            if event in _OPENS:
                above.append((here, following))
                here = following
                following = (f"{here}.item" if here else "item") if event == "start_array" else here


def _built(events: Iterator[_Event], event: str, value: Any) -> Any:  # noqa: ANN401 (JSON)
    """Return the value that begins with an event, and take the rest of it from the events."""
    if event not in _OPENS:
        return value
    inside: Any = {} if event == "start_map" else []
    above: list[tuple[Any, str]] = []
    root, key = inside, ""
    for event, value in events:  # noqa: PLR1704 (the next one)
        if event == "map_key":
            key = value
            continue
        if event in _CLOSES:
            if not above:
                break
            inside, key = above.pop()
            continue
        new = value if event not in _OPENS else {} if event == "start_map" else []
        if type(inside) is dict:
            inside[key] = new
        else:
            inside.append(new)
        if event in _OPENS:
            above.append((inside, key))
            inside = new
    return root


def _events(file: Input) -> Iterator[_Event]:
    """Return the events of a file's JSON, checked for depth."""
    depth = 0
    with file.open() as stream:
        try:
            for event in ijson.basic_parse(_WithoutMark(stream.read)):
                if event[0] in _OPENS:
                    depth += 1
                    if depth > _MAX_DEPTH:
                        raise BadInputError(f"{file.name}: nested more than {_MAX_DEPTH} levels deep")
                elif event[0] in _CLOSES:
                    depth -= 1
                yield event
        except _UNREADABLE as error:
            raise BadInputError(f"{file.name}: not valid JSON: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    """Return what is wrong, without the excerpt that ijson draws below."""
    lines = str(error).strip("b'").replace("\\n", "\n").splitlines()
    return lines[0].strip() if lines else "it ends too early"


class _WithoutMark:
    """A stream without the byte-order mark that some programs write before JSON."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read, self._first = read, True

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes (all, if it is negative)."""
        if not self._first or size == 0:
            return self._read(size)
        self._first = False
        block = b""
        while len(block) < len(_BYTE_ORDER_MARK) and (more := self._read(size)):
            block += more
        return block.removeprefix(_BYTE_ORDER_MARK) or self._read(size)
