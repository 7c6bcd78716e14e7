"""The command line: thin, and quick to start (it imports what a command needs, when it needs it)."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from treatkg import __version__
from treatkg.cli import ask, load, make, operate, publish, reason
from treatkg.cli.evidence import evidence
from treatkg.cli.link import link
from treatkg.errors import ExitCode, TreatKGError

app = typer.Typer(
    name="treatkg",
    help="Ask, check and serve TreatKG: who may be given which treatment of atopic dermatitis, why, and says who? "
    "For research; no medical advice.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (ask, load, make, reason, publish, operate):
    for command in module.COMMANDS:
        app.command()(command)
app.add_typer(evidence, name="evidence")
app.add_typer(link, name="link")

_INTERRUPTED = 130  # what typer and shells return for Ctrl-C


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"treatkg {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[  # noqa: ARG001 (handled by its callback)
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback for an error.")] = False,
) -> None:
    _State.debug = debug


class _State:
    debug = False


def main() -> None:
    """Run the command line; errors are one message and an exit code (see `treatkg.errors.ExitCode`)."""
    try:
        app()
    except TreatKGError as error:
        if _State.debug:
            raise
        typer.echo(f"treatkg: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(ExitCode.OK)
    except KeyboardInterrupt:  # older versions of typer let it through
        _say_interrupted()
    except SystemExit as done:
        if done.code == _INTERRUPTED:
            _say_interrupted()
        raise


def _say_interrupted() -> None:
    typer.echo("treatkg: interrupted; nothing was changed", err=True)
    sys.exit(_INTERRUPTED)
