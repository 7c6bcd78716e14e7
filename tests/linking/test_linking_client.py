"""The client of public endpoints: patience, limits, politeness and the cache, against servers that really misbehave."""

import contextlib
import datetime
import email.utils
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from treatkg import endpoints
from treatkg.endpoints import Endpoint
from treatkg.errors import LimitError, StorageError, UsageError
from treatkg.linking import client
from treatkg.linking.client import Client, OfflineError, Policy

ANSWER = b'{"head": {"vars": ["x"]}, "results": {"bindings": [{"x": {"type": "literal", "value": "here"}}]}}'
JSON = "application/sparql-results+json"
Reply = Callable[[http.server.BaseHTTPRequestHandler], None]


@dataclass
class Faulty:
    """A server that answers each request with the next of its replies, the last one for ever."""

    url: str
    replies: list[Reply]
    bodies: list[str] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)


def reply(
    status: int = 200, body: bytes = ANSWER, kind: str = JSON, headers: dict[str, str] | None = None, size: int = -1
) -> Reply:
    def send(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body) if size < 0 else size))
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return send


def drip(seconds: float, *, endless: bool = False) -> Reply:
    """Send the head at once and then spaces, slowly, or without end as fast as they are taken."""

    def send(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", JSON)
        handler.end_headers()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            handler.wfile.write(b" " * (65536 if endless else 1))
            handler.wfile.flush()
            time.sleep(0 if endless else 0.05)

    return send


def silent(seconds: float) -> Reply:
    return lambda _handler: time.sleep(seconds)


@pytest.fixture
def faulty() -> Iterator[Callable[..., Faulty]]:
    """Return a function that starts a server with the given replies."""
    servers = []

    def start(*replies: Reply) -> Faulty:
        state = Faulty("", list(replies))

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                state.bodies.append(self.rfile.read(length).decode())
                state.agents.append(self.headers.get("User-Agent", ""))
                state.times.append(time.monotonic())
                action = state.replies.pop(0) if len(state.replies) > 1 else state.replies[0]
                with contextlib.suppress(OSError):
                    action(self)

            def log_message(self, *_arguments: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        servers.append((server, thread))
        state.url = f"http://127.0.0.1:{server.server_address[1]}/sparql"
        return state

    yield start
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()


Start = Callable[..., Faulty]
QUERY = "SELECT ?x WHERE { ?s ?p ?x }"
QUICK = Policy(timeout=0.4, attempts=3, backoff=0.02, largest=200_000)


def endpoint(url: str, *, interval: float = 0.0, chosen: bool = True) -> Endpoint:
    return Endpoint("test", url, "a test", interval, (), chosen=chosen)


def asker(folder: Path, policy: Policy = QUICK, *, online: bool = True) -> Client:
    return Client(folder, online=online, policy=policy)


def values(rows: list[client.Row]) -> list[str]:
    return [str(getattr(row["x"], "value", "")) for row in rows]


@pytest.mark.parametrize(
    "first",
    [
        reply(500, b"broken", "text/plain"),
        reply(502, b"<html>bad gateway</html>", "text/html"),
        reply(503, b"", "text/plain"),
        reply(200, b"<html>please wait</html>", "text/html"),
        reply(200, ANSWER[:40]),
        reply(200, ANSWER, size=len(ANSWER) + 10),
        reply(200, b"[]"),
        silent(1.0),
        drip(1.5),
    ],
    ids=["500", "502", "503", "html", "truncated", "short", "not-sparql", "silent", "slow"],
)
def test_what_may_pass_is_tried_again(tmp_path: Path, faulty: Start, first: Reply) -> None:
    server = faulty(first, reply())
    assert values(asker(tmp_path).select(endpoint(server.url), QUERY)) == ["here"]
    assert len(server.bodies) == 2


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (reply(500, b"broken", "text/plain"), "500"),
        (reply(200, b"<html></html>", "text/html"), "text/html instead of SPARQL JSON"),
        (reply(200, ANSWER[:40]), "broken answer"),
        (drip(1.5), "did not end its answer"),
    ],
    ids=["500", "html", "truncated", "slow"],
)
def test_what_does_not_pass_is_an_error_that_says_so(tmp_path: Path, faulty: Start, fault: Reply, said: str) -> None:
    server = faulty(fault)
    with pytest.raises(StorageError, match=said):
        asker(tmp_path).select(endpoint(server.url), QUERY)
    assert len(server.bodies) == QUICK.attempts
    assert not list(tmp_path.rglob("*.json")), "a fault is not an answer"


def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="did not answer"):
        asker(tmp_path).select(endpoint("http://127.0.0.1:9/sparql"), QUERY)


def test_an_endless_answer_is_stopped(tmp_path: Path, faulty: Start) -> None:
    server = faulty(drip(30, endless=True))
    with pytest.raises(LimitError, match="more than 200,000 bytes"):
        asker(tmp_path).select(endpoint(server.url), QUERY)
    assert len(server.bodies) == 1


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_kept(tmp_path: Path, faulty: Start, form: str) -> None:
    soon = datetime.datetime.now(tz=datetime.UTC) + datetime.timedelta(seconds=2)
    value = "1" if form == "seconds" else email.utils.format_datetime(soon, usegmt=True)
    server = faulty(reply(429, b"", "text/plain", {"Retry-After": value}), reply())
    assert values(asker(tmp_path).select(endpoint(server.url), QUERY)) == ["here"]
    assert server.times[1] - server.times[0] >= 0.9


def test_a_refused_query_is_not_tried_again(tmp_path: Path, faulty: Start) -> None:
    server = faulty(reply(400, b"Parse error at line 1", "text/plain"))
    with pytest.raises(UsageError, match="Parse error"):
        asker(tmp_path).select(endpoint(server.url), QUERY)
    assert len(server.bodies) == 1


def test_a_redirect_is_not_followed(tmp_path: Path, faulty: Start) -> None:
    elsewhere = faulty(reply())
    server = faulty(reply(302, b"", "text/plain", {"Location": elsewhere.url}))
    with pytest.raises(StorageError, match="points to"):
        asker(tmp_path).select(endpoint(server.url), QUERY)
    assert not elsewhere.bodies


def test_it_says_who_asks_sends_a_form_and_waits_between_requests(tmp_path: Path, faulty: Start) -> None:
    server = faulty(reply())
    polite = asker(tmp_path)
    for number in (1, 2):
        polite.select(endpoint(server.url, interval=0.3), f"# ASK\nSELECT ?x WHERE {{ ?s ?p ?x }} LIMIT {number}")
    assert server.agents[0].startswith("treatkg/")
    assert "https://" in server.agents[0]
    assert parse_qs(server.bodies[0])["query"] == ["\nSELECT ?x WHERE { ?s ?p ?x } LIMIT 1"]
    assert server.times[1] - server.times[0] > 0.2  # the request takes its time too


def test_an_answer_is_kept_for_the_day_and_serves_offline(tmp_path: Path, faulty: Start) -> None:
    server = faulty(reply())
    for _ in range(2):
        assert values(asker(tmp_path).select(endpoint(server.url), QUERY)) == ["here"]
    assert len(server.bodies) == 1
    assert values(asker(tmp_path, online=False).select(endpoint(server.url), QUERY)) == ["here"]
    assert len(server.bodies) == 1


def test_an_old_answer_is_asked_for_anew_online_and_serves_offline(tmp_path: Path, faulty: Start) -> None:
    server = faulty(reply())
    asker(tmp_path).select(endpoint(server.url), QUERY)
    (kept,) = tmp_path.rglob("*.json")
    kept.parent.rename(kept.parent.with_name("2020-01-01"))
    asker(tmp_path, online=False).select(endpoint(server.url), QUERY)
    assert len(server.bodies) == 1
    asker(tmp_path).select(endpoint(server.url), QUERY)
    assert len(server.bodies) == 2


def test_a_broken_file_in_the_cache_is_asked_for_anew(tmp_path: Path, faulty: Start) -> None:
    server = faulty(reply())
    asker(tmp_path).select(endpoint(server.url), QUERY)
    (kept,) = tmp_path.rglob("*.json")
    assert json.loads(kept.read_bytes())["query"] == QUERY
    kept.write_bytes(kept.read_bytes()[:20])
    assert values(asker(tmp_path).select(endpoint(server.url), QUERY)) == ["here"]
    assert len(server.bodies) == 2


def test_offline_sends_nothing(tmp_path: Path, faulty: Start) -> None:
    server = faulty(reply())
    with pytest.raises(OfflineError, match="--online"):
        asker(tmp_path, online=False).select(endpoint(server.url), QUERY)
    assert not server.bodies


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "192.168.1.1", "169.254.169.254", "0x7f.1", "2130706433"]
)
def test_a_private_address_is_refused_unless_the_user_names_it(tmp_path: Path, host: str) -> None:
    with pytest.raises(StorageError, match=r"not public|not known"):
        asker(tmp_path).select(endpoint(f"http://{host}:9/sparql", chosen=False), QUERY)


def test_a_named_private_address_is_asked(tmp_path: Path, faulty: Start) -> None:
    server = faulty(reply())
    chosen = endpoints.choose([f"uniprot={server.url}"])["uniprot"]
    assert values(asker(tmp_path).select(chosen, QUERY)) == ["here"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("uniprot", "not NAME=URL"),
        ("uniprot=file:///etc/passwd", "not NAME=URL"),
        ("uniprot=ftp://example.org/", "not NAME=URL"),
        ("unprot=http://127.0.0.1/", 'did you mean "uniprot"'),
    ],
)
def test_a_bad_endpoint_is_named(given: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        endpoints.choose([given])
