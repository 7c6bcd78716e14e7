"""Stored queries: one question, one file, with a head that says what it asks, takes and returns.

`queries/<topic>/<name>.rq` is valid SPARQL; its leading ``#+`` lines are YAML (grlc's convention).
"""

from __future__ import annotations

import datetime
import decimal
import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyoxigraph as ox
import yaml

from treatkg import endpoints, namespaces, resources, sparql_text
from treatkg.errors import AmbiguousNameError, BadInputError, UsageError, did_you_mean

Value = str | int | float | bool | datetime.date | Sequence["Value"]

_HEAD_KEYS = {"summary", "description", "tags", "params", "returns", "online", "loaded"}
_PARAMETER_KEYS = {"type", "class", "description", "allowed", "min", "max", "absent", "example", "many"}
_TYPES = {"iri", "string", "integer", "decimal", "date", "boolean"}
_ABSENT = {"any", "none", "today", "required", "default"}
# What a person gives to lift a default.
ANY = "any"
# Names in an address that say something else than a parameter.
_RESERVED = {"format"}
MAX_TEXT = 300  # characters of a value
MAX_DIGITS = 18  # what xsd:integer and each side of the point of xsd:decimal hold in Oxigraph
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_FORMS = {
    "integer": re.compile(r"[+-]?[0-9]{1,18}"),
    "decimal": re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,3})?"),
    "date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "boolean": re.compile(r"true|false"),
}
_FORM_NAMES = {
    "integer": "a whole number",
    "decimal": "a number",
    "date": "a date such as 2025-01-01",
    "boolean": "true or false",
}


class UnknownQueryError(UsageError):
    """No stored query has this name."""


class ParameterError(UsageError):
    """An argument does not fit: of an unknown parameter, missing, or a value that the parameter does not take.

    `parameter` is its name; `allowed` what could stand there instead: names of parameters, or values.
    """

    def __init__(self, message: str, parameter: str, allowed: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.parameter, self.allowed = parameter, tuple(allowed)


class OnlineQueryError(UsageError):
    """The query asks other endpoints, and that was not wanted."""


class LoadedQueryError(UsageError):
    """The query is about loaded sources, and the graph that is asked has none."""


class Resolver(Protocol):
    """Turns what a person writes for a thing (IRI, CURIE, id or label) into its IRI."""

    def resolve(self, text: str, cls: str | None = None) -> str:
        """Return the IRI, or raise UsageError with candidates."""


@dataclass(frozen=True)
class Parameter:
    """What a query takes. `absent` says what leaving it out means.

    any, none, today, required, or default: what the query's text holds, which the value "any" lifts.
    """

    name: str
    type: str
    description: str = ""
    cls: str | None = None
    allowed: tuple[str, ...] = ()
    minimum: str = ""
    maximum: str = ""
    absent: str = "any"
    example: str = ""
    many: bool = False


@dataclass(frozen=True)
class StoredQuery:
    """A stored question. `text` is the whole file, which any SPARQL tool runs with the defaults.

    `online` names the endpoints that it asks besides the graph (SERVICE); such a query runs only when that is wanted.
    `loaded` says that it compares the graph with loaded sources, which stand in named graphs of a store.
    """

    name: str
    topic: str
    summary: str
    description: str
    text: str
    file: Path
    tags: tuple[str, ...] = ()
    params: Mapping[str, Parameter] = field(default_factory=dict)
    returns: Mapping[str, str] = field(default_factory=dict)
    online: tuple[str, ...] = ()
    loaded: bool = False

    def check_local(self) -> None:
        """Refuse a query that asks other endpoints.

        Raises:
            OnlineQueryError: it does.
        """
        if self.online:
            whom = ", ".join(self.online)
            raise OnlineQueryError(
                f"{self.name} asks {whom} over the network: `treatkg query {self.name} --online` runs it"
            )

    def check_loaded(self, *, present: bool) -> None:
        """Refuse a query about loaded sources where none can be asked, since no row would read as no difference.

        Raises:
            LoadedQueryError: it is one.
        """
        if self.loaded and not present:
            raise LoadedQueryError(
                f"{self.name} compares the graph with loaded sources: load some (`treatkg load SOURCE PATH...`), "
                "then ask the store with --on FOLDER"
            )

    def bind(self, arguments: Mapping[str, Value], resolver: Resolver) -> str:
        """Return the query text with the arguments in the place of the defaults.

        Raises:
            ParameterError: unknown or missing parameter, or a value that does not fit; the message names both.
        """
        for name in arguments:
            if name not in self.params:
                known = ", ".join(self.params) or "none"
                hint = did_you_mean(name[:80], self.params)
                raise ParameterError(
                    f'{self.name} has no parameter "{name[:80]}"{hint} (it takes: {known})', name[:80], self.params
                )
        missing = [p.name for p in self.params.values() if p.absent == "required" and p.name not in arguments]
        if missing:
            name, example = missing[0], self.params[missing[0]].example
            raise ParameterError(f'{self.name} needs the parameter "{name}", for example {name}="{example}"', name)
        return sparql_text.bind(self.text, {n: _terms(self.params[n], v, resolver) for n, v in arguments.items()})


@functools.cache
def catalogue(folder: Path = resources.QUERIES) -> dict[str, StoredQuery]:
    """Return every stored query by name, in the order of topics and names.

    Raises:
        BadInputError: a head is not as it should be.
    """
    found: dict[str, StoredQuery] = {}
    for file in sorted(folder.glob("*/*.rq")):
        query = read_query(file)
        if query.name in found:
            raise BadInputError(f"{file}: another query has this name: {found[query.name].file}")
        found[query.name] = query
    return found


def find(name: str) -> StoredQuery:
    """Return a stored query by name.

    Raises:
        UnknownQueryError: there is none; suggests near names.
    """
    if _NAME.fullmatch(name):
        for file in resources.QUERIES.glob(f"*/{name}.rq"):
            return read_query(file)
    hint = did_you_mean(name[:80], catalogue())
    raise UnknownQueryError(f'no stored query "{name[:80]}"{hint} (`treatkg query` lists them)')


def read_query(file: Path) -> StoredQuery:
    """Read and check one stored query.

    Raises:
        BadInputError: says which part of the head is wrong.
    """
    text = file.read_text(encoding="utf-8")
    head = _read_head(file, text)
    params = {name: _read_parameter(file, name, spec) for name, spec in (head.get("params") or {}).items()}
    blocks = sparql_text.parameter_blocks(text)
    for name in params:
        if name not in blocks:
            raise BadInputError(f"{file}: no `VALUES ?{name} {{ ... }}` for the parameter {name}")
    if not _NAME.fullmatch(file.stem):
        raise BadInputError(f"{file}: a query's name is lower-case words joined by hyphens")
    return StoredQuery(
        name=file.stem,
        topic=file.parent.name,
        summary=head["summary"],
        description=head.get("description", ""),
        text=text,
        file=file,
        tags=tuple(head.get("tags", ())),
        params=params,
        returns=head.get("returns") or {},
        online=_read_online(file, head, text),
        loaded=head.get("loaded") is True,
    )


def _read_head(file: Path, text: str) -> dict[str, Any]:
    lines = []
    for line in text.splitlines():
        if not line.startswith("#+"):
            break
        lines.append(line[3:])
    try:
        head = yaml.load("\n".join(lines), Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise BadInputError(f"{file}: the head (#+ lines) is not valid YAML: {error}") from error
    if isinstance(head, dict) and head.get("loaded", True) is not True:
        raise BadInputError(f'{file}: "loaded" in the head is true, or left out')
    if not isinstance(head, dict) or not isinstance(head.get("summary"), str):
        raise BadInputError(f'{file}: the head (#+ lines) needs at least "summary"')
    for key in head:
        if key not in _HEAD_KEYS:
            raise BadInputError(f'{file}: unknown key "{key}" in the head{did_you_mean(str(key), _HEAD_KEYS)}')
    return head


def _read_online(file: Path, head: dict[str, Any], text: str) -> tuple[str, ...]:
    """Return the endpoints that the query asks; the head must name exactly those of its SERVICE groups."""
    asked = {service.address for service in sparql_text.services(text)}
    if not asked and "online" not in head:
        return ()
    known = {endpoint.url: name for name, endpoint in endpoints.load().items()}
    unknown = asked - set(known)
    if unknown:
        raise BadInputError(f"{file}: SERVICE <{min(unknown)}> is not in ontology/endpoints.yaml")
    names = sorted(known[address] for address in asked)
    if head.get("online") != names:
        raise BadInputError(f"{file}: the head must say `online: [{', '.join(names)}]`, the endpoints of SERVICE")
    return tuple(names)


def _read_parameter(file: Path, name: str, spec: Any) -> Parameter:  # noqa: ANN401 (YAML)
    where = f"{file}: parameter {name}"
    if name in _RESERVED:
        raise BadInputError(f"{where}: in an address this name says which format the answer has; choose another")
    if not isinstance(spec, dict) or not set(spec) <= _PARAMETER_KEYS:
        raise BadInputError(f"{where}: takes the keys {', '.join(sorted(_PARAMETER_KEYS))}")
    if spec.get("type") not in _TYPES or spec.get("absent", "any") not in _ABSENT:
        raise BadInputError(f"{where}: type is one of {sorted(_TYPES)}, absent one of {sorted(_ABSENT)}")
    return Parameter(
        name=name,
        type=spec["type"],
        description=spec.get("description", ""),
        cls=spec.get("class"),
        allowed=tuple(map(str, spec.get("allowed", ()))),
        minimum=str(spec.get("min", "")),
        maximum=str(spec.get("max", "")),
        absent=spec.get("absent", "any"),
        example=str(spec.get("example", "")),
        many=bool(spec.get("many", False)),
    )


def _terms(parameter: Parameter, value: Value, resolver: Resolver) -> list[ox.NamedNode | ox.Literal]:
    values = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    if parameter.absent == "default" and values == [ANY]:
        return []
    if len(values) > 1 and not parameter.many:
        raise ParameterError(f'the parameter "{parameter.name}" takes one value', parameter.name)
    return [_term(parameter, item, resolver) for item in values]


def _term(parameter: Parameter, value: Value, resolver: Resolver) -> ox.NamedNode | ox.Literal:
    text = str(value).lower() if isinstance(value, bool) else str(value).strip()
    if parameter.allowed and text not in parameter.allowed:
        hint = did_you_mean(text[:80], parameter.allowed)
        raise _unfit(parameter, text, f"is not one of: {', '.join(parameter.allowed)}{hint}", parameter.allowed)
    if parameter.type == "iri":
        return _thing(parameter, text, resolver)
    if parameter.type == "string":
        return _literal(parameter, text)
    if not _FORMS[parameter.type].fullmatch(text) or not text.isascii():
        raise _unfit(parameter, text, f"is not {_FORM_NAMES[parameter.type]}")
    if parameter.type == "date":
        _check_day(parameter, text)
    elif parameter.type in ("integer", "decimal"):
        text = _number(parameter, text)
    return ox.Literal(text, datatype=ox.NamedNode(namespaces.XSD + parameter.type))


def _unfit(parameter: Parameter, text: str, why: str, allowed: Iterable[str] = ()) -> ParameterError:
    return ParameterError(f'{parameter.name}="{text[:80]}" {why}', parameter.name, allowed)


def _thing(parameter: Parameter, text: str, resolver: Resolver) -> ox.NamedNode:
    try:
        return ox.NamedNode(resolver.resolve(text, parameter.cls))
    except UsageError as error:
        candidates = error.candidates if isinstance(error, AmbiguousNameError) else ()
        raise ParameterError(f"{parameter.name}: {error}", parameter.name, candidates) from error


def _literal(parameter: Parameter, text: str) -> ox.Literal:
    if len(text) > MAX_TEXT or "\\" in text:
        raise _unfit(parameter, text, f"is longer than {MAX_TEXT} characters, or holds a backslash")
    try:
        return ox.Literal(text)
    except ValueError as error:
        raise ParameterError(f"{parameter.name} is not Unicode text", parameter.name) from error


def _check_day(parameter: Parameter, text: str) -> None:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        raise _unfit(parameter, text, "is not a day of the calendar") from None


def _number(parameter: Parameter, text: str) -> str:
    """Return a number as xsd:integer or xsd:decimal is written: without exponent, to the last place that is held."""
    number, low, high = decimal.Decimal(text), parameter.minimum, parameter.maximum
    if (low and number < decimal.Decimal(low)) or (high and number > decimal.Decimal(high)):
        raise _unfit(parameter, text, f"is outside {low or '...'} to {high or '...'}")
    if number.adjusted() >= MAX_DIGITS:
        raise _unfit(parameter, text, f"has more than {MAX_DIGITS} digits")
    if parameter.type == "integer":
        return text
    whole, _, fraction = f"{number:.{MAX_DIGITS}f}".partition(".")
    return f"{whole}.{fraction.rstrip('0')}".rstrip(".")
