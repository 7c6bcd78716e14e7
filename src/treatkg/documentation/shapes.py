"""One page for each file of shapes: what it checks, why, and how to mend what it finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import rdflib
from rdflib.namespace import RDF, SH

from treatkg import namespaces, validation
from treatkg.documentation.pages import render

_NOT_SHOWN = {SH.path, SH.severity, SH.message, SH.property, SH.targetClass, SH.ignoredProperties, RDF.type}
_TARGETS = {
    SH.targetClass: "every",
    SH.targetSubjectsOf: "what has",
    SH.targetObjectsOf: "what is a value of",
    SH.targetNode: "",
}


@dataclass(frozen=True)
class Check:
    """A shape in words: where it looks, what it demands, how bad it is, and how to mend it."""

    name: str
    target: str
    path: str
    demands: tuple[tuple[str, str], ...]
    severity: str
    message: str


@dataclass(frozen=True)
class File:
    """A file of shapes; `title` and `paragraphs` are its opening comment."""

    name: str
    title: str
    paragraphs: tuple[str, ...]
    checks: tuple[Check, ...]


def pages(folder: Path, home: str = "") -> Iterator[tuple[str, bytes]]:
    """Return the path and content of each page, the index first."""
    files = [_read(file) for file in sorted(folder.glob("*.ttl"))]
    yield "index.html", render("index.html", home, files=files, root="")
    for file in files:
        yield f"shapes/{file.name}.html", render("shapes.html", home, file=file, root="../")


def _read(path: Path) -> File:
    text = path.read_text(encoding="utf-8")
    comment = [line.removeprefix("#").strip() for line in text.split("@prefix")[0].strip().splitlines()]
    title, *rest = "\n".join(comment).split("\n\n")
    graph = rdflib.Graph().parse(data=text, format="turtle")
    shapes = {shape for kind in (SH.NodeShape, SH.PropertyShape) for shape in graph.subjects(RDF.type, kind)}
    nodes = sorted(shapes - set(graph.objects(None, SH.property)), key=lambda node: text.find(f"{_local(node)} a "))
    checks = [check for node in nodes for check in _checks(graph, node, text)]
    return File(path.stem, title.replace("\n", " "), tuple(part.replace("\n", " ") for part in rest), tuple(checks))


def _checks(graph: rdflib.Graph, node: rdflib.term.Node, text: str) -> Iterator[Check]:
    target = ", ".join(
        f"{words} {namespaces.shorten(str(value))}".strip()
        for kind, words in _TARGETS.items()
        for value in sorted(graph.objects(node, kind), key=str)
    )
    own = _check(graph, node, target)
    if own.demands or own.message:
        yield own
    for inner in sorted(graph.objects(node, SH.property), key=lambda shape: text.find(f"{_local(shape)} a ")):
        yield _check(graph, inner, target)


def _check(graph: rdflib.Graph, shape: rdflib.term.Node, target: str) -> Check:
    demands = [
        (_local(parameter), _value(graph, value))
        for parameter, value in graph.predicate_objects(shape)
        if parameter not in _NOT_SHOWN and parameter not in _TARGETS
    ]
    return Check(
        name=_local(shape),
        target=target,
        path=validation.path_text(graph, graph.value(shape, SH.path)),
        demands=tuple(sorted(demands)),
        severity=_local(graph.value(shape, SH.severity) or ""),
        message=str(graph.value(shape, SH.message) or ""),
    )


def _value(graph: rdflib.Graph, value: rdflib.term.Node) -> str:
    """Write a value of a constraint in short; of a nested shape, its constraints."""
    if not isinstance(value, rdflib.BNode):
        return namespaces.shorten(str(value)) if isinstance(value, rdflib.URIRef) else str(value)
    if (value, RDF.first, None) in graph:
        return ", ".join(_value(graph, item) for item in graph.items(value))
    if (value, SH.select, None) in graph:
        return " ".join(str(graph.value(value, SH.select)).split())
    parts = sorted(f"{_local(key)} {_value(graph, inner)}" for key, inner in graph.predicate_objects(value))
    return "; ".join(parts)


def _local(node: object) -> str:
    return str(node).rpartition("#")[2]
