"""Commands that make and check files: build, validate, export."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from treatkg.errors import ExitCode

if TYPE_CHECKING:
    from treatkg.validation import Report


class ReportFormat(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    TURTLE = "turtle"


def build(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 if the committed graph is out of date.")
    ] = False,
) -> None:
    """Build data/triples.ttl: read the curated files, classify (HermiT, needs Java), apply the rules, check, write."""
    from treatkg import build as building
    from treatkg import resources

    built = building.build(progress=lambda step: typer.echo(f"{step} ...", err=True))
    _print_findings(built.report)
    if built.report.violations:
        typer.echo(f"{resources.TRIPLES} is unchanged", err=True)
        raise typer.Exit(ExitCode.FINDINGS)
    counts = f"{built.asserted:,} asserted and {built.entailed:,} entailed triples"
    if check:
        building.check_drift(built)
        typer.echo(f"{resources.TRIPLES.name} is up to date: {counts}")
    else:
        building.write(built)
        typer.echo(f"Wrote {resources.TRIPLES}: {counts}")


def validate(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Curated files (checked together) or RDF files; without any, the graph."),
    ] = None,
    output: Annotated[
        ReportFormat, typer.Option("--format", "-f", help="How findings are printed.")
    ] = ReportFormat.TEXT,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print violations only.")] = False,
) -> None:
    """Check with the SHACL shapes and the quality queries; exit 1 if anything is wrong (warnings do not count)."""
    from treatkg import graph, resources, validation

    report = validation.validate_files(files) if files else validation.validate(graph.parse_file(resources.TRIPLES))
    if output is ReportFormat.TEXT:
        _print_findings(report, quiet=quiet)
    else:
        typer.echo(_as_document(report, output))
    if report.violations:
        raise typer.Exit(ExitCode.FINDINGS)


def export(
    output_format: Annotated[str, typer.Argument(metavar="FORMAT", help="turtle, ntriples, jsonld or sssom.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write; standard output if not given.")
    ] = None,
    subject: Annotated[str | None, typer.Option("--subject", help="JSON-LD of one treatment only, by its id.")] = None,
) -> None:
    """Write the graph in another format.

    Turtle and N-Triples hold what is asserted and what follows from it. JSON-LD holds what is asserted, in the shape of
    the curated files. SSSOM holds the matches of treatments, substances and groups; `build` writes it too.
    """
    import sys

    from treatkg import exporting, graph

    content = exporting.export(output_format, subject=subject)
    if out is None:
        sys.stdout.buffer.write(content)
        return
    graph.write_atomically(out, content)
    typer.echo(f"Wrote {out} ({len(content):,} bytes)", err=True)


COMMANDS = (build, validate, export)


def _as_document(report: Report, output: ReportFormat) -> str:
    if output is ReportFormat.JSON:
        return json.dumps([finding.as_dict() for finding in report.findings], ensure_ascii=False, indent=2)
    return str(report.to_graph().serialize(format="turtle"))


def _print_findings(report: Report, *, quiet: bool = False) -> None:
    shown = 0
    for (severity, message), findings in report.by_message().items():
        if quiet and severity != "Violation":
            continue
        typer.echo(f"{severity}: {message} ({len(findings)})")
        for finding in findings[:20]:
            row = finding.as_dict()
            detail = " ".join(filter(None, [row["path"], row["value"]]))
            typer.echo(f"  {row['focus']}" + (f"  {detail}" if detail else ""))
        if len(findings) > 20:
            typer.echo(f"  ... and {len(findings) - 20} more (--format json lists all)")
        shown += len(findings)
    counts = {
        severity: sum(f.severity == severity for f in report.findings) for severity in ("Violation", "Warning", "Info")
    }
    summary = ", ".join(f"{count} {severity.lower()}{'' if count == 1 else 's'}" for severity, count in counts.items())
    typer.echo(
        f"{report.triples:,} triples, {report.shapes} shapes, {report.quality_queries} quality queries: {summary}"
    )
