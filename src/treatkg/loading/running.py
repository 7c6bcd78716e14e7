"""A load from beginning to end: find the files, stage each, take it in, bring the index up to date."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyoxigraph as ox

from treatkg import graph, namespaces, resources
from treatkg.errors import BadInputError, StorageError
from treatkg.loading import checking, index, inputs
from treatkg.loading.checking import Check
from treatkg.loading.identifiers import slug
from treatkg.loading.inputs import Input
from treatkg.loading.recognising import Recognised, recognise
from treatkg.loading.report import Report
from treatkg.loading.resolving import Resolver, resolver_of
from treatkg.loading.source import Source
from treatkg.loading.staging import Plan, stage
from treatkg.loading.store import Load, Store, graph_digest, opened


class Watcher(Protocol):
    """Is told how a load goes."""

    def step(self, what: str) -> None:
        """A step begins."""

    def file(self, file: Input) -> None:
        """A file begins."""

    def records(self, count: int) -> None:
        """So many records of the file are done."""


class _Silent:
    def step(self, what: str) -> None: ...
    def file(self, file: Input) -> None: ...
    def records(self, count: int) -> None: ...


@dataclass(frozen=True)
class Options:
    """How to load.

    Args:
        version: of the source, where its files do not say it.
        retrieved: day of the download, where it is not the day of the file.
        limit: number of records of each file; then nothing counts as complete.
        jobs: number of processes; 0 for one a core.
        check: how many documents are checked with SHACL.
        replace: take a known version of a document anew where its content differs.
    """

    version: str = ""
    retrieved: datetime.date | None = None
    limit: int | None = None
    jobs: int = 0
    check: Check = Check.SAMPLE
    replace: bool = False


def load(
    source: Source,
    paths: Sequence[str],
    folder: Path,
    options: Options = Options(),
    watcher: Watcher = _Silent(),  # noqa: B008 (has no state)
) -> Report:
    """Load files of a source into a store.

    A file is taken in as a whole or not at all. What was loaded before an error or an interruption stays; the same
    call again goes on from there.

    Args:
        source: what the files are of.
        paths: files, folders, patterns, or "-".
        folder: the store; made where there is none.
        options: how to load.
        watcher: is told how it goes.

    Raises:
        UsageError: a path names nothing.
        BadInputError: a file is not what it should be; names file and place.
        LimitError: a file is too large, or memory runs out.
        StorageError: a file cannot be read, or the store cannot be written.
    """
    total = Report(source.id)
    recognised = list(_recognised(source, paths, options, total.skipped))
    resolver, types = known_terms()
    with opened(folder) as store:
        for number, one in enumerate(recognised):
            total.add(_load(store, _plan(source, one, number, resolver, types, options), options, watcher))
        index.update(store, watcher.step)
    return total


def try_out(
    source: Source,
    paths: Sequence[str],
    options: Options = Options(),
    watcher: Watcher = _Silent(),  # noqa: B008 (has no state)
) -> Report:
    """Do all of a load but take nothing in, and return its report."""
    total = Report(source.id)
    recognised = list(_recognised(source, paths, options, total.skipped))
    resolver, types = known_terms()
    with tempfile.TemporaryDirectory(prefix="treatkg-") as folder:
        for number, one in enumerate(recognised):
            watcher.file(one.file)
            plan = _plan(source, one, number, resolver, types, options)
            total.add(stage(plan, Path(folder) / str(number), watcher.records)[1])
    return total


def write_out(folder: Path, target: Path) -> int:
    """Write the loaded graphs of a store, with the register, as N-Quads in one step; returns the number of quads.

    Raises:
        StorageError: the file cannot be written; the previous one stays.
    """
    loaded = ox.Store.read_only(str(folder / "index"))
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    count = 0
    try:
        with temporary.open("w", encoding="utf-8") as stream:
            for name in loaded.named_graphs():
                for quad in loaded.quads_for_pattern(None, None, None, name):
                    stream.write(f"{quad} .\n")
                    count += 1
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    except OSError as error:
        raise StorageError(f"{target}: cannot be written ({error.strerror}); the previous file is unchanged") from error
    finally:
        temporary.unlink(missing_ok=True)
    return count


def known_terms() -> tuple[Resolver, dict[str, frozenset[str]]]:
    """Return what finds the terms of the curated graph, and the classes of each of its nodes."""
    triples = list(graph.parse_file(resources.TRIPLES))
    types: dict[str, set[str]] = {}
    for triple in triples:
        if triple.predicate == graph.RDF_TYPE:
            types.setdefault(graph.iri_of(triple.subject), set()).add(graph.iri_of(triple.object))
    return resolver_of(triples), {iri: frozenset(classes) for iri, classes in types.items()}


def _recognised(source: Source, paths: Sequence[str], options: Options, skipped: Counter[str]) -> Iterator[Recognised]:
    found = False
    for file in inputs.find(paths):
        dated = dataclasses.replace(file, retrieved=options.retrieved) if options.retrieved else file
        for one in recognise(source, [dated], options.version, skipped):
            found = True
            yield one
    if not found:
        raise BadInputError(f"{', '.join(paths)}: no file of {source.title} in it ({', '.join(skipped) or 'empty'})")


def _plan(
    source: Source,
    recognised: Recognised,
    number: int,
    resolver: Resolver,
    types: dict[str, frozenset[str]],
    options: Options,
) -> Plan:
    jobs = options.jobs or os.cpu_count() or 1
    check = checking.of_file(options.check, number)
    return Plan(source, recognised, resolver, types, check, jobs, options.limit)


def _load(store: Store, plan: Plan, options: Options, watcher: Watcher) -> Report:
    one = plan.recognised
    watcher.file(one.file)
    begun = _describe(plan, options)
    if store.is_loaded(begun.fingerprint):
        return Report(plan.source.id, files=1, files_known=1)
    staged, report = stage(plan, store.staging(begun.fingerprint), watcher.records)
    store.take(begun, staged, report, replace=options.replace)
    return report


def _describe(plan: Plan, options: Options) -> Load:
    one, source = plan.recognised, plan.source
    digest, loader = one.file.digest(), source.digest()
    what = [source.id, digest, loader, graph_digest(), one.version, options.limit, str(options.check), options.replace]
    return Load(
        source=source.id,
        version=one.version,
        date=one.date.isoformat(),
        graph=f"{namespaces.LOAD}{source.id}/{slug(one.version)}",
        file="!".join(filter(None, (one.file.path.name, one.file.within, one.file.member))),
        digest=digest,
        fingerprint=hashlib.sha256(json.dumps(what).encode()).hexdigest(),
        loader=loader,
        retrieved=one.file.retrieved.isoformat(),
        started=datetime.datetime.now(tz=datetime.UTC).isoformat(timespec="seconds"),
        complete=one.format.complete and options.limit is None,
        title=source.title,
        license=source.license,
        homepage=source.homepage,
    )
