"""Real servers on loopback that hold a slice of UniProt and Wikidata: our own endpoint, and Virtuoso."""

import contextlib
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
import uvicorn

import treatkg
from treatkg import mappings, resources
from treatkg.knowledge import Embedded
from treatkg.server import create_app

HERE = Path(__file__).parent
SLICES = ("uniprot", "wikidata")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def serving(knowledge: treatkg.Knowledge) -> Iterator[str]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(create_app(knowledge), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}/sparql"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def graph_with_mappings() -> treatkg.Knowledge:
    """Return the committed graph with the mappings of the checkout, which the next build brings in."""
    engine = Embedded(resources.TRIPLES, online=True)
    engine.store.extend(ox.Quad(t.subject, t.predicate, t.object) for t in mappings.triples())
    return treatkg.Knowledge(engine)


@pytest.fixture(scope="session")
def own_endpoints() -> Iterator[dict[str, str]]:
    """Return name -> address of our own server over each slice."""
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(serving(treatkg.open(HERE / f"{name}-slice.ttl"))) for name in SLICES}


@pytest.fixture(scope="session")
def virtuoso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a Virtuoso that holds both slices."""
    if not shutil.which("virtuoso-t") or not shutil.which("isql-vt"):
        pytest.skip("no Virtuoso: install the Debian package virtuoso-opensource-7-bin")
    folder = tmp_path_factory.mktemp("virtuoso")
    web, sql = free_port(), free_port()
    (folder / "virtuoso.ini").write_text(
        f"[Parameters]\nServerPort = 127.0.0.1:{sql}\nDisableUnixSocket = 1\nDirsAllowed = {HERE}\n"
        f"[HTTPServer]\nServerPort = 127.0.0.1:{web}\nServerRoot = .\nServerThreads = 4\n",
        encoding="utf-8",
    )
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            ["virtuoso-t", "+foreground", "+wait", "+configfile", "virtuoso.ini"], cwd=folder, stdout=log, stderr=log
        )
    try:
        wait_for(f"http://127.0.0.1:{web}/sparql?query=ASK%7B%7D", server, folder / "log")
        for name in SLICES:
            load = f"DB.DBA.TTLP(file_to_string_output('{HERE}/{name}-slice.ttl'), '', 'urn:{name}')"
            subprocess.run(
                ["isql-vt", f"127.0.0.1:{sql}", "dba", "dba", f"exec={load};"], check=True, capture_output=True
            )
        yield f"http://127.0.0.1:{web}/sparql"
    finally:
        server.terminate()
        server.wait(timeout=60)


def wait_for(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(240):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 (loopback)
            return
        assert server.poll() is None, log.read_text(encoding="utf-8")
        time.sleep(0.25)
    pytest.fail(f"{url} did not answer: {log.read_text(encoding='utf-8')}")
