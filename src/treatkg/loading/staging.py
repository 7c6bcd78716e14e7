"""From one recognised file to a file of triples: in batches, on all cores, resumable after an interruption.

The result is N-Triples in blocks. A comment line begins each block and says which version of which document it is, so
that the store can take some blocks and leave others.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import multiprocessing
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from treatkg import namespaces
from treatkg.errors import BadInputError, LimitError, TreatKGError
from treatkg.graph import write_atomically
from treatkg.loading.checking import Check, Checker
from treatkg.loading.items import Record
from treatkg.loading.recognising import Recognised
from treatkg.loading.report import Report
from treatkg.loading.resolving import Resolver
from treatkg.loading.source import Source, Transform, read_source
from treatkg.loading.writing import Block, TransformError, Writer

BATCH = 250
# The day of a download is of the file, not of the document: it makes no other content.
_RETRIEVED = f" <{namespaces.TKG}retrievedOn> "
_AHEAD = 2  # batches in flight for each process: the memory that a load needs
Told = Callable[[int], None]


@dataclass(frozen=True)
class Plan:
    """One file of a load, and how it is to be loaded."""

    source: Source
    recognised: Recognised
    resolver: Resolver
    types: dict[str, frozenset[str]]
    check: Check = Check.SAMPLE
    jobs: int = 1
    limit: int | None = None


@dataclass(frozen=True)
class Head:
    """What the comment line of a block says."""

    key: str
    version: str
    order: str
    iri: str
    digest: str

    def line(self) -> str:
        """Return the comment line."""
        return "#" + json.dumps(vars(self), ensure_ascii=True) + "\n"


def blocks(file: Path) -> Iterator[tuple[Head, list[str]]]:
    """Return the blocks of a staged file, with their lines of N-Triples."""
    head: Head | None = None
    lines: list[str] = []
    with file.open(encoding="utf-8") as stream:
        for line in stream:
            if not line.startswith("#"):
                lines.append(line)
                continue
            if head:
                yield head, lines
            head, lines = Head(**json.loads(line[1:])), []
    if head:
        yield head, lines


def stage(plan: Plan, folder: Path, told: Told = lambda _records: None) -> tuple[Path, Report]:
    """Write the triples of a file into a folder of its own, taking up what an interrupted load has left there.

    Args:
        plan: the file, and how to load it.
        folder: of this file and plan alone.
        told: is told how many records are done.

    Returns:
        The file of triples in blocks, and the report.

    Raises:
        BadInputError: the file or the loader is wrong, with the record.
        LimitError: a process ended, as it does without memory.
    """
    folder.mkdir(parents=True, exist_ok=True)
    total = Report(plan.source.id, files=1)
    parts = []
    for part, report in _parts(plan, folder):
        total.add(report)
        parts.append(part)
        told(total.records)
    whole = folder / "blocks.nt"
    with whole.open("wb") as target:
        for part in parts:
            with part.open("rb") as piece:
                shutil.copyfileobj(piece, target)
        target.flush()
        os.fsync(target.fileno())
    return whole, total


def _parts(plan: Plan, folder: Path) -> Iterator[tuple[Path, Report]]:
    batches = enumerate(_batches(plan))
    first = list(itertools.islice(batches, 2))
    if plan.jobs == 1 or len(first) < 2:
        worker = Worker(plan)
        for number, batch in itertools.chain(first, batches):
            yield _kept(folder, number) or _keep(folder, number, worker.run(number, batch))
        return
    yield from _parallel(plan, folder, itertools.chain(first, batches))


def _parallel(plan: Plan, folder: Path, batches: Iterator[tuple[int, list[Record]]]) -> Iterator[tuple[Path, Report]]:
    waiting: list[tuple[int, Future[_Result] | None]] = []
    context = multiprocessing.get_context("spawn")
    setup = (plan.source.folder, plan.recognised, plan.resolver, plan.types, plan.check)
    with ProcessPoolExecutor(plan.jobs, context, _start, setup) as pool:
        try:
            for number, batch in batches:
                waiting.append((number, None if _kept(folder, number) else pool.submit(_run, number, batch)))
                if len(waiting) >= plan.jobs * _AHEAD:
                    yield _finished(folder, *waiting.pop(0))
            while waiting:
                yield _finished(folder, *waiting.pop(0))
        except BrokenProcessPool as error:
            raise LimitError("a process of the load ended, as it does when memory runs out; try --jobs 1") from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _finished(folder: Path, number: int, future: Future[_Result] | None) -> tuple[Path, Report]:
    if future is not None:
        return _keep(folder, number, future.result())
    kept = _kept(folder, number)
    if kept is None:
        raise BadInputError(f"{folder}: part {number} is gone; load again")
    return kept


def _batches(plan: Plan) -> Iterator[list[Record]]:
    records = plan.recognised.reader().records(plan.recognised.file)
    chosen = itertools.islice(records, plan.limit) if plan.limit is not None else records
    while batch := list(itertools.islice(chosen, BATCH)):
        yield batch


# --- parts on disk

_Result = tuple[bytes, Report]


def _kept(folder: Path, number: int) -> tuple[Path, Report] | None:
    part, counts = folder / f"{number:07}.nt", folder / f"{number:07}.json"
    if not counts.exists() or not part.exists():
        return None
    return part, _report_of(json.loads(counts.read_text(encoding="utf-8")))


def _keep(folder: Path, number: int, result: _Result) -> tuple[Path, Report]:
    content, report = result
    part = folder / f"{number:07}.nt"
    write_atomically(part, content)
    # The counts are written last: where they are, the part is whole.
    write_atomically(folder / f"{number:07}.json", json.dumps(report.as_dict()).encode())
    return part, report


def _report_of(counts: dict[str, object]) -> Report:
    report = Report()
    for name, value in counts.items():
        if name == "unmapped":
            report.unmapped = Counter({(kind, text): count for kind, text, count in value})  # type: ignore[attr-defined]
        elif isinstance(value, dict):
            setattr(report, name, Counter(value))
        else:
            setattr(report, name, value)
    return report


# --- in a process

_worker: list[Worker] = []


def _start(
    folder: Path, recognised: Recognised, resolver: Resolver, types: dict[str, frozenset[str]], check: Check
) -> None:
    _worker[:] = [Worker(Plan(read_source(folder), recognised, resolver, types, check))]


def _run(number: int, batch: list[Record]) -> _Result:
    return _worker[0].run(number, batch)


class Worker:
    """Turns batches of records into blocks."""

    def __init__(self, plan: Plan) -> None:
        self._recognised = plan.recognised
        self._transform: Transform = plan.source.transform()
        got = plan.recognised
        self._writer = Writer(plan.source, got.version, got.date, got.file.retrieved, plan.resolver)
        self._checker = Checker(plan.check, plan.types)

    def run(self, number: int, batch: Sequence[Record]) -> _Result:
        """Return the blocks of a batch as N-Triples, and its report."""
        report = Report(records=len(batch))
        self._writer.skips.clear()
        made = [block for record in batch for block in self._blocks(record)]
        report.checked, bad = self._checker.findings(number, made)
        lines: list[str] = []
        said: set[str] = set()
        of = ""
        for block in made:
            if block.iri in bad:
                report.findings.update(set(bad[block.iri]))
                continue
            # The rows of a table and the terms of an ontology all repeat what their one document says of itself.
            said, of = (said, of) if of == block.iri else (set(), block.iri)
            own = [line for line in block.lines() if line not in said]
            said.update(own)
            digest = hashlib.sha256("".join(line for line in own if _RETRIEVED not in line).encode()).hexdigest()
            lines += [Head(block.key, block.version, block.order, block.iri, digest).line(), *own]
            report.documents += 1
            report.triples += len(own)
            report.facts += block.facts
            report.unmapped += block.unmapped
        report.skipped += self._writer.skips
        return "".join(lines).encode(), report

    def _blocks(self, record: Record) -> list[Block]:
        where = f"{self._recognised.file.name}: {record.where}"
        try:
            return list(self._writer.blocks(self._transform(record), where))
        except TreatKGError as error:
            raise type(error)(f"{where}: {error}") from error
        except RecursionError as error:
            raise LimitError(f"{where}: nested too deeply") from error
        except Exception as error:
            kind = type(error).__name__
            raise TransformError(f"{where}: not as the loader knows the source ({kind}: {error})") from error
