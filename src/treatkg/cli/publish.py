"""Commands that publish: export, release, diff."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from treatkg.errors import StorageError, UsageError


class DiffFormat(StrEnum):
    """How changes are printed."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


def export(
    output_format: Annotated[
        str | None, typer.Argument(metavar="FORMAT", help="The format; without it, all are listed.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File, or folder for a format of several files; else standard output."),
    ] = None,
    subject: Annotated[str | None, typer.Option("--subject", help="JSON-LD of one treatment only, by its id.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Write every format into the folder --out.")] = False,
) -> None:
    """Write the graph in another format. Files that are there are replaced at once, when all is written, or not at all.

    For example: treatkg export rdfxml --out treatkg.rdf, or treatkg export jsonld --subject dupilumab, or
    treatkg export --all --out published
    """
    from treatkg import publishing
    from treatkg.publishing import jsonld

    if every:
        _export_all(output_format, subject, out)
    elif output_format is None:
        _list_formats()
    elif subject is not None:
        if publishing.find(output_format).name != "jsonld":
            raise UsageError("--subject goes with jsonld")
        _write(jsonld.subject(subject, publishing.Content()), out)
    elif out is None:
        _print(publishing.single(output_format))
    else:
        _report(publishing.export(output_format, out), out)


def release(
    version: Annotated[str, typer.Argument(help="The version, as in data/curated/dataset.yaml.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A new folder; dist/treatkg-VERSION if not given.")
    ] = None,
    prior: Annotated[
        Path | None, typer.Option("--prior", help="Folder or graph of the release before, to say what changed.")
    ] = None,
) -> None:
    """Make the files of a release: every format, what changed, SHA-256 checksums. Needs Java, like build."""
    from treatkg import releases

    made = releases.release(version, out or Path("dist") / f"treatkg-{version}", prior, progress=_say)
    size = sum(path.stat().st_size for path in made.files)
    typer.echo(f"Wrote release {version} to {made.folder}: {len(made.files)} files, {size:,} bytes")


def diff(
    old: Annotated[Path, typer.Argument(help="A release: its folder, or an RDF file.")],
    new: Annotated[Path | None, typer.Argument(help="Another; the project's graph if not given.")] = None,
    output: Annotated[DiffFormat, typer.Option("--format", "-f", help="How changes are printed.")] = DiffFormat.TEXT,
) -> None:
    """Say what changed from one release to another, as facts and not as lines.

    For example: treatkg diff treatkg-0.1.0/treatkg.ttl
    """
    from treatkg import knowledge, releases, resources

    differences = releases.compare(knowledge.open(old), knowledge.open(new or resources.TRIPLES))
    match output:
        case DiffFormat.TEXT:
            text = differences.to_text()
        case DiffFormat.MARKDOWN:
            text = differences.to_markdown()
        case DiffFormat.JSON:
            text = differences.to_json()
    typer.echo(text, nl=False)


COMMANDS = (export, release, diff)


def _say(step: str) -> None:
    typer.echo(f"{step} ...", err=True)


def _export_all(output_format: str | None, subject: str | None, out: Path | None) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from treatkg import publishing

    if output_format is not None or subject is not None:
        raise UsageError("--all writes every format: leave the format and --subject out")
    if out is None:
        raise UsageError("--all needs a folder: treatkg export --all --out FOLDER")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=len(publishing.FORMATS))
        done = -1

        def step(name: str) -> None:
            nonlocal done
            done += 1
            bar.update(task, description=name, completed=done)

        written = publishing.export_all(out, progress=step)
    _report(written, out)


def _list_formats() -> None:
    from treatkg import publishing

    width = max(map(len, publishing.FORMATS))
    for entry in publishing.FORMATS.values():
        kind = " (folder)" if entry.folder else ""
        typer.echo(f"  {entry.name:<{width}}  {entry.summary}{kind}")


def _write(content: bytes, out: Path | None) -> None:
    from treatkg import graph

    if out is None:
        _print(content)
    else:
        graph.write_atomically(out, content)
        _report([out], out)


def _print(content: bytes) -> None:
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())  # what is still buffered would fail again at the exit
        raise StorageError(f"standard output cannot be written ({error.strerror or error})") from error


def _report(written: list[Path], out: Path) -> None:
    size = sum(path.stat().st_size for path in written)
    files = "" if written == [out] else f"{len(written)} files, "
    typer.echo(f"Wrote {out} ({files}{size:,} bytes)", err=True)
