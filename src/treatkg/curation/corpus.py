"""All curated files together: ids defined once, every reference resolved, one set of triples."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from treatkg import graph, mappings, namespaces, resources
from treatkg.curation.reader import Document, Problem, read_document
from treatkg.curation.schema import load_schema
from treatkg.errors import BadInputError, did_you_mean

_MAX_SHOWN = 50


@dataclass(frozen=True)
class Corpus:
    """The curated documents and their triples (no blank nodes, no duplicates)."""

    documents: list[Document]
    triples: frozenset[ox.Triple]

    def file_of(self, iri: str) -> Path | None:
        """Return the curated file that defines an IRI."""
        return next((document.file for document in self.documents if iri in document.defined), None)


def read_corpus(root: Path = resources.CURATED, known: Iterable[str] = (), extra: Iterable[Path] = ()) -> Corpus:
    """Read every curated file below `root`.

    Args:
        root: the folder of curated files.
        known: IRIs that other files define (labels of external terms, vocabulary).
        extra: further files; one replaces the file of the same folder and name below `root`.

    Raises:
        BadInputError: with a line for each problem of each file.
    """
    schema = load_schema()
    files = {(file.parent.name, file.name): file for file in sorted(root.rglob("*.yaml"))}
    files.update({(file.parent.name, file.name): file for file in extra})
    if not files:
        raise BadInputError(f"{root}: no curated file (*.yaml)")
    documents = [read_document(file, schema) for _, file in sorted(files.items())]
    problems = [problem for document in documents for problem in document.problems]
    problems += _duplicates(documents) + _dangling(documents, set(known))
    if problems:
        raise BadInputError(_summary(problems))
    return Corpus(documents, frozenset(triple for document in documents for triple in to_triples(document.nodes)))


def asserted_triples(extra: tuple[Path, ...] = ()) -> tuple[Corpus, frozenset[ox.Triple]]:
    """Read the curated files and what they refer to: the corpus, and its triples with the background.

    Args:
        extra: curated files to read besides, or instead of, those of the project.

    Raises:
        BadInputError: with a line for each problem of each file.
    """
    background = graph.background()
    # A mapping mentions a term without describing it.
    corpus = read_corpus(known=graph.subjects(background - mappings.triples()), extra=extra)
    return corpus, corpus.triples | background


def to_triples(nodes: list[dict[str, Any]]) -> list[ox.Triple]:
    """Read JSON-LD nodes under the project's context as RDF."""
    document = json.dumps({"@context": namespaces.context(), "@graph": nodes})
    quads = ox.parse(document, format=ox.RdfFormat.JSON_LD, base_iri=namespaces.BASE)
    return [quad.triple for quad in quads]


def _duplicates(documents: list[Document]) -> list[Problem]:
    first: dict[str, Document] = {}
    problems = []
    for document in documents:
        for iri, line in document.defined.items():
            other = first.setdefault(iri, document)
            if other is not document:
                message = f'the id "{namespaces.shorten(iri)}" is also defined in {other.file}:{other.defined[iri]}'
                problems.append(Problem(document.file, line, message))
    return problems


def _dangling(documents: list[Document], known: set[str]) -> list[Problem]:
    defined = {iri for document in documents for iri in document.defined}
    problems = []
    for document in documents:
        for iri, line in document.references:
            if iri in defined or iri in known or not _must_be_defined(iri):
                continue
            name = namespaces.shorten(iri)
            if iri.startswith(namespaces.BASE):
                message = f'no file defines "{name}"{did_you_mean(name, map(namespaces.shorten, defined))}'
            else:
                message = f'"{name}" has no label: add it to ontology/imports/ after looking it up'
            problems.append(Problem(document.file, line, message))
    return problems


_LABELLED = ("MONDO", "HP", "GO", "CL", "UBERON", "ECO", "uniprot", "reactome", "nct")


def _must_be_defined(iri: str) -> bool:
    """Terms that facts are about need a label in the graph; cross-references and web addresses do not."""
    own = (namespaces.BASE, *(namespaces.prefixes()[prefix] for prefix in _LABELLED))
    return iri.startswith(own)


def _summary(problems: list[Problem]) -> str:
    lines = [str(problem) for problem in sorted(problems)]
    count = f"{len(lines)} problem{'s' if len(lines) > 1 else ''} in the curated files"
    more = f"\n... and {len(lines) - _MAX_SHOWN} more" if len(lines) > _MAX_SHOWN else ""
    return "\n".join(lines[:_MAX_SHOWN]) + f"{more}\n{count}: nothing was written"
