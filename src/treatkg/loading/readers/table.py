"""Delimited text with a header line: TSV, CSV and their kin, every cell as text."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from treatkg.errors import BadInputError, LimitError
from treatkg.loading.inputs import Input
from treatkg.loading.items import Record

_LARGEST_CELL = 16 * 1024 * 1024


class TableReader:
    """Rows of a delimited file as dicts, with the lines that they begin at.

    Args:
        separator: between cells.
        quote: the quoting character; empty where the format has none.
        encoding: of the file; an opening byte-order mark is dropped.
        comment: begins the lines before the header which are no data; where `yaml_head` is set, they are YAML.
        yaml_head: whether those lines are YAML, given to each record as its header.
        columns: their names, where the file has no header line.
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
    ) -> None:
        self._dialect: dict[str, Any] = {"delimiter": separator, "strict": True}
        self._dialect |= {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}
        self._encoding = "utf-8-sig" if encoding == "utf-8" else encoding
        self._comment = comment
        self._columns = list(columns)
        self._yaml_head = yaml_head

    def recognises(self, file: Input, marks: Mapping[str, Any]) -> bool:
        """Marks: `columns`, that the header has; `absent`, that it has not."""
        try:
            with file.open() as stream:
                columns, _, _ = self._head(self._lines(file, stream), file)
        except (BadInputError, LimitError):
            return False
        return set(marks.get("columns", ())) <= set(columns) and not set(marks.get("absent", ())) & set(columns)

    def version(self, file: Input, where: str) -> str:
        """Return a value of the YAML head."""
        with file.open() as stream:
            _, header, _ = self._head(self._lines(file, stream), file)
        return str(header.get(where, "") or "")

    def records(self, file: Input) -> Iterator[Record]:
        """Return each row as column -> text; an empty cell is an empty text."""
        csv.field_size_limit(_LARGEST_CELL)
        with file.open() as stream:
            lines = self._lines(file, stream)
            columns, header, skipped = self._head(lines, file)
            rows = csv.reader(lines, **self._dialect)
            begin = skipped + 1
            try:
                for row in rows:
                    if row and len(row) != len(columns):
                        raise BadInputError(f"{file.name}:{begin}: {len(row)} cells under {len(columns)} columns")
                    if row:
                        yield Record(dict(zip(columns, row, strict=True)), f"line {begin}", header)
                    begin = skipped + rows.line_num + 1
            except csv.Error as error:
                raise BadInputError(f"{file.name}:{skipped + rows.line_num}: not a sound table: {error}") from error

    def _lines(self, file: Input, stream: Any) -> Iterator[str]:  # noqa: ANN401 (a binary stream)
        buffered = io.BufferedReader(stream)
        text = io.TextIOWrapper(buffered, encoding=self._encoding, newline="")
        number = 0
        try:
            while line := text.readline(_LARGEST_CELL + 1):
                number += 1
                if len(line) > _LARGEST_CELL:
                    raise LimitError(f"{file.name}:{number}: a line of more than {_LARGEST_CELL:,} characters")
                if "\0" in line:
                    raise BadInputError(f"{file.name}:{number}: a NUL character: this is no text table")
                yield line
        except UnicodeDecodeError as error:
            raise BadInputError(f"{file.name}:{number + 1}: not {self._encoding}: {error.reason}") from error
        finally:
            # Whoever opened the stream closes it; a wrapper that goes before would close it with a warning.
            if not stream.closed:
                text.detach()
                buffered.detach()

    def _head(self, lines: Iterator[str], file: Input) -> tuple[list[str], dict[str, Any], int]:
        """Read up to the header: its columns, what the comments say, and how many lines that were."""
        if self._columns:
            return self._columns, {}, 0
        comments: list[str] = []
        for number, line in enumerate(lines, start=1):
            if self._comment and line.startswith(self._comment):
                comments.append(line.removeprefix(self._comment))
                continue
            rows = csv.reader(itertools.chain([line], lines), **self._dialect)
            try:
                columns = next(rows)
            except csv.Error as error:
                raise BadInputError(f"{file.name}:{number}: not a sound header: {error}") from error
            if len(set(columns)) != len(columns):
                raise BadInputError(f"{file.name}:{number}: a column stands twice in the header")
            return columns, self._comments(file, comments), number + rows.line_num - 1
        raise BadInputError(f"{file.name}: no header line")

    def _comments(self, file: Input, comments: list[str]) -> dict[str, Any]:
        if not self._yaml_head or not comments:
            return {}
        try:
            head = yaml.load("".join(comments), Loader=yaml.CSafeLoader)
        except yaml.YAMLError as error:
            raise BadInputError(f"{file.name}: the head is not valid YAML: {error}") from error
        return head if isinstance(head, dict) else {}
