"""A sheet of an .xlsx workbook, every cell as text (calamine).

Calamine holds the whole sheet in memory, and makes room for the rectangle up to its last cell: so the size of the
unpacked workbook and of that rectangle are limited, and looked at before it is opened.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lxml import etree
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from treatkg.errors import BadInputError, LimitError, TreatKGError
from treatkg.loading import dates, inputs
from treatkg.loading.inputs import Input
from treatkg.loading.items import Record

_LARGEST = 512 * 1024 * 1024
_MOST_CELLS = 10_000_000
_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CONTENT_TYPES = "[Content_Types].xml"


class WorkbookReader:
    """Rows of a sheet as dicts: column -> text.

    The header is the first row, among the first ones of any sheet, that has all the columns named here; what stands
    above it is the preamble. In column names, line breaks and repeated blanks count as one blank. A date is written
    YYYY-MM-DD, a whole number without a decimal point, a truth value true or false; text is left as it is. Empty rows
    are nothing, and so are cells under no column name.

    Args:
        columns: that the header has.
        preamble: how many rows may stand above the header.
    """

    def __init__(self, columns: Sequence[str], preamble: int = 50) -> None:
        self._columns, self._preamble = [_name(column) for column in columns], preamble

    def recognises(self, file: Input, marks: Mapping[str, Any]) -> bool:
        """Marks: `columns`, that the header has too; `absent`, that it has not; `closed`: an encrypted or old one.

        An encrypted workbook and an old one (.xls) are files of the same outer form, of which nothing is read.
        """
        try:
            if marks.get("closed"):
                with file.open() as stream:
                    return stream.read(len(_COMPOUND_FILE)) == _COMPOUND_FILE
            with self._opened(file) as workbook:
                _, columns, _, _ = self._found(file, workbook)
        except TreatKGError:
            return False
        return set(map(_name, marks.get("columns", ()))) <= set(columns) and not set(
            map(_name, marks.get("absent", ()))
        ) & set(columns)

    def version(self, file: Input, where: str) -> str:
        """Return, for "preamble", the first date that stands above the header, as YYYY-MM-DD."""
        if where != "preamble":
            return ""
        with self._opened(file) as workbook:
            _, _, preamble, _ = self._found(file, workbook)
        return _first_date(preamble)

    def records(self, file: Input) -> Iterator[Record]:
        """Return each row below the header, with the number that it has in the sheet."""
        with self._opened(file) as workbook:
            sheet, columns, preamble, begin = self._found(file, workbook)
            header = {"preamble": preamble, "date": _first_date(preamble)}
            for number, row in enumerate(_rows(sheet), start=1):
                if number > begin and any(row):
                    cells = {column: cell for column, cell in zip(columns, row, strict=False) if column}
                    yield Record({**dict.fromkeys(filter(None, columns), ""), **cells}, f"row {number}", header)

    def _found(
        self, file: Input, workbook: CalamineWorkbook
    ) -> tuple[CalamineSheet, Sequence[str], Sequence[str], int]:
        """Return the sheet, its columns, the cells above them, and the number of their row."""
        for name in workbook.sheet_names:
            try:
                sheet = workbook.get_sheet_by_name(name)
            except (CalamineError, ValueError):
                continue  # a chart, or a sheet that cannot be read: another may have the header
            preamble: list[str] = []
            for number, row in enumerate(_rows(sheet), start=1):
                columns = [_name(cell) for cell in row]
                if set(self._columns) <= set(columns):
                    _check_columns(file, columns, number)
                    return sheet, columns, preamble, number
                if number > self._preamble:
                    break
                preamble += filter(None, row)
        raise BadInputError(f"{file.name}: no row with the columns {', '.join(self._columns)} at the head of any sheet")

    @contextlib.contextmanager
    def _opened(self, file: Input) -> Iterator[CalamineWorkbook]:
        with file.seekable() as path:
            _check(dataclasses.replace(file, path=path, member=""))
            try:
                workbook = CalamineWorkbook.from_path(path)
            except (CalamineError, OSError, ValueError) as error:
                raise BadInputError(f"{file.name}: not a sound .xlsx workbook: {error}") from error
            with contextlib.closing(workbook):
                yield workbook


class _Extent:
    """A parser target that notes how far the cells of a sheet reach."""

    def __init__(self) -> None:
        self.row = self.column = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag.rpartition("}")[2] in {"c", "row"} and (place := attributes.get("r")):
            found = _CELL.fullmatch(place.strip().upper())
            self.column = max(self.column, _number(found[1]) if found else 0)
            digits = found[2] if found else place.strip()
            self.row = max(self.row, int(digits) if digits.isdecimal() else 0)

    def close(self) -> int:
        return self.row * self.column


def _check(file: Input) -> None:
    """Look at the parts of a workbook before calamine does.

    Raises:
        BadInputError: it is none, or a part of it is broken.
        LimitError: it is too large, or a cell lies too far out.
    """
    if not file.is_archive():
        raise BadInputError(f"{file.name}: not an .xlsx workbook")
    members = inputs.members(file)
    if _CONTENT_TYPES not in {member.member for member in members}:
        raise BadInputError(f"{file.name}: not an .xlsx workbook")
    total = 0
    for member in members:
        target: Any = _Extent()
        parser = etree.XMLParser(target=target, resolve_entities=False, load_dtd=False, no_network=True)
        is_xml = False
        with member.open() as stream:
            for block in iter(lambda: stream.read(1 << 16), b""):
                total += len(block)
                if total > _LARGEST:
                    raise LimitError(f"{file.name}: larger than {_LARGEST:,} bytes unpacked")
                is_xml = is_xml or block.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")
                if is_xml:
                    _feed(parser, block, member)
        if is_xml and _end(parser, member) > _MOST_CELLS:
            raise LimitError(f"{file.name}: its last cell lies beyond {_MOST_CELLS:,} cells; take away what is far out")


def _feed(parser: etree.XMLParser, block: bytes, member: Input) -> None:
    try:
        parser.feed(block)
    except etree.XMLSyntaxError as error:
        raise BadInputError(f"{member.name}: a broken part of the workbook: {error}") from error


def _end(parser: etree.XMLParser, member: Input) -> int:
    try:
        extent: Any = parser.close()
    except etree.XMLSyntaxError as error:
        raise BadInputError(f"{member.name}: a broken part of the workbook: {error}") from error
    return int(extent)


def _check_columns(file: Input, columns: Sequence[str], number: int) -> None:
    named = [column for column in columns if column]
    for column in named:
        if named.count(column) > 1:
            raise BadInputError(f'{file.name}: row {number}: the column "{column}" stands twice in the header')


def _rows(sheet: CalamineSheet) -> Iterator[list[str]]:
    """Return the rows as text, from the first row of the sheet, also where that is empty."""
    for row in sheet.iter_rows():
        yield list(map(_text, row))


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat(sep=" ")
    return "" if cell is None else str(cell)


def _name(cell: str) -> str:
    return " ".join(cell.split())


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _first_date(cells: Sequence[str]) -> str:
    return next((day for day, precision in map(dates.day, cells) if day and not precision), "")
