"""Delimited text with a header line: TSV, CSV and their kin, every cell as text."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from treatkg.errors import BadInputError, LimitError
from treatkg.loading.inputs import Input
from treatkg.loading.items import Record

_LARGEST_CELL = 16 * 1024 * 1024
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class _Table:
    """A table whose header is read: the rows that follow begin after line `skipped` of the file, plus theirs."""

    columns: list[str]
    comments: str
    rows: Any  # a csv.reader, whose type the library does not name
    skipped: int

    def next_line(self) -> int:
        return self.skipped + int(self.rows.line_num) + 1


class TableReader:
    """Rows of a delimited file as dicts, with the lines that they begin at.

    Args:
        separator: between cells.
        quote: the quoting character; empty where the format has none.
        encoding: of the file; an opening byte-order mark is dropped, and one of UTF-16 counts for more than "utf-8".
        comment: begins the lines before the header which are no data; where `yaml_head` is set, they are YAML.
        yaml_head: whether those lines are YAML, given to each record as its header, all scalars as text.
        columns: their names, where the file has no header line.
        short_rows: whether the format leaves out empty cells at the end of a row; "ended": of one with a line break,
            without which the file may have been cut short there.
        file_name: whether the header of each record also says the name of the file, as `file`.
    """

    def __init__(
        self,
        separator: str = "\t",
        quote: str = "",
        encoding: str = "utf-8",
        comment: str = "",
        columns: Sequence[str] = (),
        *,
        yaml_head: bool = False,
        short_rows: bool | str = False,
        file_name: bool = False,
    ) -> None:
        self._dialect: dict[str, Any] = {"delimiter": separator, "strict": True}
        self._dialect |= {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}
        self._encoding = "utf-8-sig" if encoding == "utf-8" else encoding
        self._comment = comment
        self._columns = list(columns)
        self._yaml_head, self._short_rows, self._file_name = yaml_head, short_rows, file_name

    def recognises(self, file: Input, marks: Mapping[str, Any]) -> bool:
        """Marks: `columns`, that the header has; `absent`, that it has not."""
        try:
            with file.open() as stream:
                columns = set(self._table(file, self._lines(file, stream)).columns)
        except (BadInputError, LimitError):
            return False
        return set(marks.get("columns", ())) <= columns and not set(marks.get("absent", ())) & columns

    def version(self, file: Input, where: str) -> str:
        """Return a value of the YAML head; of several keys in `where`, the first that has one."""
        with file.open() as stream:
            header = self._header(file, self._table(file, self._lines(file, stream)).comments)
        return next((str(header[key]) for key in where.split() if header.get(key)), "")

    def records(self, file: Input) -> Iterator[Record]:
        """Return each row as column -> text; an empty cell is an empty text."""
        with file.open() as stream:
            cut: list[bool] = []
            table = self._table(file, self._lines(file, stream, cut))
            header = self._header(file, table.comments)
            begin = table.next_line()
            try:
                for row in table.rows:
                    if row:
                        short = bool(self._short_rows) and not (cut and self._short_rows == "ended")
                        yield Record(_cells(file, table.columns, row, begin, short=short), f"line {begin}", header)
                    begin = table.next_line()
            except csv.Error as error:
                raise BadInputError(f"{file.name}:{begin}: not a sound table: {error}") from error

    def _lines(self, file: Input, stream: Any, cut: list[bool] | None = None) -> Iterator[str]:  # noqa: ANN401 (binary)
        """Return the lines; `cut` is told of a last one without a line break, where a file may have been cut short."""
        buffered = io.BufferedReader(stream)
        wide = self._encoding == "utf-8-sig" and buffered.peek(2)[:2] in _UTF16
        text = io.TextIOWrapper(buffered, encoding="utf-16" if wide else self._encoding, newline="")
        number = 0
        try:
            while line := text.readline(_LARGEST_CELL + 1):
                number += 1
                if len(line) > _LARGEST_CELL:
                    raise LimitError(f"{file.name}:{number}: a line of more than {_LARGEST_CELL:,} characters")
                if "\0" in line:
                    raise BadInputError(f"{file.name}:{number}: a NUL character: this is no text table")
                if cut is not None and not line.endswith(("\n", "\r")):
                    cut.append(True)
                yield line
        except UnicodeError as error:
            reason = getattr(error, "reason", error)
            raise BadInputError(f"{file.name}:{number + 1}: not {self._encoding}: {reason}") from error
        finally:
            # Whoever opened the stream closes it; a wrapper that goes before would close it with a warning.
            if not stream.closed:
                text.detach()
                buffered.detach()

    def _table(self, file: Input, lines: Iterator[str]) -> _Table:
        """Read up to the header: its columns, what the comments say, and how many lines that were."""
        csv.field_size_limit(_LARGEST_CELL)
        if self._columns:
            return _Table(self._columns, "", csv.reader(lines, **self._dialect), 0)
        comments = io.StringIO()
        for number, line in enumerate(lines, start=1):
            if self._comment and line.startswith(self._comment):
                comments.write(line.removeprefix(self._comment))
                if comments.tell() > _LARGEST_CELL:
                    raise LimitError(f"{file.name}:{number}: a head of more than {_LARGEST_CELL:,} characters")
                continue
            if not line.strip():
                continue
            rows = csv.reader(itertools.chain([line], lines), **self._dialect)
            try:
                columns = [name.strip() for name in next(rows)]
            except csv.Error as error:
                raise BadInputError(f"{file.name}:{number}: not a sound header: {error}") from error
            if len(set(columns)) != len(columns):
                raise BadInputError(f"{file.name}:{number}: a column stands twice in the header")
            return _Table(columns, comments.getvalue(), rows, number - 1)
        raise BadInputError(f"{file.name}: no header line")

    def _header(self, file: Input, comments: str) -> dict[str, Any]:
        header: object = None
        if self._yaml_head and comments.strip():
            try:
                # Without types: a prefix "no" is no boolean, and a version 1.10 no number.
                header = yaml.load(comments, Loader=yaml.CBaseLoader)  # noqa: S506 (it makes texts only)
            except (yaml.YAMLError, RecursionError, ValueError) as error:
                raise BadInputError(f"{file.name}: the head is not valid YAML: {error}") from error
            if not isinstance(header, dict):
                raise BadInputError(f"{file.name}: the head is not YAML of keys and values")
        own = {"file": file.short_name} if self._file_name else {}
        return {**(header if isinstance(header, dict) else {}), **own}


def _cells(file: Input, columns: list[str], row: list[str], line: int, *, short: bool) -> dict[str, str]:
    missing = len(columns) - len(row)
    if missing < 0 or (missing and not short):
        raise BadInputError(f"{file.name}:{line}: {len(row)} cells under {len(columns)} columns")
    return dict(zip(columns, row + [""] * missing, strict=True))
