"""Stored queries behind a page: asked quickly, and linked so that a reader can run them with the same parameters."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

import pyoxigraph as ox

from treatkg import namespaces, queries
from treatkg.knowledge import Knowledge
from treatkg.queries import Value
from treatkg.results import Term

Row = Mapping[str, Term]
_Made = TypeVar("_Made")


@dataclass(frozen=True)
class Behind:
    """A stored query that a page asked, and where to run it."""

    name: str
    summary: str
    address: str


def once(make: Callable[[Knowledge], _Made]) -> Callable[[Knowledge], _Made]:
    """Make something of a graph once; who asks meanwhile waits. The two newest graphs are remembered."""
    lock, remembered = threading.Lock(), functools.lru_cache(maxsize=2)(make)

    @functools.wraps(make)
    def made(knowledge: Knowledge) -> _Made:
        with lock:
            return remembered(knowledge)

    return made


def ask(knowledge: Knowledge, name: str, arguments: Mapping[str, Value]) -> Iterator[Row]:
    """Run a stored query of the catalogue, which reads each file once, and return its rows."""
    return rows(knowledge, queries.catalogue()[name].bind(arguments, knowledge.terms))


def rows(knowledge: Knowledge, query: str) -> Iterator[Row]:
    """Run a SELECT and return its rows."""
    result = knowledge.select(query)
    return (dict(zip(result.columns, terms, strict=True)) for terms in result.terms)


def text(term: Term) -> str:
    """Return a term as text: what a literal holds, and an IRI in its short form."""
    if isinstance(term, ox.Literal):
        return term.value
    return "" if term is None else _shorten(str(getattr(term, "value", term)))


_shorten = functools.lru_cache(maxsize=20_000)(namespaces.shorten)


def behind(name: str, arguments: Mapping[str, Value]) -> Behind:
    """Return the address of a stored query with parameters filled in."""
    pairs = []
    for key, value in arguments.items():
        many = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        pairs += [(key, namespaces.shorten(str(item))) for item in many]
    query = f"?{urlencode(pairs)}" if pairs else ""
    return Behind(name, queries.catalogue()[name].summary, f"/queries/{name}{query}")
