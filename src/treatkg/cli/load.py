"""The command that brings public sources into the user's store: load."""

from __future__ import annotations

import datetime
import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from treatkg.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from treatkg.loading import Options, Report, Source
    from treatkg.loading.inputs import Input


class Check(StrEnum):
    """How many documents are checked with SHACL."""

    SAMPLE = "sample"
    ALL = "all"
    NONE = "none"


def load(
    source: Annotated[
        str | None, typer.Argument(help="A source (--list shows them), or the folder of a loader of your own.")
    ] = None,
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH...", help="Files, folders, patterns, .gz, .zip, or - for standard input."),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option("--to", help="The store: a folder; or a SPARQL Update endpoint that mirrors the store."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write N-Quads into this file, and nothing into a store.")
    ] = None,
    every: Annotated[bool, typer.Option("--list", help="List the sources, or what the store holds with --to.")] = False,
    online: Annotated[
        bool,
        typer.Option("--online", help="Without PATH: ask the source's SPARQL endpoint, keep its answers, load them."),
    ] = False,
    service: Annotated[
        str, typer.Option("--endpoint", metavar="URL", help="With --online, another address of the endpoint.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do it all, but keep nothing.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Read so many records of each file.")] = None,
    version: Annotated[str, typer.Option(help="Version of the source, where its files do not say it.")] = "",
    retrieved: Annotated[
        str, typer.Option(metavar="DATE", help="Day of the download, if it is not the day of the file.")
    ] = "",
    jobs: Annotated[int, typer.Option(min=0, help="Number of processes; 0 for one a core.")] = 0,
    check: Annotated[Check, typer.Option(help="How many documents are checked with SHACL.")] = Check.SAMPLE,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take a known version of a document anew where its content differs.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Load files of a public source into named graphs beside the curated graph, each fact with its place in the source.

    For example: treatkg load chembl mechanism.json
    """
    from treatkg import loading

    if every:
        _list(to)
        return
    if source is None or not (paths or online):
        raise UsageError("say what to load: treatkg load SOURCE PATH...; treatkg load --list shows the sources")
    if paths and online:
        raise UsageError("--online asks the endpoint of the source, PATH names files: give one of them")
    found = loading.find(source)
    paths = paths or [str(_fetched(found, service))]
    options = loading.Options(version, _day(retrieved), limit, jobs, loading.Check(check), replace)
    report = _run(found, paths, options, to=to, out=out, dry_run=dry_run, quiet=quiet)
    typer.echo(json.dumps(report.as_dict(), indent=2, ensure_ascii=False) if as_json else "\n".join(report.lines()))
    if report.findings:
        raise typer.Exit(ExitCode.FINDINGS)


COMMANDS = (load,)


def _run(
    source: Source,
    paths: list[str],
    options: Options,
    *,
    to: str | None,
    out: Path | None,
    dry_run: bool,
    quiet: bool,
) -> Report:
    from treatkg import loading
    from treatkg.loading import remote
    from treatkg.loading.store import default_folder

    if out and to:
        raise UsageError("--out writes a file and --to a store: give one of them")
    with _watcher(quiet=quiet) as watcher:
        if dry_run:
            return loading.try_out(source, paths, options, watcher)
        if out:
            with tempfile.TemporaryDirectory(prefix="treatkg-") as folder:
                report = loading.load(source, paths, Path(folder) / "store", options, watcher)
                watcher.step(f"Writing {out}")
                loading.write_out(Path(folder) / "store", out)
            return report
        mirrored = to if to and "://" in to else ""
        folder_of_store = default_folder() if mirrored or not to else Path(to)
        report = loading.load(source, paths, folder_of_store, options, watcher)
        if mirrored:
            remote.mirror(folder_of_store, mirrored, watcher.step)
        return report


def _fetched(source: Source, address: str) -> Path:
    """Ask the endpoint of a source, and return the file of its answers."""
    from treatkg.linking.client import Client
    from treatkg.loading import fetching
    from treatkg.loading.store import default_folder

    layout = fetching.online_format(source)
    client = Client(online=True, tell=lambda message: typer.echo(message, err=True))
    folder = default_folder().parent / "answers"
    folder.mkdir(parents=True, exist_ok=True)
    endpoint = fetching.endpoint_of(layout, address)
    return fetching.fetch(source, layout, client, folder, endpoint, lambda message: typer.echo(message, err=True))


def _list(to: str | None) -> None:
    from treatkg import loading
    from treatkg.loading.store import contents

    if to is None:
        for source in loading.sources().values():
            typer.echo(f"{source.id:<20} {source.title} ({source.license}); {', '.join(source.gives)}")
            for entry in source.formats:
                typer.echo(f"{'':<20}   {entry.title}")
        return
    for row in contents(Path(to)):
        typer.echo(f"{row['source']:<20} {row['version']:<24} {row['documents']:>9,} documents  {row['file']}")


def _day(text: str) -> datetime.date | None:
    if not text:
        return None
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return datetime.date.fromisoformat(text)
    except ValueError:
        pass
    raise UsageError(f'--retrieved takes a date such as 2026-11-01, not "{text}"')


class _Watcher:
    """Shows a progress bar for each file, on standard error."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None
        self._input: Input | None = None

    def step(self, what: str) -> None:
        self._done()
        self._progress.console.print(f"{what} ...")

    def file(self, file: Input) -> None:
        self._done()
        self._input = file
        self._task = self._progress.add_task(Path(file.name).name[-32:], total=1.0, records=0)

    def records(self, count: int) -> None:
        if self._task is not None and self._input is not None:
            self._progress.update(self._task, completed=self._input.meter.fraction(), records=count)

    def _done(self) -> None:
        if self._task is not None:
            self._progress.update(self._task, completed=1.0)
            self._task = None


@contextmanager
def _watcher(*, quiet: bool) -> Iterator[_Watcher]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=16),
        TextColumn("{task.fields[records]:,}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=Console(stderr=True, quiet=quiet), disable=quiet) as progress:
        yield _Watcher(progress)
