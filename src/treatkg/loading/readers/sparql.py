"""Answers of a SPARQL endpoint (SPARQL 1.1 Query Results JSON), as `loading.fetching` or a user saved them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from treatkg.errors import BadInputError, LimitError
from treatkg.loading.inputs import Input
from treatkg.loading.items import Record
from treatkg.loading.readers.json_stream import JsonReader

MOST_ROWS = 200_000
# What the file says of the request, in a member that the standard leaves free.
REQUEST = {"endpoint": "request.endpoint", "day": "request.day"}


class SparqlReader:
    """Rows of an answer, those of one key as one record: {"key": ..., "rows": [{variable: text}]}.

    Rows of a key stand together in what `fetching` saves. In a file that a user saved they must do so too.

    Args:
        key: the variable that says what a row is about; without it, each row is a record.
        endpoint: name in `ontology/endpoints.yaml`; this and what follows is for `fetching`.
        questions: what the endpoint is asked.
        batch: how many values are put into one query.
        page: how many rows are asked for at once.
    """

    def __init__(
        self,
        key: str = "",
        endpoint: str = "",
        questions: Sequence[Mapping[str, str]] = (),
        batch: int = 0,
        page: int = 0,
    ) -> None:
        self._key = key
        self.endpoint, self.questions, self.batch, self.page = endpoint, questions, batch, page

    def recognises(self, file: Input, marks: Mapping[str, Any]) -> bool:
        """Marks: `vars`, variables that the answer has."""
        if not JsonReader().recognises(file, {"paths": ["head.vars.item"]}):
            return False
        try:
            head = next(JsonReader("head.vars").records(file), None)
        except (BadInputError, LimitError):
            return False
        names = head.data if head and isinstance(head.data, list) else []
        return bool(names) and set(marks.get("vars", ())) <= {name for name in names if isinstance(name, str)}

    def version(self, file: Input, where: str) -> str:
        """Return what the request says: the day, or the endpoint; nothing in a file that a user saved."""
        return JsonReader().version(file, REQUEST.get(where, where))

    def records(self, file: Input) -> Iterator[Record]:
        """Return the rows of each key."""
        group: list[dict[str, str]] = []
        current, begin = "", 1
        header: dict[str, Any] = {}
        seen: set[str] = set()
        for number, (row, header) in enumerate(self._rows(file), start=1):
            key = row.get(self._key, "") if self._key else str(number)
            if not key:
                raise BadInputError(f"{file.name}: row {number} has no ?{self._key}")
            if group and key != current:
                yield Record({"key": current, "rows": group}, _rows(begin, number - 1), header)
                group, begin = [], number
                seen.add(current)
            if not group:
                self._check_order(file, key, header, seen)
            current = key
            group.append(row)
            if len(group) > MOST_ROWS:
                raise LimitError(f"{file.name}: more than {MOST_ROWS:,} rows of {key}")
        if group:
            yield Record({"key": current, "rows": group}, _rows(begin, begin + len(group) - 1), header)

    def _check_order(self, file: Input, key: str, header: Mapping[str, Any], seen: set[str]) -> None:
        # What was fetched holds the answers to several queries, each of them whole and in order.
        if key in seen and "day" not in header:
            raise BadInputError(
                f"{file.name}: the rows of {key} stand apart; add ORDER BY ?{self._key} to the query and save it again"
            )

    def _rows(self, file: Input) -> Iterator[tuple[dict[str, str], dict[str, Any]]]:
        rows = JsonReader("results.bindings.item", REQUEST).records(file)
        try:
            for record in rows:
                yield _texts(file, record), dict(record.header)
        except BadInputError as error:
            raise BadInputError(
                f"{error} (an endpoint that runs out of time ends its answer midway: ask it again)"
            ) from error


def _texts(file: Input, record: Record) -> dict[str, str]:
    if not isinstance(record.data, dict):
        raise BadInputError(f"{file.name}: {record.where} is no row")
    texts = {}
    for name, cell in record.data.items():
        value = cell.get("value") if isinstance(cell, dict) else None
        if not isinstance(value, str):
            raise BadInputError(f"{file.name}: {record.where}: ?{name} has no value")
        texts[name] = f"_:{value}" if cell.get("type") == "bnode" else value
    return texts


def _rows(begin: int, end: int) -> str:
    return f"row {begin}" if begin == end else f"rows {begin}-{end}"
