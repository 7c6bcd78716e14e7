"""Tables for people as CSV, described by CSV on the Web metadata.

The files begin with a byte order mark: spreadsheets then read them as UTF-8, and pandas, readr and DuckDB skip it.
A text that a spreadsheet would take for a formula gets an apostrophe before it; numbers stay numbers.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from treatkg import namespaces
from treatkg.publishing.content import Content
from treatkg.publishing.flat import SEPARATOR
from treatkg.publishing.formats import Output
from treatkg.publishing.tables import Column, Table, tables

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LICENCE = "https://creativecommons.org/licenses/by/4.0/"
_README = """TreatKG {version} of {issued}, as tables.

{note}

One row is one fact; a fact holds in the words of its label with all that its columns say together: people,
place, dates, polarity ("not shown" and "negative" are no affirmations) and conditions (all conditions of a
contraindication must hold).

Cells with several values have " | " between them. A population, a condition or a phase of a dose has one
entry in each of its columns, in the same order; "; " separates several values within one. Ages are given in
months, as in the graph, and in years. A minimum is inclusive, a maximum exclusive. Dates are YYYY-MM-DD;
valid_until is the first day on which a fact no longer holds. Beside the name of a thing stands its
identifier, in the column that ends in _id.

Text that begins with = + - @, a tab or a carriage return has an apostrophe before it, so that no spreadsheet
runs it as a formula. The files are UTF-8 with a byte order mark, with commas, quotes where needed, and a
header; csv-metadata.json describes each column (CSV on the Web). In base R: read.csv(file, fileEncoding =
"UTF-8-BOM"); in Python's csv module: encoding="utf-8-sig".

Licence: CC BY 4.0.

{list}
"""


def outputs(content: Content) -> Iterator[Output]:
    """Write every table, the metadata and a README."""
    described = []
    for table in tables(content.view):
        yield Output(f"{table.name}.csv", _csv(table))
        described.append(table)
    yield Output("csv-metadata.json", _metadata(content, described))
    yield Output("README.txt", _readme(content, described))


def guarded(text: str) -> str:
    """Return a text so that a spreadsheet takes it for text."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _csv(table: Table) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow([column.name for column in table.columns])
    for row in table.rows:
        writer.writerow([_cell(values, column) for values, column in zip(row, table.columns, strict=True)])
    return buffer.getvalue().encode("utf-8-sig")


def _cell(values: list[str], column: Column) -> str:
    text = SEPARATOR.join(values) if any(values) else ""
    return guarded(text) if column.datatype == "string" else text


def _metadata(content: Content, described: list[Table]) -> bytes:
    view, dataset = content.view, namespaces.DATASET
    group: dict[str, Any] = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "@type": "TableGroup",
        "dc:title": view.first(dataset, namespaces.DCTERMS + "title"),
        "dc:description": view.first(dataset, namespaces.SKOS + "note"),
        "dc:license": {"@id": _LICENCE},
        "dc:issued": {"@value": view.issued, "@type": "xsd:date"},
        "dialect": {"encoding": "utf-8", "header": True, "delimiter": ",", "quoteChar": '"'},
        "tables": [_table_metadata(table) for table in described],
    }
    return (json.dumps(group, ensure_ascii=False, indent=2) + "\n").encode()


def _table_metadata(table: Table) -> dict[str, Any]:
    schema: dict[str, Any] = {"columns": [_column_metadata(column) for column in table.columns]}
    names = [column.name for column in table.columns]
    if names[0] == "id" and len({row[0][0] for row in table.rows}) == len(table.rows):
        schema["primaryKey"] = "id"
    keys = [
        {
            "columnReference": column.name,
            "reference": {"resource": f"{column.points_to}.csv", "columnReference": "id"},
        }
        for column in table.columns
        if column.points_to and not column.several
    ]
    if keys:
        schema["foreignKeys"] = keys
    metadata = {"url": f"{table.name}.csv", "dc:title": table.title, "dc:description": table.description}
    return {**{key: value for key, value in metadata.items() if value}, "tableSchema": schema}


def _column_metadata(column: Column) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "name": column.name,
        "titles": column.name,
        "dc:description": column.description,
        "datatype": column.datatype,
    }
    if column.several:
        metadata["separator"] = SEPARATOR
    if column.prop:
        metadata["propertyUrl"] = column.prop
    return metadata


def _readme(content: Content, described: list[Table]) -> bytes:
    view, dataset = content.view, namespaces.DATASET
    width = max(len(table.name) for table in described) + 4
    lines = [f"{table.name + '.csv':<{width}}  {len(table.rows):>5}  {table.title}" for table in described]
    text = _README.format(
        version=view.first(dataset, "https://schema.org/version"),
        issued=view.issued,
        note=view.first(dataset, namespaces.SKOS + "note"),
        list="\n".join([f"{'file':<{width}}   rows  what", *lines]),
    )
    return text.encode()
