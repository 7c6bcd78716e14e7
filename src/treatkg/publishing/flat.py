"""Things as flat rows: one field for each property, nested populations, conditions and phases drawn into their fact.

A value with a name gives two fields, its label and its id. Several values stay several. A field of nested nodes has one
entry for each node, so that the entries of its fields belong together by their place.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import pyoxigraph as ox

from treatkg import namespaces
from treatkg.namespaces import RDF, RDFS, TKG, XSD
from treatkg.publishing import compaction
from treatkg.publishing.view import Value, View

SEPARATOR = " | "  # between values
INNER = "; "  # between values of one nested node
_NESTED = {TKG + "Population", TKG + "Condition", TKG + "RegimenPhase"}
_AGES = {TKG + "minAgeMonths", TKG + "maxAgeMonths"}
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, order=True)
class Field:
    """One column: `path` are the properties from the row's thing to the value, `part` is label, id, years or empty."""

    rank: tuple[int, ...]
    name: str
    path: tuple[str, ...] = field(compare=False)
    part: str = field(default="", compare=False)


Row = dict[Field, list[str]]


class Flattener:
    """Makes rows of the things of one graph, and remembers the datatypes of their fields."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._keys = {prop: key for prop, (key, _) in compaction.keys().items()}
        others = sorted(view.used_properties - set(self._keys))  # generated ones, which the context does not name
        self._ranks = {prop: rank for rank, prop in enumerate([*self._keys, *others])}
        self._datatypes: dict[Field, set[str]] = {}

    def row(self, iri: str, skip: Iterable[str] = ()) -> Row:
        """Return the fields of a thing.

        Args:
            iri: the thing.
            skip: IRIs of properties to leave out; rdf:type is left out always.
        """
        return self._row(iri, (), (), {RDF + "type", *skip})

    def datatype(self, column: Field) -> str:
        """Return the datatype of a field of the rows made so far: string, integer, decimal, boolean or date."""
        found = self._datatypes.get(column, {"string"})
        if found <= {"integer", "decimal"}:
            return "integer" if found == {"integer"} else "decimal"
        return found.copy().pop() if len(found) == 1 else "string"

    def describe(self, iri: str) -> str:
        """Return a nested node in words: each property and its values."""
        parts = []
        for prop in sorted(self.view.properties(iri), key=self._rank):
            if prop == RDF + "type":
                continue
            texts = [self._text(value) for value in self.view.values(iri, prop)]
            parts.append(f"{self.title(prop)}: {', '.join(texts)}")
        return INNER.join(parts)

    def title(self, prop: str) -> str:
        """Return what people call a property."""
        return self.view.label(prop) or _WORDS.sub(" ", self._key(prop)).lower()

    def own(self, name: str, rank: int, datatype: str = "string") -> Field:
        """Return a field that stands for no property; negative ranks stand before the others."""
        column = Field((rank,), name, ())
        self._datatypes[column] = {datatype}
        return column

    def _row(self, iri: str, ranks: tuple[int, ...], path: tuple[str, ...], skip: set[str]) -> Row:
        row: Row = {}
        for prop, values in self.view.properties(iri).items():
            if prop in skip:
                continue
            here = (*path, prop)
            rank = (*ranks, self._rank(prop))
            nested = self._nested(values)
            if nested:
                row.update(self._nested_row(nested, rank, here))
            elif isinstance(values[0], ox.Literal):
                row.update(self._literals(values, rank, here))
            else:
                row.update(self._things(values, rank, here))
        return row

    def _nested(self, values: Iterable[Value]) -> list[str]:
        found = [v.value for v in values if isinstance(v, ox.NamedNode) and self.view.classes(v.value) & _NESTED]
        return sorted(found, key=lambda iri: (int(self.view.first(iri, TKG + "order") or 0), iri))

    def _nested_row(self, nodes: list[str], rank: tuple[int, ...], path: tuple[str, ...]) -> Row:
        rows = [self._row(node, (*rank, 1), path, {RDF + "type"}) for node in nodes]
        row: Row = {self._field((*rank, 0), path): [self.describe(node) for node in nodes]}
        for column in sorted({column for each in rows for column in each}):
            entries = [each.get(column, []) for each in rows]
            if any(len(entry) > 1 for entry in entries):
                self._datatypes[column] = {"string"}
            row[column] = [INNER.join(entry) for entry in entries]
        return row

    def _literals(self, values: Iterable[Value], rank: tuple[int, ...], path: tuple[str, ...]) -> Row:
        column = self._field((*rank, 0), path)
        for value in values:
            if isinstance(value, ox.Literal):
                self._datatypes.setdefault(column, set()).add(_datatype(value))
        row = {column: [value.value for value in values]}
        if path[-1] in _AGES:
            years = self._field((*rank, 1), path, "years")
            self._datatypes[years] = {"decimal"}
            row[years] = [f"{round(int(value.value) / 12, 2):g}" for value in values]
        return row

    def _things(self, values: Iterable[Value], rank: tuple[int, ...], path: tuple[str, ...]) -> Row:
        ids = [namespaces.shorten(value.value) for value in values]
        if path[-1] not in self._labelled_properties:
            return {self._field((*rank, 0), path): ids}
        labels = [self._text(value) for value in values]
        return {self._field((*rank, 0), path): labels, self._field((*rank, 1), path, "id"): ids}

    def _field(self, rank: tuple[int, ...], path: tuple[str, ...], part: str = "") -> Field:
        words = [_WORDS.sub("_", self._key(prop)).lower() for prop in path]
        name = "_".join(words)
        if part == "years":
            name = name.removesuffix("_months") + "_years"
        elif part:
            name += f"_{part}"
        return Field(rank, name, path, part)

    @functools.cached_property
    def _labelled_properties(self) -> set[str]:
        """Properties of which some value has a label."""
        return {
            prop
            for iri in self.view.subjects
            for prop, values in self.view.properties(iri).items()
            if any(isinstance(value, ox.NamedNode) and self.view.label(value.value) for value in values)
        }

    def _text(self, value: Value) -> str:
        if isinstance(value, ox.Literal):
            return value.value
        return self.view.label(value.value) or namespaces.shorten(value.value)

    def _key(self, prop: str) -> str:
        return self._keys.get(prop) or re.split(r"[#/:]", namespaces.shorten(prop))[-1]

    def _rank(self, prop: str) -> int:
        if prop == RDFS + "label":
            return -50
        return self._ranks[prop]


def _datatype(value: ox.Literal) -> str:
    name = value.datatype.value.removeprefix(XSD)
    return name if name in {"integer", "decimal", "boolean", "date"} else "string"
