"""One JSON value a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from treatkg.errors import BadInputError, LimitError
from treatkg.loading.inputs import Input
from treatkg.loading.items import Record

_LONGEST = 64 * 1024 * 1024


class JsonLinesReader:
    """Records of a file with one JSON value a line; blank lines are nothing, numbers with a point are Decimal.

    Args:
        inside: the key that holds the record, where a dump wraps it ("_source").
        file_name: whether the header of each record says the name of the file, as `file`.
    """

    def __init__(self, inside: str = "", *, file_name: bool = False) -> None:
        self._inside, self._file_name = inside, file_name

    def recognises(self, file: Input, marks: Mapping[str, Any]) -> bool:
        """Marks: `keys`, that the first record has; `absent`, that it has not."""
        try:
            first = next(self.records(file), None)
        except (BadInputError, LimitError):
            return False
        if first is None or not isinstance(first.data, dict):
            return False
        return set(marks.get("keys", ())) <= first.data.keys() and not set(marks.get("absent", ())) & first.data.keys()

    def version(self, file: Input, where: str) -> str:
        """Return a value of the first record."""
        first = next(self.records(file), None)
        return str(first.data.get(where, "")) if first else ""

    def records(self, file: Input) -> Iterator[Record]:
        """Return each record with its line."""
        header = {"file": file.short_name} if self._file_name else {}
        with file.open() as stream:
            for number, line in enumerate(iter(lambda: stream.readline(_LONGEST + 1), b""), start=1):
                if len(line) > _LONGEST:
                    raise LimitError(f"{file.name}:{number}: a line of more than {_LONGEST:,} bytes")
                if not line.strip():
                    continue
                try:
                    data = _loads(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)
                except (ValueError, RecursionError, InvalidOperation) as error:
                    raise BadInputError(f"{file.name}:{number}: not valid JSON: {error}") from error
                if self._inside and isinstance(data, dict) and self._inside in data:
                    data = data[self._inside]
                yield Record(data, f"line {number}", header)


def _loads(line: bytes) -> Any:  # noqa: ANN401 (JSON)
    # As text of one encoding: json.loads would also guess UTF-16 from the bytes.
    data = json.loads(line.decode(), parse_float=Decimal, parse_constant=_no_number)
    return _without_halves(data) if b"\\ud" in line.lower() else data


def _without_halves(value: Any) -> Any:  # noqa: ANN401 (JSON)
    """Replace halves of surrogate pairs, which JSON can name and no encoding can write."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_without_halves(one) for one in value]
    if isinstance(value, dict):
        return {_without_halves(key): _without_halves(one) for key, one in value.items()}
    return value


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
