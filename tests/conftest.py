"""What several test files share: the graph, its web application, and real servers on free loopback ports."""

import contextlib
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pyoxigraph as ox
import pytest
import uvicorn
from hypothesis import Phase, settings

import treatkg
from treatkg import curation, reasoning, resources
from treatkg.server import create_app
from treatkg.server.pool import Limits, Pool

with warnings.catch_warnings():  # newer versions of Starlette announce that their test client will leave httpx
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

# The same examples everywhere; a failure is told at once. `--hypothesis-profile=search` looks for new ones and shrinks.
_AT_ONCE = (Phase.explicit, Phase.reuse, Phase.generate)
settings.register_profile("check", derandomize=True, deadline=None, max_examples=100, phases=_AT_ONCE, print_blob=True)
settings.register_profile("search", deadline=None, max_examples=1000, print_blob=True)
settings.load_profile("check")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that hold slow tests, so that no worker is left alone with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def kg() -> treatkg.Knowledge:
    return treatkg.open()


@pytest.fixture(scope="session")
def asserted() -> frozenset[ox.Triple]:
    return curation.asserted_triples()[1]


@pytest.fixture(scope="session")
def inferred(asserted: frozenset[ox.Triple]) -> frozenset[ox.Triple]:
    """What HermiT makes of the curated files."""
    return reasoning.classify(asserted)


@pytest.fixture(scope="session")
def client(kg: treatkg.Knowledge) -> TestClient:
    return TestClient(create_app(kg))


@pytest.fixture(scope="session")
def server_url(kg: treatkg.Knowledge) -> Iterator[str]:
    """Return the address of a server, its queries in processes as `treatkg serve` has them, until the last test."""
    with serving(kg, Pool(resources.TRIPLES, Limits(workers=2))) as url:
        yield url


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[[Path], str]]:
    """Return a function that starts our own server over an RDF file and returns the address of its endpoint."""
    with contextlib.ExitStack() as stack:
        yield lambda file: f"{stack.enter_context(serving(treatkg.open(file)))}/sparql"


@contextlib.contextmanager
def serving(knowledge: treatkg.Knowledge, pool: Pool | None = None) -> Iterator[str]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(create_app(knowledge, pool), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        assert server.started
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def start_virtuoso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Mapping[str, Path]], str]]:
    """Return a function that starts a Virtuoso over Turtle files (graph name -> file) and returns its endpoint."""
    if not shutil.which("virtuoso-t") or not shutil.which("isql-vt"):
        pytest.skip("no Virtuoso: install the Debian package virtuoso-opensource-7-bin")
    with contextlib.ExitStack() as stack:
        yield lambda files: stack.enter_context(_virtuoso(tmp_path_factory.mktemp("virtuoso"), files))


_MAY_ASK_OTHERS = (  # SERVICE
    'grant select on DB.DBA.SPARQL_SINV_2 to "SPARQL"',
    'grant execute on DB.DBA.SPARQL_SINV_IMP to "SPARQL"',
)


@contextlib.contextmanager
def _virtuoso(folder: Path, files: Mapping[str, Path]) -> Iterator[str]:
    web, sql = _free_port(), _free_port()
    allowed = ", ".join({str(file.parent) for file in files.values()})
    (folder / "virtuoso.ini").write_text(
        f"[Parameters]\nServerPort = 127.0.0.1:{sql}\nDisableUnixSocket = 1\nDirsAllowed = {allowed}\n"
        f"[HTTPServer]\nServerPort = 127.0.0.1:{web}\nServerRoot = .\nServerThreads = 4\n",
        encoding="utf-8",
    )
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            ["virtuoso-t", "+foreground", "+wait", "+configfile", "virtuoso.ini"], cwd=folder, stdout=log, stderr=log
        )
    try:
        _wait_for(f"http://127.0.0.1:{web}/sparql?query=ASK%7B%7D", server, folder / "log")
        loads = [f"DB.DBA.TTLP(file_to_string_output('{file}'), '', 'urn:{name}')" for name, file in files.items()]
        for statement in (*loads, *_MAY_ASK_OTHERS):
            command = ["isql-vt", f"127.0.0.1:{sql}", "dba", "dba", f"exec={statement};"]
            subprocess.run(command, check=True, capture_output=True)
        yield f"http://127.0.0.1:{web}/sparql"
    finally:
        server.terminate()
        server.wait(timeout=60)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(240):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 (loopback)
            return
        assert server.poll() is None, log.read_text(encoding="utf-8")
        time.sleep(0.25)
    pytest.fail(f"{url} did not answer: {log.read_text(encoding='utf-8')}")
