"""Rows of a query, and what people turn them into: dicts, CSV, JSON, Markdown, pandas."""

from __future__ import annotations

import csv
import datetime
import html
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import pyoxigraph as ox

from treatkg import namespaces

if TYPE_CHECKING:
    import pandas as pd

Cell = str | int | Decimal | bool | datetime.date | None
Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SHOWN_IN_NOTEBOOK = 20


@dataclass(frozen=True)
class Result:
    """The rows of a SELECT in the order of the query; IRIs appear as ids and CURIEs, literals as Python values."""

    columns: tuple[str, ...]
    terms: tuple[tuple[Term, ...], ...]

    def __len__(self) -> int:
        return len(self.terms)

    def __iter__(self) -> Iterator[tuple[Cell, ...]]:
        return (tuple(map(to_python, row)) for row in self.terms)

    def for_people(self, readable: Callable[[Term], str]) -> dict[str, list[tuple[str, Term]]]:
        """Return column -> cells as people read them, without columns that are empty or repeat another.

        Args:
            readable: turns a term into text (labels instead of codes).
        """
        columns: dict[str, list[tuple[str, Term]]] = {}
        seen: list[list[str]] = []
        for index, name in enumerate(self.columns):
            cells = [(readable(row[index]), row[index]) for row in self.terms]
            texts = [text for text, _ in cells]
            if any(texts) and texts not in seen:
                columns[name] = cells
                seen.append(texts)
        return columns

    def to_dicts(self) -> list[dict[str, Cell]]:
        """Return one dict for each row."""
        return [dict(zip(self.columns, row, strict=True)) for row in self]

    def to_json(self) -> str:
        """Return a JSON list of objects; decimals are numbers, dates are ISO text."""
        return json.dumps(self.to_dicts(), ensure_ascii=False, indent=2, default=_json_value)

    def to_csv(self, *, separator: str = ",", raw: bool = False) -> str:
        """Return CSV with a header; unless `raw`, text that a spreadsheet would run as a formula gets an apostrophe."""
        out = io.StringIO()
        writer = csv.writer(out, delimiter=separator, lineterminator="\n")
        careful = csv.writer(out, delimiter=separator, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerow(self.columns)
        for row in self:
            cells = [_csv_cell(cell, raw=raw) for cell in row]
            holds_return = any("\r" in cell for cell in cells)  # which Python before 3.13 leaves unquoted
            (careful if holds_return else writer).writerow(cells)
        return out.getvalue()

    def to_markdown(self) -> str:
        """Return a Markdown table."""
        lines = [
            self.columns,
            ["---"] * len(self.columns),
            *([_markdown_cell(cell) for cell in row] for row in self),
        ]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"

    def to_pandas(self) -> pd.DataFrame:
        """Return a pandas DataFrame (needs the extra `treatkg[pandas]`).

        Whole numbers are Int64, other numbers Float64, truth values boolean, days datetime64, all else string; missing
        values are `pd.NA` (`pd.NaT` among days).
        """
        import pandas as pd

        cells = [[float(cell) if isinstance(cell, Decimal) else cell for cell in row] for row in self]
        frame = pd.DataFrame(cells, columns=list(self.columns)).convert_dtypes()
        for name in frame.columns:
            if len(known := frame[name].dropna()) and known.map(lambda cell: isinstance(cell, datetime.date)).all():
                frame[name] = frame[name].astype("datetime64[s]")
        return frame

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(_text(cell))}</td>" for cell in row) + "</tr>"
            for _, row in zip(range(_SHOWN_IN_NOTEBOOK), self, strict=False)
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{len(self)} rows</p>"


def to_python(term: Term) -> Cell:
    """Return an IRI as id or CURIE, and a literal as int, Decimal, bool, date or text (also if it is ill-typed)."""
    if term is None:
        return None
    if isinstance(term, ox.NamedNode):
        return namespaces.shorten(term.value)
    if not isinstance(term, ox.Literal):
        return str(term)
    try:
        return _typed(term.value, term.datatype.value.removeprefix(namespaces.XSD))
    except (ValueError, ArithmeticError):  # an engine keeps what is not of its type, such as "soon"^^xsd:date
        return term.value


def _typed(text: str, datatype: str) -> Cell:
    match datatype:
        case "integer":
            return int(text)
        case "decimal":
            number = Decimal(text)
            return number if number.is_finite() else text
        case "boolean":
            return {"true": True, "1": True, "false": False, "0": False}.get(text, text)
        case "date":
            return datetime.date.fromisoformat(text)
    return text


def to_text(term: Term) -> str:
    """Return a term as people read it."""
    return _text(to_python(term))


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def _csv_cell(cell: Cell, *, raw: bool) -> str:
    text = _text(cell)
    return f"'{text}" if isinstance(cell, str) and text.startswith(_FORMULA) and not raw else text


def _markdown_cell(cell: Cell) -> str:
    return " ".join(_text(cell).splitlines()).replace("|", "\\|")


def _json_value(cell: object) -> float | str:
    return float(cell) if isinstance(cell, Decimal) else str(cell)


def from_solutions(solutions: ox.QuerySolutions) -> Result:
    """Read the solutions of a SELECT whole."""
    columns = tuple(variable.value for variable in solutions.variables)
    rows: Sequence[tuple[Term, ...]] = [tuple(row) for row in solutions]
    return Result(columns, tuple(rows))
