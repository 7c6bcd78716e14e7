"""YAML of any size, read as a stream of events and put together record by record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import yaml

from treatkg.errors import BadInputError, LimitError
from treatkg.loading.inputs import Input
from treatkg.loading.items import Record

_MAX_DEPTH = 128
_LARGEST_RECORD = 64 * 1024 * 1024
_NULL = re.compile(r"|~|null|Null|NULL")
_PLAIN_TAGS = {None, "!", *(f"tag:yaml.org,2002:{name}" for name in ("str", "seq", "map"))}


class YamlReader:
    """Records of a YAML file: the items of its list, or its one mapping; of each document, where it holds several.

    Scalars stay as they are written ("1.10", "NO", "2020-01-01", "012"): YAML would make numbers, booleans and dates
    of identifiers. Only what is left empty, and an unquoted null, is None. Aliases and anchors (which can stand for
    endless data), tags, and keys that stand twice are refused.
    """

    def recognises(self, file: Input, marks: Mapping[str, Any]) -> bool:
        """Marks: `keys`, that the first record has ("graph.id": within another); `absent`, that it has not."""
        try:
            first = next(self.records(file), None)
        except (BadInputError, LimitError):
            return False
        if first is None or not isinstance(first.data, dict):
            return False
        has = {key: _at(first.data, key) is not _MISSING for key in (*marks.get("keys", ()), *marks.get("absent", ()))}
        return all(has[key] for key in marks.get("keys", ())) and not any(has[key] for key in marks.get("absent", ()))

    def version(self, file: Input, where: str) -> str:
        """Return a value of the first record, with dots for keys within."""
        first = next(self.records(file), None)
        value = _at(first.data, where) if first else ""
        return value if isinstance(value, str) else ""

    def records(self, file: Input) -> Iterator[Record]:
        """Return each record with the line that it begins at.

        Raises:
            BadInputError: not valid YAML, neither a list nor a mapping, or something that is refused; with the line.
            LimitError: a record is too large.
        """
        with file.open() as stream:
            try:
                yield from _records(file.name, _Counted(stream, file.name))
            except yaml.YAMLError as error:
                raise BadInputError(f"{file.name}{_wrong(error)}") from error


_MISSING = object()


def _at(data: Any, place: str) -> Any:  # noqa: ANN401 (YAML)
    for key in place.split("."):
        data = data.get(key, _MISSING) if isinstance(data, dict) else _MISSING
    return data


class _Counted:
    """A stream that is not read far beyond the event that was last given, however long a scalar is."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream, self._name, self.since = stream, name, 0

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(size)
        self.since += len(block)
        if self.since > _LARGEST_RECORD:
            raise LimitError(f"{self._name}: a record of more than {_LARGEST_RECORD:,} bytes")
        return block


class _Node:
    """A list or mapping that is being filled, or a scalar."""

    __slots__ = ("_key", "_name", "line", "value")

    def __init__(self, name: str, line: int, value: Any) -> None:  # noqa: ANN401 (YAML)
        self._name, self.line, self.value = name, line, value
        self._key: str | None = None

    def add(self, node: _Node) -> None:
        """Add an item of the list, or the next key or value of the mapping."""
        if isinstance(self.value, list):
            self.value.append(node.value)
        elif self._key is not None:
            self.value[self._key], self._key = node.value, None
        elif not isinstance(node.value, str):
            raise BadInputError(f"{self._name}:{node.line}: a key that is no text")
        elif node.value in self.value:
            raise BadInputError(f'{self._name}:{node.line}: the key "{node.value[:80]}" stands twice')
        else:
            self._key = node.value


def _records(name: str, stream: _Counted) -> Iterator[Record]:
    """Follow the events, and give each record when it is closed."""
    above: list[_Node] = []
    listed = False
    for event in yaml.parse(stream, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.DocumentStartEvent):
            listed = False
        if not isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
            continue
        line = event.start_mark.line + 1 if event.start_mark else 0
        _check(name, line, event, len(above) + listed)
        if not above and isinstance(event, yaml.SequenceStartEvent) and not listed:
            listed = True  # the list of the records, which is no part of any
            continue
        if not above and isinstance(event, yaml.SequenceEndEvent):
            continue
        if isinstance(event, yaml.CollectionStartEvent):
            above.append(_Node(name, line, {} if isinstance(event, yaml.MappingStartEvent) else []))
            continue
        done = _Node(name, line, _scalar(event)) if isinstance(event, yaml.ScalarEvent) else above.pop()
        if above:
            above[-1].add(done)
        elif listed or done.value is not None:  # a document may be empty
            stream.since = 0
            yield Record(done.value, f"line {done.line}")


def _check(name: str, line: int, event: yaml.Event, depth: int) -> None:
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        raise BadInputError(f"{name}:{line}: an anchor or alias, which is not read; write the value itself")
    if (tag := getattr(event, "tag", None)) not in _PLAIN_TAGS:
        raise BadInputError(f"{name}:{line}: the tag {tag}, which is not read")
    if isinstance(event, yaml.ScalarEvent) and not depth and _scalar(event) is not None:
        raise BadInputError(f"{name}:{line}: neither a list nor keys and values")
    if depth > _MAX_DEPTH:
        raise BadInputError(f"{name}:{line}: nested more than {_MAX_DEPTH} levels deep")


def _scalar(event: yaml.ScalarEvent) -> str | None:
    text = str(event.value)
    return None if event.implicit[0] and _NULL.fullmatch(text) else text


def _wrong(error: yaml.YAMLError) -> str:
    """Return where and what is wrong, in one line."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f":{error.problem_mark.line + 1}: not valid YAML: {error.problem or error.context}"
    return f": not valid YAML: {' '.join(str(error).split())}"
