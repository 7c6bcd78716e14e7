"""A store mirrored into a SPARQL Update endpoint: a real one, on loopback."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs

import pyoxigraph as ox
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from tests.loading.conftest import statements

from treatkg import loading
from treatkg.errors import StorageError, UsageError
from treatkg.loading import Options, remote
from treatkg.loading.source import Source

ROW = {"set": "s1", "version": 1, "drug": "Dupixent", "date": "2026-01-01"}


@dataclass
class Endpoint:
    """Oxigraph behind SPARQL 1.1 Update; `fail_at` is the number of the request that it answers with an error."""

    store: ox.Store = field(default_factory=ox.Store)
    url: str = ""
    requests: int = 0
    fail_at: int = -1

    async def update(self, request: Request) -> Response:
        """Run an update."""
        self.requests += 1
        if self.requests == self.fail_at:
            return PlainTextResponse("no", status_code=503)
        form = parse_qs((await request.body()).decode())
        try:
            self.store.update(form["update"][0])
        except (SyntaxError, OSError) as error:
            return PlainTextResponse(str(error), status_code=400)
        return Response(status_code=204)

    def statements(self) -> set[str]:
        """Return what the endpoint holds."""
        return {str(quad) for quad in self.store}


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    served = Endpoint()
    app = Starlette(routes=[Route("/update", served.update, methods=["POST"])])
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        served.url = f"http://127.0.0.1:{listening.getsockname()[1]}/update"
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield served
        server.should_exit = True
        thread.join()


@pytest.fixture
def loaded(source: Source, store: Path, labels: Callable[..., Path]) -> Path:
    rows = [{**ROW, "set": f"s{number}"} for number in range(300)]
    loading.load(source, [str(labels(rows))], store, Options(jobs=1, check=loading.Check.NONE))
    return store


def everything(store: Path) -> set[str]:
    return statements(store) | statements(store, register=True)


def test_mirror_has_the_loaded_graphs_and_no_more(endpoint: Endpoint, loaded: Path) -> None:
    endpoint.store.add(ox.Quad(ox.NamedNode("http://e.org/s"), ox.NamedNode("http://e.org/p"), ox.Literal("theirs")))
    theirs = endpoint.statements()
    assert remote.mirror(loaded, endpoint.url) == len(everything(loaded))
    assert endpoint.statements() - theirs == everything(loaded)
    remote.mirror(loaded, endpoint.url)
    assert endpoint.statements() - theirs == everything(loaded)


def test_newer_store_takes_the_place_of_the_old(
    endpoint: Endpoint, loaded: Path, source: Source, labels: Callable[..., Path]
) -> None:
    remote.mirror(loaded, endpoint.url)
    newer = labels([{**ROW, "set": "s0", "version": 2, "date": "2026-05-01"}], "newer.jsonl")
    loading.load(source, [str(newer)], loaded, Options(jobs=1, check=loading.Check.NONE))
    remote.mirror(loaded, endpoint.url)
    assert endpoint.statements() == everything(loaded)


@pytest.mark.parametrize("fail_at", [1, 2, 3, 4, 5])
def test_error_in_the_middle_leaves_the_graph_that_was_there(
    endpoint: Endpoint, loaded: Path, source: Source, labels: Callable[..., Path], fail_at: int
) -> None:
    remote.mirror(loaded, endpoint.url)
    before = {str(quad) for quad in endpoint.store if "#sending" not in str(quad.graph_name)}
    newer = labels([{**ROW, "set": "s0", "version": 2, "date": "2026-05-01"}], "newer.jsonl")
    loading.load(source, [str(newer)], loaded, Options(jobs=1, check=loading.Check.NONE))
    endpoint.requests, endpoint.fail_at = 0, fail_at
    with pytest.raises(StorageError, match="answered 503"):
        remote.mirror(loaded, endpoint.url)
    after = {str(quad) for quad in endpoint.store if "#sending" not in str(quad.graph_name)}
    assert after == before
    endpoint.fail_at = -1
    remote.mirror(loaded, endpoint.url)
    assert endpoint.statements() == everything(loaded)


def test_address_that_is_none_and_endpoint_that_is_not_there(loaded: Path) -> None:
    with pytest.raises(UsageError, match="begins with http"):
        remote.mirror(loaded, "file:///etc/passwd")
    with pytest.raises(StorageError, match="did not answer"):
        remote.mirror(loaded, "http://127.0.0.1:9/update")
