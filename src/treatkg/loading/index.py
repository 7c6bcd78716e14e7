"""The index of a store for queries: the curated graph as default graph, each version of a source as a named graph.

It is made from the register and the files of facts, and can always be made again.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyoxigraph as ox

from treatkg import namespaces, resources
from treatkg.errors import StorageError
from treatkg.loading import vocabulary
from treatkg.loading.staging import blocks
from treatkg.loading.store import PENDING, Store, graph_digest, opened

REGISTER = f"{namespaces.LOAD}register"
_CLEAN = "clean"
_PAUSE = 0.1  # seconds between looks at an index that is being written
Told = Callable[[str], None]


def update(store: Store, told: Told = lambda _step: None) -> Path:
    """Bring the index up to date and return its folder.

    Args:
        store: opened for writing.
        told: is told of each step.

    Raises:
        StorageError: the index cannot be written.
    """
    folder = store.folder / "index"
    digest = graph_digest()
    pending = set(json.loads(store.state(PENDING) or "[]"))
    whole = store.state("index") != _CLEAN or not folder.exists() or store.state("curated") != digest
    if not whole and not pending:
        return folder
    graphs = {str(load["graph"]) for load in store.loads()}
    if whole:
        shutil.rmtree(folder, ignore_errors=True)
    store.set_state("index", "writing")
    try:
        index = ox.Store(str(folder))
        if whole:
            told("Indexing the curated graph")
            index.bulk_load(path=str(resources.TRIPLES), format=ox.RdfFormat.TURTLE, base_iri=namespaces.BASE)
        for name in sorted(graphs if whole else pending):
            told(f"Indexing {name.removeprefix(namespaces.LOAD)}")
            _write_graph(index, name, _triples(store, name), store.folder)
        _write_graph(index, REGISTER, _register(store), store.folder)
        index.flush()
    except OSError as error:
        raise StorageError(f"{folder}: the index cannot be written ({error}); load again to complete it") from error
    store.set_state("curated", digest)
    store.set_state(PENDING, "[]")
    store.set_state("index", _CLEAN)
    return folder


def ready(folder: Path) -> ox.Store:
    """Open the index of a store for reading; one that an interrupted load has left behind is completed first.

    Raises:
        BadInputError: the folder is no store.
        StorageError: the index cannot be read, or is being written.
    """
    if not os.access(folder, os.W_OK):  # a store that others keep
        return standing(folder)
    with opened(folder) as store:
        path = update(store)
    try:
        return ox.Store.read_only(str(path))
    except (OSError, ValueError) as error:
        raise StorageError(f"{path}: the index cannot be read ({error}); remove it, it will be made again") from error


def standing(folder: Path, wait: float = 30.0) -> ox.Store:
    """Open the index of a store as it stands, beside whoever loads; while it is being written, wait.

    Args:
        folder: of the store.
        wait: seconds, at most.

    Raises:
        StorageError: it is not whole by then, or cannot be read.
    """
    end = time.monotonic() + wait
    while True:
        try:
            if _is_whole(folder):
                index = ox.Store.read_only(str(folder / "index"))
                if _is_whole(folder):
                    return index
        except (OSError, sqlite3.Error) as error:
            if time.monotonic() > end:
                raise StorageError(f"{folder}: the index cannot be read ({error})") from error
        if time.monotonic() > end:
            raise StorageError(f"{folder}: the index is not whole; load again to complete it")
        time.sleep(_PAUSE)


def _is_whole(folder: Path) -> bool:
    # Where nothing can be written, there is no writer to look out for, and SQLite could make no files for that.
    mode = "mode=ro" if os.access(folder, os.W_OK) else "immutable=1"
    address = f"{(folder / 'registry.sqlite').absolute().as_uri()}?{mode}"
    with contextlib.closing(sqlite3.connect(address, uri=True)) as register:
        return (
            register.execute("SELECT 1 FROM state WHERE name = 'index' AND value = ?", (_CLEAN,)).fetchone() is not None
        )


def _write_graph(index: ox.Store, name: str, lines: Iterator[str], folder: Path) -> None:
    """Replace a named graph by N-Triples, through a file, so that memory stays flat."""
    node = ox.NamedNode(name)
    index.clear_graph(node)
    with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".nt", encoding="utf-8") as file:
        file.writelines(lines)
        file.flush()
        index.bulk_load(path=file.name, format=ox.RdfFormat.N_TRIPLES, to_graph=node)


def _triples(store: Store, name: str) -> Iterator[str]:
    for file, counted in store.documents_of(name):
        for head, lines in blocks(file):
            if (head.key, head.version) in counted:
                yield from lines


def _register(store: Store) -> Iterator[str]:
    """Return what was loaded, from which file, by which loader and when; what is superseded or ended; the terms."""
    for triple in vocabulary.terms():
        if isinstance(triple.subject, ox.NamedNode) and isinstance(triple.object, (ox.NamedNode, ox.Literal)):
            yield f"{triple} .\n"
    for load in store.loads():
        yield from (f"{triple} .\n" for triple in _provenance({key: str(value) for key, value in load.items()}))
    superseded, invalidated = _iri("tkg:supersededBy"), _iri("prov:invalidatedAtTime")
    for old, new, order in store.superseded():
        yield f"{ox.Triple(ox.NamedNode(old), superseded, ox.NamedNode(new))} .\n"
        yield f"{ox.Triple(ox.NamedNode(old), invalidated, _date(order[-10:]))} .\n"
    for iri, day in store.ended():
        yield f"{ox.Triple(ox.NamedNode(iri), invalidated, _date(day))} .\n"


def _provenance(load: dict[str, str]) -> list[ox.Triple]:
    named = ox.NamedNode(load["graph"])
    activity = ox.NamedNode(f"{namespaces.LOAD}activity/{load['fingerprint'][:24]}")
    file = ox.NamedNode(f"{namespaces.LOAD}file/{load['digest'][:24]}")
    loader = ox.NamedNode(f"{namespaces.LOAD}loader/{load['source']}/{load['loader'][:12]}")
    text = ox.Literal
    statements: list[tuple[ox.NamedNode, str, ox.NamedNode | ox.Literal]] = [
        (named, "rdf:type", _iri("tkg:LoadedGraph")),
        (named, "rdfs:label", text(f"{load['source']} {load['version']}", language="en")),
        (named, "dcterms:title", text(load["title"], language="en")),
        (named, "dcterms:license", text(load["license"])),
        (named, "dcterms:source", ox.NamedNode(load["homepage"])),
        (named, "schema:version", text(load["version"])),
        (named, "dcterms:date", _date(load["date"])),
        (named, "prov:wasGeneratedBy", activity),
        (named, "prov:wasDerivedFrom", file),
        (activity, "rdf:type", _iri("tkg:LoadActivity")),
        (activity, "rdf:type", _iri("prov:Activity")),
        (activity, "prov:used", file),
        (activity, "prov:wasAssociatedWith", loader),
        (activity, "prov:startedAtTime", _time(load["started"])),
        (activity, "prov:endedAtTime", _time(load["ended"])),
        (file, "rdf:type", _iri("prov:Entity")),
        (file, "rdfs:label", text(load["file"], language="en")),
        (file, "tkg:fileDigest", text(load["digest"])),
        (file, "tkg:retrievedOn", _date(load["retrieved"])),
        (loader, "rdf:type", _iri("prov:SoftwareAgent")),
        (loader, "rdfs:label", text(f"loader {load['source']}", language="en")),
        (loader, "tkg:loaderDigest", text(load["loader"])),
    ]
    return [ox.Triple(subject, _iri(predicate), value) for subject, predicate, value in statements]


def _iri(curie: str) -> ox.NamedNode:
    return ox.NamedNode(namespaces.expand(curie))


def _date(day: str) -> ox.Literal:
    return ox.Literal(day, datatype=_iri("xsd:date"))


def _time(moment: str) -> ox.Literal:
    return ox.Literal(moment, datatype=_iri("xsd:dateTime"))
