"""JSON of any size, read as a stream (ijson)."""

from __future__ import annotations

import contextlib
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
_DIGITS = 1400
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# What ijson raises besides its own errors: bytes that are no UTF-8, numbers that Python's types do not hold.
_UNREADABLE = (ijson.JSONError, ValueError, ArithmeticError)
_Event = tuple[str, Any]


class _TooDeepError(Exception):
    """The values are nested deeper than any real source nests them."""


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
            with _events(file) as events:
                for count, (path, event, _) in enumerate(_walk(events)):
                    if event not in _CLOSES:
                        seen.add(path)
                    if seen & unwanted or (not unwanted and wanted <= seen) or count > _HEAD_EVENTS:
                        break
                    if count == 0 and event == "start_array" and not all(map(_in_array, wanted)):
                        return False
        except BadInputError:
            pass
        return bool(seen) and wanted <= seen and not seen & unwanted

    def version(self, file: Input, where: str) -> str:
        """Return the first value at a place."""
        with _events(file) as events:
            found = (value for path, event, value in _walk(events) if path == where and event in {"string", "number"})
            return str(next(found, ""))

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
        with _events(file) as events:
            for path, event, value in _walk(events, self._kinds):
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


def _in_array(path: str) -> bool:
    return path in {"", "item"} or path.startswith("item.")


@contextlib.contextmanager
def _events(file: Input) -> Iterator[Iterator[_Event]]:
    """Give the events of a file's JSON, and say of what goes wrong with them that the file is not valid."""
    with file.open() as stream:
        try:
            yield ijson.basic_parse(_Checked(stream.read))
        except _TooDeepError as error:
            raise BadInputError(f"{file.name}: nested more than {_MAX_DEPTH} levels deep") from error
        except _UNREADABLE as error:
            raise BadInputError(f"{file.name}: not valid JSON: {_first_line(error)}") from error


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
            yield following, _WHOLE, _built(events, event, value, len(above))
        else:
            yield following, event, value
            if event in _OPENS:
                above.append((here, following))
                if len(above) > _MAX_DEPTH:
                    raise _TooDeepError
                here = following
                following = (f"{here}.item" if here else "item") if event == "start_array" else here


def _built(events: Iterator[_Event], event: str, value: Any, depth: int) -> Any:  # noqa: ANN401 (JSON)
    """Return the value that begins with an event at a depth, and take the rest of it from the events."""
    if event not in _OPENS:
        return value
    root: Any = {} if event == "start_map" else []
    inside, key = root, ""
    above: list[Any] = []
    for event, value in events:  # noqa: PLR1704 (the next one)
        if event == "map_key":
            key = value
        elif event in _CLOSES:
            if not above:
                break
            inside = above.pop()
        else:
            opens = event in _OPENS
            new = value if not opens else {} if event == "start_map" else []
            if type(inside) is dict:
                inside[key] = new
            else:
                inside.append(new)
            if opens:
                above.append(inside)
                if len(above) + depth >= _MAX_DEPTH:
                    raise _TooDeepError
                inside = new
    return root


def _first_line(error: BaseException) -> str:
    """Return what is wrong, without the excerpt that ijson draws below."""
    lines = str(error).strip("b'").replace("\\n", "\n").splitlines()
    return lines[0].strip() if lines else "it ends too early"


class _Checked:
    """A stream without the byte-order mark that some programs write before JSON, and without endless numbers.

    yajl crashes the process on an integer that Python refuses to make of text (more than 4,300 digits), so it must not
    see one.
    """

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read, self._first, self._tail = read, True, b""

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes (all, if it is negative)."""
        block = self._without_mark(size) if self._first and size else self._read(size)
        # Any three windows of digits in a row hold a whole one, wherever the blocks begin.
        text = self._tail + block
        for start in range(0, len(text) - _DIGITS + 1, _DIGITS):
            if text[start : start + _DIGITS].isdigit():
                raise ValueError(f"a number of more than {_DIGITS:,} digits")
        self._tail = text[-2 * _DIGITS :]
        return block

    def _without_mark(self, size: int) -> bytes:
        self._first = False
        block = b""
        while len(block) < len(_BYTE_ORDER_MARK) and (more := self._read(size)):
            block += more
        return block.removeprefix(_BYTE_ORDER_MARK) or self._read(size)
