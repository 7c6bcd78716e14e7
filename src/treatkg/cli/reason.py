"""Commands about what follows from the facts: reason, why."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from treatkg.errors import ExitCode

if TYPE_CHECKING:
    from treatkg.reasoning.why import Answer, Because

_SHOWN = 3


class EntailmentFormat(StrEnum):
    """How entailments are written."""

    TURTLE = "ttl"
    NTRIPLES = "nt"
    JSON = "json"


class AnswerFormat(StrEnum):
    """How an explanation is printed."""

    TEXT = "text"
    JSON = "json"


def reason(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write the entailments to; - is standard output.")
    ] = None,
    output: Annotated[
        EntailmentFormat, typer.Option("--format", "-f", help="How entailments are written.")
    ] = EntailmentFormat.TURTLE,
) -> None:
    """Say what follows from the curated facts, each with the rule or defined class that gives it (needs Java).

    The entailments are written apart from what is asserted: one node for each, with the facts that it rests on.
    data/triples.ttl is not touched.
    """
    from treatkg import graph
    from treatkg.reasoning import entailments

    found = entailments.find(progress=lambda step: typer.echo(f"{step} ...", err=True))
    to_terminal = str(out) == "-"
    if out is not None:
        content = entailments.write(found, output.value)
        if to_terminal:
            sys.stdout.buffer.write(content)
        else:
            graph.write_atomically(out, content)
    for line in entailments.summary(found):
        typer.echo(line, err=to_terminal)
    if out is not None and not to_terminal:
        typer.echo(f"Wrote {out}")


def why(
    subject: Annotated[str, typer.Argument(help="A name, id or CURIE: dupilumab, Adbry, ruxolitinib-cream ...")],
    relation: Annotated[
        str,
        typer.Argument(
            metavar="CLASS|PROPERTY",
            help="A class (IL-13 pathway blocker), a group (biologics) or a property (indicatedFor).",
        ),
    ],
    value: Annotated[str | None, typer.Argument(help="The value of the property, such as 'atopic dermatitis'.")] = None,
    output: Annotated[AnswerFormat, typer.Option("--format", "-f", help="How it is printed.")] = AnswerFormat.TEXT,
    every: Annotated[bool, typer.Option("--all", help="Give every reason, not the first three.")] = False,
    on: Annotated[
        str | None, typer.Option("--on", help="Ask another graph: an RDF file, or the address of a SPARQL endpoint.")
    ] = None,
) -> None:
    """Explain why a drug is in a class or has an edge, down to the facts and their sources; exit 1 if nothing says so.

    For example: treatkg why dupilumab "IL-13 pathway blocker"
    or: treatkg why dupilumab indicatedFor "atopic dermatitis"
    """
    import treatkg
    from treatkg.reasoning.why import Explainer

    knowledge = treatkg.open(on) if on else treatkg.open()
    answers = Explainer(knowledge).ask(subject, relation, value)
    if output is AnswerFormat.JSON:
        rows = [dataclasses.asdict(answer) | {"holds": answer.holds} for answer in answers]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n\n".join("\n".join(_told(answer, every=every)) for answer in answers))
    if not all(answer.holds for answer in answers):
        raise typer.Exit(ExitCode.FINDINGS)


COMMANDS = (reason, why)


def _told(answer: Answer, *, every: bool, depth: int = 0) -> Iterator[str]:
    indent = "  " * depth
    yield f"{indent}{answer.sentence}"
    shown = answer.reasons if every else answer.reasons[:_SHOWN]
    for number, because in enumerate(shown):
        yield from _reason(because, "or because" if number else "because", every=every, depth=depth + 1)
    if len(shown) < len(answer.reasons):
        yield f"{indent}  ... and {len(answer.reasons) - len(shown)} more reasons (--all gives them)"
    if answer.lacking:
        yield f"{indent}  Nothing says so. It would need:"
        yield from (f"{indent}    {line}" for line in answer.lacking)
    if answer.against:
        yield f"{indent}  A fact says no:"
        yield from (f"{indent}    {line}" for line in answer.against)


def _reason(because: Because, conjunction: str, *, every: bool, depth: int) -> Iterator[str]:
    indent = "  " * depth
    yield f"{indent}{conjunction}" + (f", by {because.by}: {because.words}" if because.by else f": {because.words}")
    yield from (f"{indent}  {line}" for line in because.statements)
    for nested in because.rests_on:
        yield from _told(nested, every=every, depth=depth + 1)
    for fact in because.facts:
        yield f"{indent}  {fact.id} says: {fact.label}"
        for line in fact.evidence:
            origin = ", ".join(filter(None, [line.title, line.locator, line.date, line.url]))
            yield f"{indent}    {line.direction.removeprefix('tkg:')}: {line.finding} ({origin})"
