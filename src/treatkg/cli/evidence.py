"""Commands about evidence: evidence check."""

from __future__ import annotations

import json
from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from treatkg.errors import ExitCode

evidence = typer.Typer(no_args_is_help=True, help="Hold the evidence of the graph against loaded sources.")
_SHOWN = 40


class Output(StrEnum):
    """How the checked evidence is printed."""

    TEXT = "text"
    JSON = "json"


@evidence.command()
def check(
    on: Annotated[Path, typer.Option("--on", help="The store of loaded sources.")],
    treatment: Annotated[str, typer.Option(help="Only facts about this treatment.")] = "",
    output: Annotated[Output, typer.Option("--format", "-f", help="How it is printed.")] = Output.TEXT,
) -> None:
    """Look for the anchor words and figures of curated evidence in the loaded documents; exit 1 if some are not found.

    A document that is newer than the one that a fact cites may say it otherwise: then the fact is to be read again.
    """
    import treatkg
    from treatkg import namespaces
    from treatkg.evidence import Verdict
    from treatkg.evidence import check as hold

    found = hold(treatkg.open(on), treatment)
    if output is Output.JSON:
        typer.echo(json.dumps([vars(one) for one in found], indent=2, ensure_ascii=False))
    else:
        counts = Counter((one.same, one.verdict) for one in found)
        for same, title in ((True, "In the cited document"), (False, "In another label of the treatment")):
            parts = [f"{counts[same, verdict]:,} {verdict}" for verdict in Verdict if counts[same, verdict]]
            typer.echo(f"{title}: {', '.join(parts) or 'nothing to look up'}")
        missing = [one for one in found if one.verdict is Verdict.NOT_FOUND or (one.same and one.missing)]
        for one in missing[:_SHOWN]:
            figures = f"; figures not there: {', '.join(one.missing)}" if one.missing else ""
            where = f" ({one.place})" if one.place else ""
            typer.echo(f"  {namespaces.shorten(one.fact)}  {one.locator}: {one.verdict}{where}{figures}")
            typer.echo(f"    {namespaces.shorten(one.document)}")
        if len(missing) > _SHOWN:
            typer.echo(f"  ... and {len(missing) - _SHOWN:,} more (--format json lists all)")
    if any(one.same and one.verdict is Verdict.NOT_FOUND for one in found):
        raise typer.Exit(ExitCode.FINDINGS)
