"""What several test files share: the graph, its web application, and a real server on a free loopback port."""

import socket
import threading
import time
import warnings
from collections.abc import Iterator

import pyoxigraph as ox
import pytest
import uvicorn
from hypothesis import Phase, settings

import treatkg
from treatkg import curation, reasoning
from treatkg.server import create_app

with warnings.catch_warnings():  # newer versions of Starlette announce that their test client will leave httpx
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

# The same examples everywhere; a failure is told at once. `--hypothesis-profile=search` looks for new ones and shrinks.
_AT_ONCE = (Phase.explicit, Phase.reuse, Phase.generate)
settings.register_profile("check", derandomize=True, deadline=None, max_examples=100, phases=_AT_ONCE, print_blob=True)
settings.register_profile("search", deadline=None, max_examples=1000, print_blob=True)
settings.load_profile("check")


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
    """Return the address of a server that runs until the last test is done."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(create_app(kg), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        assert server.started
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        thread.join()
