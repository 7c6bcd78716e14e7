"""Commands that ask: query, sparql, show."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from treatkg.errors import StorageError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from treatkg.cards import Card, FactLine
    from treatkg.knowledge import Knowledge
    from treatkg.queries import StoredQuery
    from treatkg.results import Result


_FACTS_OF_A_KIND = 4
_SHORT = 20
_LONG = 60
_TOO_WIDE = 1.2
_WIDTH_WITHOUT_TERMINAL = 160


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    TSV = "tsv"
    JSON = "json"
    MARKDOWN = "markdown"


FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How rows are printed.")]
SourceOption = Annotated[
    str | None,
    typer.Option(
        "--on", help="Ask another graph: an RDF file, a store of loaded sources, or the http(s) address of an endpoint."
    ),
]


def query(
    name: Annotated[str | None, typer.Argument(help="The stored query; without it, all are listed.")] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Argument(metavar="KEY=VALUE...", help="Parameters; repeat a key to give several values."),
    ] = None,
    output: FormatOption = Format.TABLE,
    on: SourceOption = None,
    text: Annotated[
        bool, typer.Option("--text", help="Print the SPARQL with the values filled in; do not run it.")
    ] = False,
    about: Annotated[bool, typer.Option("--about", help="Say what the query asks, takes and returns.")] = False,
    online: Annotated[
        bool, typer.Option("--online", help="Let a query of queries/federated/ ask other endpoints.")
    ] = False,
    service: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=URL", help="With --online, another address of an endpoint; repeatable."),
    ] = None,
) -> None:
    """Ask a stored question.

    For example: treatkg query drugs-blocking-cytokine cytokine=IL-13 -f csv
    """
    from treatkg import queries

    if name is None:
        _list_queries()
        return
    stored = queries.find(name)
    if about:
        _describe_query(stored)
        return
    arguments = _arguments(parameters or [])
    knowledge = _open(on)
    if text:
        typer.echo(stored.bind(arguments, knowledge.terms), nl=False)
        return
    result = _ask_others(knowledge, name, arguments, service) if online else knowledge.query(name, **arguments)
    _print_result(result, output, knowledge, stored.summary)


def sparql(
    text: Annotated[
        str, typer.Argument(metavar="QUERY|FILE|-", help="A query, a file that holds one, or - for standard input.")
    ],
    output: FormatOption = Format.TABLE,
    on: SourceOption = None,
    releases: Annotated[
        list[Path] | None,
        typer.Option("--release", help="Another release, as the named graph https://w3id.org/treatkg/release/VERSION."),
    ] = None,
    online: Annotated[bool, typer.Option("--online", help="Let the query ask other endpoints (SERVICE).")] = False,
) -> None:
    """Run a SPARQL query of your own (the usual prefixes are known).

    CONSTRUCT and DESCRIBE print N-Triples; ASK prints true or false.
    """
    from treatkg.graph import canonical_ntriples
    from treatkg.results import Result

    knowledge = _open(on, releases or [], online=online)
    answer = knowledge.sparql(_query_text(text))
    if isinstance(answer, Result):
        _print_result(answer, output, knowledge)
    elif isinstance(answer, bool):
        typer.echo(str(answer).lower())
    else:
        typer.echo(canonical_ntriples(answer).decode(), nl=False)


def show(
    name: Annotated[str, typer.Argument(help="A name, id or CURIE: dupilumab, Adbry, IL-13, dupilumab/mechanism/...")],
    on: SourceOption = None,
    every: Annotated[bool, typer.Option("--all", help="List every fact, not the first few of each kind.")] = False,
) -> None:
    """Show one treatment, target or fact on one screen, with its evidence."""
    from treatkg.cards import card

    knowledge = _open(on)
    found = card(knowledge, knowledge.terms.resolve(name))
    if found is None:
        raise UsageError(f'the graph says nothing of "{name}"')
    _print_card(found, every=every)


COMMANDS = (query, sparql, show)


def _ask_others(
    knowledge: Knowledge, name: str, arguments: dict[str, str | list[str]], service: list[str] | None
) -> Result:
    from treatkg import endpoints
    from treatkg.linking import client, federation

    asker = client.Client(online=True, tell=lambda message: typer.echo(message, err=True))
    return federation.run(knowledge, name, arguments, asker, endpoints.choose(service or ()))


def _open(source: str | None, releases: Sequence[Path] = (), *, online: bool = False) -> Knowledge:
    import treatkg
    from treatkg import resources

    return treatkg.open(source or resources.TRIPLES, releases, online=online)


def _arguments(pairs: list[str]) -> dict[str, str | list[str]]:
    arguments: dict[str, list[str]] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f'"{pair}" is not KEY=VALUE, for example cytokine=IL-13')
        arguments.setdefault(key, []).append(value)
    return {key: values if len(values) > 1 else values[0] for key, values in arguments.items()}


def _query_text(text: str) -> str:
    looks_like_query = any(character in text for character in "{}\n") or text.lower().startswith("describe ")
    if looks_like_query:
        return text
    try:
        return sys.stdin.read() if text == "-" else Path(text).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise StorageError(f"{text}: neither a query nor a file that can be read ({error})") from error


def _list_queries() -> None:
    from treatkg import queries

    stored = queries.catalogue().values()
    width = max(len(query.name) for query in stored)
    topic = ""
    for query in stored:
        if query.topic != topic:
            topic = query.topic
            typer.echo(f"\n{topic}")
        typer.echo(f"  {query.name:<{width}}  {query.summary}")
    typer.echo("\ntreatkg query NAME --about says what a query takes and returns.")


def _describe_query(stored: StoredQuery) -> None:
    typer.echo(f"{stored.name} ({stored.topic})\n{stored.summary}\n{stored.description}".rstrip())
    if stored.loaded:
        typer.echo("Compares the graph with loaded sources: runs with --on STORE only.")
    if stored.online:
        typer.echo(f"Asks {', '.join(stored.online)} over the network: runs with --online only.")
    if stored.params:
        typer.echo("\nParameters")
    for p in stored.params.values():
        several = ", several" if p.many else ""
        typer.echo(f"  {p.name} ({p.type}{several}; without it: {p.absent}): {p.description} For example {p.example}")
    if stored.returns:
        typer.echo("\nReturns")
    for column, meaning in stored.returns.items():
        typer.echo(f"  {column}: {meaning}")


def _print_result(result: Result, output: Format, knowledge: Knowledge, title: str = "") -> None:
    match output:
        case Format.CSV:
            typer.echo(result.to_csv(), nl=False)
        case Format.TSV:
            typer.echo(result.to_csv(separator="\t"), nl=False)
        case Format.JSON:
            typer.echo(result.to_json())
        case Format.MARKDOWN:
            typer.echo(result.to_markdown(), nl=False)
        case Format.TABLE:
            _print_table(result, knowledge, title)


def _print_table(result: Result, knowledge: Knowledge, title: str) -> None:
    """Print rows for people: labels for terms, no empty column; rows too wide for a table one below the other."""
    from rich.console import Console
    from rich.text import Text

    console = Console() if sys.stdout.isatty() else Console(width=_WIDTH_WITHOUT_TERMINAL)
    if title:
        console.print(Text(title, style="bold"))
    if not len(result):
        console.print("No rows.")
        return
    cells = result.for_people(knowledge.terms.readable)
    columns = {name: [text for text, _ in column] for name, column in cells.items()}
    if sum(min(max(map(len, cells)), _LONG) for cells in columns.values()) > _TOO_WIDE * console.width:
        _print_records(console, columns)
    else:
        _print_grid(console, columns)
    typer.echo(f"{len(result)} row{'' if len(result) == 1 else 's'}")


def _print_grid(console: Console, columns: dict[str, list[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name, cells in columns.items():
        table.add_column(Text(name), overflow="fold", no_wrap=max(map(len, [name, *cells])) <= _SHORT)
    for row in zip(*columns.values(), strict=True):
        table.add_row(*map(Text, row))
    console.print(table)


def _print_records(console: Console, columns: dict[str, list[str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    width = max(map(len, columns))
    for row in zip(*columns.values(), strict=True):
        record = Table.grid(padding=(0, 2))
        record.add_column(min_width=width)
        record.add_column(overflow="fold")
        for name, cell in zip(columns, row, strict=True):
            if cell:
                record.add_row(Text(name, style="dim"), Text(cell))
        console.print(record)
        console.print()


def _print_card(card: Card, *, every: bool) -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False)
    about = f"{escape(card.about.text)}: " if card.about else ""
    console.print(f"[bold]{about}{escape(card.label)}[/bold]  {escape(', '.join(card.kinds))}\n{escape(card.iri)}")
    if card.definition:
        console.print(escape(card.definition))
    if card.identifiers:
        console.print(f"[dim]same as[/dim] {escape(', '.join(value.text for value in card.identifiers))}")
    for name, values in card.properties.items():
        console.print(f"[dim]{escape(name)}[/dim] {escape('; '.join(value.text for value in values))}")
    for cls, facts in card.facts.items():
        console.print(f"\n[bold]{escape(cls)}[/bold] ({len(facts)})")
        shown = facts if every or len(facts) <= _FACTS_OF_A_KIND + 1 else facts[:_FACTS_OF_A_KIND]
        for fact in shown:
            console.print(f"  {_fact_line(fact)}")
        if len(shown) < len(facts):
            console.print(f"  [dim]... and {len(facts) - len(shown)} more (--all lists them)[/dim]")
    if card.evidence:
        console.print("\n[bold]Evidence[/bold]")
    for line in card.evidence:
        console.print(f"  {escape(line.direction.removeprefix('tkg:'))}: {escape(line.finding)}")
        origin = ", ".join(filter(None, [line.title, line.locator, line.date, line.url]))
        console.print(f"    [dim]{escape(origin)}[/dim]")


def _fact_line(fact: FactLine) -> str:
    from rich.markup import escape

    about = f"{fact.about}: " if fact.about else ""
    marks = [fact.period, "(not)" if fact.negative else "", "(by its group)" if fact.from_group else ""]
    return f"{escape(about + fact.label)} [dim]{escape(' '.join(filter(None, marks)))}[/dim]".rstrip()
