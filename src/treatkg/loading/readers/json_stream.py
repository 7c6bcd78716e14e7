"""JSON of any size, read as a stream (ijson)."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

import ijson

from treatkg.errors import BadInputError
from treatkg.loading.inputs import Input
from treatkg.loading.items import Record

_HEAD_EVENTS = 20_000
_MAX_DEPTH = 128
_OPENS = {"start_map", "start_array"}
_CLOSES = {"end_map", "end_array"}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class JsonReader:
    """Records of a JSON document.

    Args:
        records: where they stand, in ijson's notation ("results.item", "item", "" for the document itself); or several
            with the kind of record that each gives ({"node": "graphs.item.nodes.item", ...}).
        header: name -> place of what the file says of itself once and before its records ("meta.last_updated").
    """

    def __init__(self, records: str | Mapping[str, str] = "", header: Mapping[str, str] | None = None) -> None:
        self._kinds = {records: ""} if isinstance(records, str) else {path: kind for kind, path in records.items()}
        self._header = dict(header or {})

    def recognises(self, file: Input, marks: Mapping[str, Any]) -> bool:
        """Marks: `paths`, places that all occur within the beginning of the file; `absent`, places that must not."""
        wanted, unwanted = set(marks.get("paths", ())), set(marks.get("absent", ()))
        seen = set()
        try:
            for count, (path, event, _) in enumerate(_events(file)):
                if event not in _CLOSES and event != "map_key":
                    seen.add(path)
                if seen & unwanted or (not unwanted and wanted <= seen) or count > _HEAD_EVENTS:
                    break
        except BadInputError:
            pass
        return bool(seen) and wanted <= seen and not seen & unwanted

    def version(self, file: Input, where: str) -> str:
        """Return the first value at a place."""
        values = (value for path, event, value in _events(file) if path == where and event in {"string", "number"})
        return str(next(values, ""))

    def records(self, file: Input) -> Iterator[Record]:
        """Return each record with its place, such as results[3]."""
        header: dict[str, Any] = {}
        names = {place: name for name, place in self._header.items()}
        counts = dict.fromkeys(self._kinds, 0)
        builder: ijson.ObjectBuilder | None = None
        current, depth = "", 0
        for path, event, value in _events(file):
            if builder is None and path in names and event not in _OPENS | _CLOSES | {"map_key"}:
                header[names[path]] = value
            if builder is None and path in self._kinds and event not in _CLOSES | {"map_key"}:
                builder, current, depth = ijson.ObjectBuilder(), path, 0
            if builder is None:
                continue
            builder.event(event, value)
            depth += (event in _OPENS) - (event in _CLOSES)
            if depth == 0:
                yield Record(builder.value, _place(current, counts[current]), header, self._kinds[current])
                counts[current] += 1
                builder = None


def _place(path: str, number: int) -> str:
    if not path.endswith("item"):
        return path
    return f"{path.removesuffix('item').removesuffix('.')}[{number}]"


def _events(file: Input) -> Iterator[tuple[str, str, Any]]:
    depth = 0
    with file.open() as stream:
        try:
            for path, event, value in ijson.parse(_WithoutMark(stream.read)):
                depth += (event in _OPENS) - (event in _CLOSES)
                if depth > _MAX_DEPTH:
                    raise BadInputError(f"{file.name}: nested more than {_MAX_DEPTH} levels deep")
                yield path, event, value
        except (ijson.JSONError, UnicodeDecodeError, ValueError) as error:
            raise BadInputError(f"{file.name}: not valid JSON: {error or 'it ends too early'}") from error


class _WithoutMark(io.RawIOBase):
    """A stream without the byte-order mark that some programs write before JSON."""

    def __init__(self, read: Any) -> None:  # noqa: ANN401 (a read function)
        self._read, self._first = read, True

    def read(self, size: int = -1) -> bytes:
        block: bytes = self._read(size)
        if self._first and block:
            self._first = False
            return block.removeprefix(_BYTE_ORDER_MARK) or bytes(self._read(size))
        return block
