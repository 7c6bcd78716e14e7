"""A real server process on a free loopback port, and what its tests ask of it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

ASK = "ASK { ?s ?p ?o }"
WORKERS = 2
BUSY = 5  # seconds that a busy machine may take for what takes milliseconds; what hangs takes much longer
# One for all: to make a client takes longer than most queries. Each request has a connection of its own.
_CLIENT = httpx.Client(verify=False, limits=httpx.Limits(max_keepalive_connections=0))  # noqa: S501 (loopback)


@dataclass
class Running:
    """A server: its process, its address and its standard error so far."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def ask(self, query: str, **headers: str) -> httpx.Response:
        """Ask a query, in a form."""
        return _CLIENT.post(f"{self.url}/sparql", data={"query": query}, headers=headers, timeout=60)

    def health(self) -> dict[str, object]:
        """Return what it says of itself."""
        told: dict[str, object] = _CLIENT.get(f"{self.url}/health", timeout=10).json()
        return told

    def metric(self, name: str) -> float:
        """Return a number that it counts; 0 if it does not yet."""
        lines = _CLIENT.get(f"{self.url}/metrics", timeout=10).text.splitlines()
        return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(name + " ")), 0)

    def family(self) -> int:
        """Return the process that forks workers over the current graph (the newest, if an old one still ends)."""
        return max(children(self.process.pid))

    def workers(self) -> set[int]:
        """Return the processes that answer queries."""
        return children(self.family())

    def assert_well(self) -> None:
        """Check that the service answers soon, is the same process and has all its workers again."""
        began = time.monotonic()
        answer = self.ask(ASK)
        assert (answer.status_code, answer.text) == (200, '{"head":{},"boolean":true}')
        assert time.monotonic() - began < BUSY
        assert self.process.poll() is None
        until(lambda: self.health()["workers"] == WORKERS)
        until(lambda: len(self.workers()) == WORKERS)


def children(pid: int) -> set[int]:
    """Return the living children of a process."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[:2]
            if int(parent) == pid and state != "Z":
                found.add(int(stat.parent.name))
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs."""
    with contextlib.suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return stat.rpartition(")")[2].split()[0] != "Z"
    return False


def until(holds: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to hold"
        time.sleep(0.02)


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(folder: Path, *options: str) -> Iterator[Running]:
    """Start `treatkg serve` and end it by Ctrl-C."""
    port = free_port()
    log = folder / "log"
    with log.open("wb") as stderr:
        command = [sys.executable, "-m", "treatkg", "serve", "--port", str(port), "--workers", str(WORKERS)]
        process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=stderr)
    server = Running(process, port, log)
    try:
        until(lambda: process.poll() is not None or _answers(server), 120)
        assert process.poll() is None, log.read_text(encoding="utf-8")
        yield server
    finally:
        family = children(process.pid) | {pid for child in children(process.pid) for pid in children(child)}
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=20)
        finally:
            process.kill()
            for pid in family:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def _answers(server: Running) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{server.url}/health", timeout=5).status_code == 200
    return False
