"""How the endpoint serves many clients, against Virtuoso over the same graph and against the bare engine.

    python tests/benchmarks/serving.py [SECONDS]

Needs `wrk`, `virtuoso-t` and `isql-vt` (Debian: wrk, virtuoso-opensource-7-bin). Each query is a stored one, bound with
its own defaults or examples, and is asked without a validator, so that every request is evaluated. Where Virtuoso gives
another number of rows, that is printed instead of its speed. All cells of one query are measured side by side, SECONDS
each (3); the engine alone is one thread that asks in a loop and writes CSV. Then the time to the first byte of each
kind of page, the median of 20.
"""

from __future__ import annotations

import contextlib
import csv
import io
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox

import treatkg
from treatkg import namespaces, queries, resources, sparql_text

CONNECTIONS = (1, 8, 32, 256)
QUESTIONS = {
    "drugs-blocking-cytokine": {"cytokine": "IL-13"},
    "options-for-patient": {"ageMonths": "36", "severity": "Severe", "asOf": "2026-11-28"},
    "adverse-reactions-compared": {},
    "mechanism-path": {"treatment": "nemolizumab", "feature": "HP:0000989"},
}
PAGES = (
    "/",
    "/treatments",
    "/page/dupilumab",
    "/page/upadacitinib",
    "/finder",
    "/compare?treatment=dupilumab&treatment=upadacitinib",
    "/map",
    "/coverage",
    "/search?q=dupilumap",
    "/editor",
    "/api",
    "/queries/licensed-treatments?format=html",
)
_HEADS = ("query", "connections", "req/s", "p99 ms", "Virtuoso req/s", "p99 ms", "/ Virtuoso", "/ engine alone")
_LATENCY = re.compile(r"^\s+99%\s+([\d.]+)(us|ms|s)\s*$", re.MULTILINE)
_RATE = re.compile(r"^Requests/sec:\s+([\d.]+)$", re.MULTILINE)
_FAILED = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)")
_GRAPH = "&default-graph-uri=urn:treatkg"
_MILLISECONDS = {"us": 0.001, "ms": 1, "s": 1000}


def main() -> None:
    """Print the tables."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    knowledge = treatkg.open()
    with tempfile.TemporaryDirectory() as folder, own_server() as own, virtuoso(Path(folder)) as other:
        print(f"| {' | '.join(_HEADS)} |\n| --- |{' ---: |' * (len(_HEADS) - 1)}")
        for name, arguments in QUESTIONS.items():
            text = sparql_text.without_comments(queries.find(name).bind(arguments, knowledge.terms))
            bare = alone(knowledge, text, seconds)
            here, elsewhere = f"{own}/sparql?query={quote(text)}", f"{other}?query={quote(text)}{_GRAPH}"
            size, size_there = rows(here), rows(elsewhere)
            for count in CONNECTIONS:
                rate, latency = load(here, count, seconds)
                cells = [name, count, f"{rate:,.0f}", f"{latency:,.0f}"]
                if size == size_there:
                    there, waited = load(elsewhere, count, seconds)
                    cells += [f"{there:,.0f}", f"{waited:,.0f}", f"{rate / there:.2f}"]
                else:
                    cells += [f"{size_there} rows, not {size}", "", ""]
                print(f"| {' | '.join(map(str, cells))} | {rate / bare:.2f} |", flush=True)
        print("\n| page | first byte, ms | gzip kB |\n| --- | ---: | ---: |")
        for page in PAGES:
            milliseconds, size = first_byte(own + page)
            print(f"| `{page}` | {milliseconds:.0f} | {size / 1000:.0f} |")


def alone(knowledge: treatkg.Knowledge, text: str, seconds: float) -> float:
    """Return how often a second the engine answers a query in one thread."""
    count, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        found = knowledge.engine.ask(text)
        assert isinstance(found, ox.QuerySolutions)
        found.serialize(io.BytesIO(), format=ox.QueryResultsFormat.CSV)
        count += 1
    return count / seconds


def rows(address: str) -> int:
    """Return how many rows the answer has."""
    request = urllib.request.Request(address, headers={"Accept": "text/csv"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return len(list(csv.DictReader(io.TextIOWrapper(answer, encoding="utf-8"))))


def load(address: str, connections: int, seconds: int) -> tuple[float, float]:
    """Return requests a second and the 99th percentile of latency in milliseconds; fail if any was refused."""
    command = ["wrk", "--latency", "-t", str(min(2, connections)), "-c", str(connections), "-d", f"{seconds}s"]
    command += ["--timeout", "60s", "-H", "Accept: text/csv", address]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rate, latency, failed = _RATE.search(told), _LATENCY.search(told), _FAILED.search(told)
    assert rate, told
    assert latency, told
    assert not failed, told
    return float(rate[1]), float(latency[1]) * _MILLISECONDS[latency[2]]


def first_byte(address: str) -> tuple[float, int]:
    """Return the median milliseconds until a page's first byte, and its bytes when compressed."""
    times, size = [], 0
    for _ in range(20):
        request = urllib.request.Request(address, headers={"Accept": "text/html", "Accept-Encoding": "gzip"})
        began = time.perf_counter()
        with urllib.request.urlopen(request, timeout=60) as answer:
            first = answer.read(1)
            times.append((time.perf_counter() - began) * 1000)
            size = len(first) + len(answer.read())
    return statistics.median(times), size


@contextlib.contextmanager
def own_server() -> Iterator[str]:
    """Serve the graph as `treatkg serve` does."""
    port = free_port()
    command = [sys.executable, "-m", "treatkg", "serve", "--port", str(port), "--queue", "1000", "--log", "none"]
    with running(command, Path.cwd(), f"http://127.0.0.1:{port}/health"):
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def virtuoso(folder: Path) -> Iterator[str]:
    """Serve the same graph with Virtuoso, as `urn:treatkg`."""
    web, sql = free_port(), free_port()
    (folder / "virtuoso.ini").write_text(
        f"[Parameters]\nServerPort = 127.0.0.1:{sql}\nDisableUnixSocket = 1\nDirsAllowed = {resources.TRIPLES.parent}\n"
        "NumberOfBuffers = 170000\nMaxDirtyBuffers = 130000\n"
        f"[HTTPServer]\nServerPort = 127.0.0.1:{web}\nServerRoot = .\nServerThreads = 300\n",
        encoding="utf-8",
    )
    command = ["virtuoso-t", "+foreground", "+wait", "+configfile", "virtuoso.ini"]
    with running(command, folder, f"http://127.0.0.1:{web}/sparql?query=ASK%7B%7D"):
        loading = f"DB.DBA.TTLP(file_to_string_output('{resources.TRIPLES}'), '{namespaces.BASE}', 'urn:treatkg');"
        isql = ["isql-vt", f"127.0.0.1:{sql}", "dba", "dba", f"exec={loading}"]
        subprocess.run(isql, check=True, capture_output=True)
        yield f"http://127.0.0.1:{web}/sparql"


@contextlib.contextmanager
def running(command: list[str], folder: Path, address: str) -> Iterator[None]:
    """Run a server in a folder from its first answer until the end."""
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait(lambda: bool(urllib.request.urlopen(address, timeout=5)))
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def wait(answers: Callable[[], bool]) -> None:
    """Wait a minute at most until a server answers."""
    end = time.monotonic() + 60
    while True:
        with contextlib.suppress(OSError):
            if answers():
                return
        assert time.monotonic() < end
        time.sleep(0.2)


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
