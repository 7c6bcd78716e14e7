"""A dump of a relational database: delimited tables in one zip archive, given back as one record for each key.

The rows of all tables are put into a temporary SQLite database on disk and read in the order of the key, so that
memory stays flat and the order of rows in the files does not matter.
"""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any

from treatkg.errors import BadInputError, LimitError, TreatKGError
from treatkg.loading import inputs
from treatkg.loading.inputs import Input
from treatkg.loading.items import Record

_LONGEST_ROW = 16 * 1024 * 1024
_MOST_LOOKUPS = 10_000
_BROKEN_SHARE, _BROKEN_ALLOWED = 0.01, 100
_UNSET_YEAR = 1980

Row = dict[str, str]


@dataclass(frozen=True)
class _Line:
    """A row of a table: its cells, or what is wrong with it."""

    number: int
    cells: Sequence[str]
    problem: str = ""


class TablesReader:
    """Records of a zip archive of tables that share a key column: `{table: [row, ...]}`, a row being column -> text.

    Cells are stripped of outer blanks (databases pad them); an id stays text, with its leading zeros. There is no
    quoting. A row with more cells than the header has columns is taken if the surplus is empty. A row with fewer is
    continued by the next lines, as a line break within a cell leaves it, while the cells fit the columns. Any other row
    is broken: it comes as a record of kind "broken" ({"table", "problem"}), and a table with many of them is refused.

    Args:
        key: the column that all tables have.
        main: the table that has one row for each key, given first.
        tables: name -> name of its file in the archive (in any folder, in any case).
        lookups: name -> {file, key, value}: small tables, given as header: name -> {cell of `key`: cell of `value`}.
        separator: between cells.
        encodings: tried on each line in this order.
    """

    def __init__(
        self,
        key: str,
        main: str,
        tables: Mapping[str, str],
        lookups: Mapping[str, Mapping[str, str]] | None = None,
        separator: str = "\t",
        encodings: Sequence[str] = ("utf-8", "cp1252"),
    ) -> None:
        self._key, self._main, self._separator, self._encodings = key, main, separator, tuple(encodings)
        self._tables = dict(tables)
        self._lookups = dict(lookups or {})

    def recognises(self, file: Input, marks: Mapping[str, Any]) -> bool:
        """Marks: `columns`, table -> columns that its header has."""
        try:
            found = _by_name(file)
            return all(
                set(columns) <= set(self._columns(_member(file, found, self._tables[table])))
                for table, columns in marks.get("columns", {}).items()
            )
        except TreatKGError:
            return False

    def version(self, file: Input, where: str) -> str:
        """Return, for "modified", the day of the newest table in the archive."""
        if where != "modified":
            return ""
        names = {member.member for member in _by_name(file).values()}
        with zipfile.ZipFile(file.path) as archive:
            days = [entry.date_time[:3] for entry in archive.infolist() if entry.filename in names]
        year, month, day = max(days, default=(_UNSET_YEAR, 1, 1))
        return f"{year:04}-{month:02}-{day:02}" if year > _UNSET_YEAR else ""

    def records(self, file: Input) -> Iterator[Record]:
        """Return one record for each key of any table, in the order of the keys, then the broken rows."""
        found = _by_name(file)
        header: dict[str, Any] = {"modified": self.version(file, "modified")}
        for name, lookup in self._lookups.items():
            header[name] = self._lookup(_member(file, found, lookup["file"]), lookup["key"], lookup["value"])
        members = {name: _member(file, found, wanted) for name, wanted in self._tables.items()}
        # A database without a name is a file that SQLite makes and takes away itself.
        with closing(sqlite3.connect("", isolation_level=None)) as database:
            database.execute("PRAGMA journal_mode = OFF")
            database.execute("CREATE TABLE row (key TEXT, place INTEGER, line INTEGER, cells TEXT)")
            database.execute("CREATE TABLE broken (place INTEGER, line INTEGER, problem TEXT)")
            columns = [self._fill(database, place, member) for place, member in enumerate(members.values())]
            database.execute("CREATE INDEX by_key ON row (key, place, line)")
            yield from self._grouped(database, columns, header)
            names = list(members)
            for place, line, problem in database.execute("SELECT place, line, problem FROM broken ORDER BY 1, 2"):
                where = f"{members[names[place]].member}:{line}"
                yield Record({"table": names[place], "problem": problem}, where, header, "broken")

    def _grouped(
        self, database: sqlite3.Connection, columns: Sequence[Sequence[str]], header: Mapping[str, Any]
    ) -> Iterator[Record]:
        names = list(self._tables)
        rows = database.execute("SELECT key, place, cells FROM row ORDER BY key, place, line")
        for key, group in groupby(rows, key=lambda row: row[0]):
            data: dict[str, list[Row]] = {self._main: [], **{name: [] for name in names}}
            for _, place, cells in group:
                data[names[place]].append(dict(zip(columns[place], json.loads(cells), strict=True)))
            yield Record(data, f"{self._key} {key}", header)

    def _fill(self, database: sqlite3.Connection, place: int, member: Input) -> list[str]:
        columns = self._columns(member)
        if self._key not in columns:
            raise BadInputError(f'{member.name}:1: no column "{self._key}", by which the tables are joined')
        at = columns.index(self._key)
        counts: Counter[bool] = Counter()

        def rows() -> Iterator[tuple[str, int, int, str]]:
            for line in self._rows(member, len(columns)):
                problem = line.problem or ("" if line.cells[at] else f"no {self._key}")
                counts[bool(problem)] += 1
                if problem:
                    database.execute("INSERT INTO broken VALUES (?, ?, ?)", (place, line.number, problem))
                else:
                    yield line.cells[at], place, line.number, json.dumps(line.cells)

        database.execute("BEGIN")
        database.executemany("INSERT INTO row VALUES (?, ?, ?, ?)", rows())
        database.execute("COMMIT")
        if counts[True] > max(_BROKEN_ALLOWED, _BROKEN_SHARE * counts.total()):
            first = database.execute("SELECT line, problem FROM broken WHERE place = ? LIMIT 1", (place,)).fetchone()
            raise BadInputError(
                f"{member.name}:{first[0]}: {first[1]}; {counts[True]:,} of {counts.total():,} rows are like that: the "
                "table has another layout or is damaged; get the archive anew"
            )
        return columns

    def _lookup(self, member: Input, key: str, value: str) -> dict[str, str]:
        columns = self._columns(member)
        if not {key, value} <= set(columns):
            raise BadInputError(f"{member.name}:1: no columns {key} and {value}")
        found: dict[str, str] = {}
        for line in self._rows(member, len(columns)):
            if line.problem:
                raise BadInputError(f"{member.name}:{line.number}: {line.problem}")
            found[line.cells[columns.index(key)]] = line.cells[columns.index(value)]
            if len(found) > _MOST_LOOKUPS:
                raise LimitError(f"{member.name}: more than {_MOST_LOOKUPS:,} rows, which is no list of codes")
        return found

    def _columns(self, member: Input) -> list[str]:
        with member.open() as stream:
            line = io.BufferedReader(stream).readline(_LONGEST_ROW)  # type: ignore[type-var]
        text = self._decoded(line.removeprefix(b"\xef\xbb\xbf"))
        if not text or "\0" in text:
            raise BadInputError(f"{member.name}:1: no header line")
        columns = [cell.strip() for cell in text.rstrip("\r\n").split(self._separator)]
        if len(set(columns)) != len(columns):
            raise BadInputError(f"{member.name}:1: a column stands twice in the header")
        return columns

    def _rows(self, member: Input, width: int) -> Iterator[_Line]:
        """Return the rows after the header, put together again where a cell holds line breaks."""
        open_cells: list[str] = []
        begin, length = 0, 0
        for number, text in self._lines(member):
            cells = [] if text is None else text.split(self._separator)
            while len(cells) > width and not cells[-1].strip():
                cells.pop()
            if open_cells and cells and len(open_cells) + len(cells) - 1 <= width and length < _LONGEST_ROW:
                open_cells[-1] += "\n" + cells[0]
                open_cells += cells[1:]
                length += len(text or "")
            else:
                if open_cells:
                    yield _broken(begin, len(open_cells), width)
                if text == "":
                    open_cells = []
                    continue
                open_cells, begin, length = cells, number, len(text or "")
            if text is None:
                yield _Line(number, (), f"a line in none of the encodings {', '.join(self._encodings)}")
                open_cells = []
            elif len(open_cells) > width:
                yield _broken(begin, len(open_cells), width)
                open_cells = []
            elif len(open_cells) == width:
                yield _Line(begin, [cell.strip() for cell in open_cells])
                open_cells = []
        if open_cells:
            yield _broken(begin, len(open_cells), width)

    def _lines(self, member: Input) -> Iterator[tuple[int, str | None]]:
        with member.open() as stream:
            # Unpacked streams know no lines: without a buffer they are read byte by byte.
            buffered = io.BufferedReader(stream)  # type: ignore[type-var]
            for number, line in enumerate(iter(lambda: buffered.readline(_LONGEST_ROW + 1), b""), start=1):
                if len(line) > _LONGEST_ROW:
                    raise LimitError(f"{member.name}:{number}: a line of more than {_LONGEST_ROW:,} bytes")
                if number > 1:
                    text = self._decoded(line)
                    yield number, text if text is None else text.rstrip("\r\n")

    def _decoded(self, line: bytes) -> str | None:
        for encoding in self._encodings:
            try:
                return line.decode(encoding)
            except UnicodeDecodeError:
                continue
        return None


def _broken(number: int, cells: int, width: int) -> _Line:
    return _Line(number, (), f"{cells} cells under {width} columns")


def _by_name(file: Input) -> dict[str, Input]:
    """Return the members of the archive by their names without folder, in lower case."""
    found: dict[str, Input] = {}
    for member in inputs.members(file):
        name = PurePosixPath(member.member).name.casefold()
        if name in found:
            raise BadInputError(f"{file.name}: two files named {name} in it; give the archive as it was downloaded")
        found[name] = member
    return found


def _member(file: Input, found: Mapping[str, Input], name: str) -> Input:
    if name.casefold() not in found:
        raise BadInputError(f"{file.name}: no {name} in it; give the complete archive")
    return found[name.casefold()]
