"""Commands about links to other vocabularies: link check, link refresh."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from treatkg.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from treatkg.linking.check import Finding, Report
    from treatkg.linking.client import Client
    from treatkg.linking.refresh import Report as Refreshed

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


@link.command()
def refresh(
    online: Annotated[
        bool, typer.Option("--online", help="Send requests; without it, only the cache is read.")
    ] = False,
    endpoint: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=URL", help="Another address of an endpoint of ontology/endpoints.yaml; repeatable."),
    ] = None,
    only: Annotated[list[str] | None, typer.Option(help="Ask this endpoint only; repeatable.")] = None,
    cache: Annotated[Path | None, typer.Option(help="Folder of the answers; else that of your system.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write the report to this file too, as JSON.")] = None,
) -> None:
    """Ask public SPARQL endpoints what became of the identifiers: new names, obsolete ones, new cross-references.

    It reports and changes no file of the project. Exit 1 if an identifier is obsolete, 5 if an endpoint did not answer.
    """
    from treatkg import endpoints, graph
    from treatkg.errors import UsageError, did_you_mean
    from treatkg.linking import client
    from treatkg.linking.refresh import refresh as refresh_links

    chosen = endpoints.choose(endpoint or ())
    for name in only or ():
        if name not in chosen:
            raise UsageError(f'no endpoint "{name}"{did_you_mean(name, chosen)} ({", ".join(chosen)})')
    chosen = {name: each for name, each in chosen.items() if not only or name in only}
    asker = client.Client(cache or client.default_cache(), online=online, tell=_tell)
    report = refresh_links(asker, chosen, progress=_tell)
    if out is not None:
        graph.write_atomically(out, (json.dumps(report.as_dict(), ensure_ascii=False, indent=2) + "\n").encode())
    _print_refreshed(report, asker)
    if report.failures:
        raise typer.Exit(ExitCode.IO)
    if report.violations:
        raise typer.Exit(ExitCode.FINDINGS)


def _tell(message: str) -> None:
    typer.echo(message, err=True)


def _print_refreshed(report: Refreshed, asker: Client) -> None:
    counts = _print_findings(report.findings)
    for name, reason in report.failures.items():
        typer.echo(f"Failed: {name}: {reason}", err=True)
    if report.offline:
        missing = ", ".join(f"{name} {count}" for name, count in report.offline.items())
        typer.echo(f"Offline: {asker.cache} holds no answer for {missing}. Add --online to ask.")
    answered = ", ".join(f"{name} {count} of {report.asked[name]}" for name, count in report.answered.items())
    typer.echo(f"Answered: {answered or 'nothing'} ({asker.requests} requests); {counts}")


def _print_report(report: Report) -> None:
    counts = _print_findings(report.findings)
    unknown = ", ".join(f"{prefix} {count}" for prefix, count in report.unchecked.items())
    if unknown:
        typer.echo(f"Only the form was checked of: {unknown}")
    typer.echo(f"{sum(report.checked.values()):,} identifiers against {report.reference}: {counts}")


def _print_findings(everything: Sequence[Finding]) -> str:
    """Print findings by severity, and return how many there are of each."""
    from treatkg.linking.check import SEVERITIES

    counts = []
    for severity in SEVERITIES:
        findings = [finding for finding in everything if finding.severity == severity]
        counts.append(f"{len(findings)} {severity.lower()}{'' if len(findings) == 1 else 's'}")
        for finding in findings if severity == "Violation" else findings[:_SHOWN]:
            typer.echo(f"{severity}: {finding.identifier} {finding.message} [{finding.where}]")
        if severity != "Violation" and len(findings) > _SHOWN:
            typer.echo(f"  ... and {len(findings) - _SHOWN} more (--format json lists all)")
    return ", ".join(counts)
