"""The export as an RO-Crate: what each file is, how large, with which checksum, by whom and under which licence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from treatkg import graph
from treatkg.namespaces import DATASET, DCTERMS, SKOS
from treatkg.publishing.content import Content, Exported
from treatkg.publishing.description import LICENCE, creators, files
from treatkg.publishing.formats import FORMATS, Output
from treatkg.publishing.media import media_type, specification

Entity = dict[str, Any]
_CRATE = "https://w3id.org/ro/crate/1.1"
_NAME = "ro-crate-metadata.json"
_CREATOR = "#creator"


def outputs(content: Content) -> Iterator[Output]:
    """Write the metadata; with it the graph, where no other format is written."""
    if not content.exported:
        yield Output("treatkg.ttl", graph.canonical_turtle(content.complete))
    entities = [_descriptor(), *_crate(content, files(content))]
    document = {"@context": f"{_CRATE}/context", "@graph": entities}
    yield Output(_NAME, (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode())


def _descriptor() -> Entity:
    return {"@id": _NAME, "@type": "CreativeWork", "about": {"@id": "./"}, "conformsTo": {"@id": _CRATE}}


def _crate(content: Content, described: list[Exported]) -> Iterator[Entity]:
    folders = sorted({file.path.partition("/")[0] + "/" for file in described if "/" in file.path})
    top = [file.path for file in described if "/" not in file.path]
    yield _root(content, [*top, *folders])
    for folder in folders:
        inside = [file.path for file in described if file.path.startswith(folder)]
        yield {**_named(folder, "Dataset", described, inside[0]), "hasPart": [{"@id": path} for path in inside]}
    for file in described:
        yield _file(file, described)
    yield from _context(content, described)


def _root(content: Content, parts: list[str]) -> Entity:
    view = content.view
    note = " ".join(view.texts(DATASET, SKOS + "note"))
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": view.first(DATASET, DCTERMS + "title"),
        "description": f"{view.first(DATASET, SKOS + 'definition')} {note}",
        "version": view.first(DATASET, "https://schema.org/version"),
        "datePublished": view.issued,
        "license": {"@id": LICENCE},
        "author": [{"@id": f"{_CREATOR}-{number}"} for number, _ in enumerate(creators(content), 1)],
        "hasPart": [{"@id": part} for part in parts],
    }


def _file(file: Exported, described: list[Exported]) -> Entity:
    entity = _named(file.path, "File", described, file.path)
    entity |= {"encodingFormat": media_type(file.path), "contentSize": str(file.size), "sha256": file.sha256}
    if specification(file.path):
        entity["conformsTo"] = {"@id": specification(file.path)}
    return entity


def _named(ident: str, kind: str, described: list[Exported], path: str) -> Entity:
    name = next(file.format for file in described if file.path == path)
    return {"@id": ident, "@type": kind, "name": ident, "description": FORMATS[name].summary}


def _context(content: Content, described: list[Exported]) -> Iterator[Entity]:
    """The things that the others refer to: makers, licence, specifications."""
    for number, name in enumerate(creators(content), 1):
        yield {"@id": f"{_CREATOR}-{number}", "@type": "Organization", "name": name}
    yield {
        "@id": LICENCE,
        "@type": "CreativeWork",
        "name": "Creative Commons Attribution 4.0 International",
        "identifier": "CC-BY-4.0",
    }
    for address in sorted({specification(file.path) for file in described} - {""}):
        yield {"@id": address, "@type": "CreativeWork", "name": address}
