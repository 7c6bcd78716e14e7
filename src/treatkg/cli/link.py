"""Commands about links to other vocabularies: link check, link refresh."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from treatkg.errors import ExitCode

if TYPE_CHECKING:
    from treatkg.linking.check import Report

link = typer.Typer(
    help="Check the identifiers of other vocabularies, and ask what became of them.", no_args_is_help=True
)
_SHOWN = 30


class FindingsFormat(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"


FormatOption = Annotated[FindingsFormat, typer.Option("--format", "-f", help="How findings are printed.")]


@link.command()
def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="RDF files, curated files or mapping sets (.sssom.tsv); without any, graph and mappings."),
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(help="Folder of reference tables (docs/linking.md says how they look); else ontology/imports."),
    ] = None,
    output: FormatOption = FindingsFormat.TEXT,
) -> None:
    """Check external identifiers: form, existence, obsolete or not, name; exit 1 if anything is wrong."""
    from treatkg.linking.check import check as check_links

    report = check_links(files or (), reference)
    if output is FindingsFormat.JSON:
        typer.echo(json.dumps([finding.as_dict() for finding in report.findings], ensure_ascii=False, indent=2))
    else:
        _print_report(report)
    if report.violations:
        raise typer.Exit(ExitCode.FINDINGS)


def _print_report(report: Report) -> None:
    from treatkg.linking.check import SEVERITIES

    counts = []
    for severity in SEVERITIES:
        findings = [finding for finding in report.findings if finding.severity == severity]
        counts.append(f"{len(findings)} {severity.lower()}{'' if len(findings) == 1 else 's'}")
        for finding in findings if severity == "Violation" else findings[:_SHOWN]:
            typer.echo(f"{severity}: {finding.identifier} {finding.message} [{finding.where}]")
        if severity != "Violation" and len(findings) > _SHOWN:
            typer.echo(f"  ... and {len(findings) - _SHOWN} more (--format json lists all)")
    unknown = ", ".join(f"{prefix} {count}" for prefix, count in report.unchecked.items())
    if unknown:
        typer.echo(f"Only the form was checked of: {unknown}")
    typer.echo(f"{sum(report.checked.values()):,} identifiers against {report.reference}: {', '.join(counts)}")
