"""Queries and requests made to break the server: each is stopped with a clear answer, and nobody else notices."""

import select
import socket
import time
from collections.abc import Iterator

import httpx
import pytest
from tests.server.running import BUSY, Running, running

TIME, MEMORY, RESULT = 4, 256, 2
TOO_LONG = f"the query did not finish within {TIME} s"
TOO_MUCH = f"the query needs more than {MEMORY} MiB of memory"
TOO_BIG = f"the result is longer than {RESULT} MiB"
TWO = "?a ?b ?c . ?d ?e ?f"
THREE = f"{TWO} . ?g ?h ?i"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    options = ("--timeout", str(TIME), "--memory", str(MEMORY), "--max-result", str(RESULT), "--log", "none")
    with running(tmp_path_factory.mktemp("limits"), *options) as server:
        yield server


def chained(first: str, step: str, count: int) -> str:
    """Return a query whose every variable is made from the one before it."""
    binds = "".join(f" BIND({step.replace('$', f'?x{n}')} AS ?x{n + 1})" for n in range(count))
    return f"SELECT (STRLEN(?x{count}) AS ?n) {{ BIND({first} AS ?x0){binds} }}"


STOPPED = {
    "a product of three": (f"SELECT (COUNT(*) AS ?n) {{ {THREE} }}", 503, TOO_LONG),
    "a search for nothing": (f"ASK {{ {THREE} FILTER(CONCAT(STR(?a), STR(?f), STR(?i)) = '') }}", 503, TOO_LONG),
    "a huge offset": (f"SELECT * {{ {THREE} }} OFFSET 10000000000000", 503, TOO_LONG),
    "nested subqueries": (
        f"SELECT (COUNT(*) AS ?n) {{ {{ SELECT * {{ {THREE} }} }} {{ SELECT * {{ ?j ?k ?l }} }} }}",
        503,
        TOO_LONG,
    ),
    "strings that double": (chained("'0123456789'", "CONCAT($, $)", 26), 503, TOO_MUCH),
    "a huge limit": (f"SELECT * {{ {TWO} }} LIMIT 10000000000", 413, TOO_BIG),
    "a graph of a product": (f"CONSTRUCT {{ ?a ?e ?f }} WHERE {{ {TWO} }}", 413, TOO_BIG),
}


@pytest.mark.parametrize(("query", "status", "said"), STOPPED.values(), ids=STOPPED)
def test_a_bomb_is_stopped_at_its_limit(server: Running, query: str, status: int, said: str) -> None:
    began = time.monotonic()
    answer = server.ask(query)
    assert time.monotonic() - began < TIME + BUSY
    assert answer.status_code == status, answer.text
    assert answer.text.startswith(said)
    assert "retry-after" not in answer.headers
    server.assert_well()


WHOLE = {"Accept": "text/csv", "Accept-Encoding": "identity"}
PATHS = {
    "stars in stars": "((((!<x:y>)*)*)*)*",
    "anything but something, again and again": "((!<x:y>)*/(!<x:y>)*)*/(!<x:y>)*",
    "anything, either way": "(!(<x:y>|^<x:y>))+/(!(<x:y>|^<x:y>))+",
    "many alternatives": f"({'|'.join(f'<x:{n}>|(!<y:{n}>)*' for n in range(40))})*",
}
COLLECTING = {
    "strings that grow tenfold": chained("'a'", "REPLACE($, 'a', 'aaaaaaaaaa')", 12),
    "sorting at random": f"SELECT * {{ {TWO} }} ORDER BY RAND()",
    "distinct rows of a product": f"SELECT DISTINCT ?a ?d ?c {{ {TWO} }} OFFSET 100000000000",
    "concatenation of a product": f"SELECT (GROUP_CONCAT(CONCAT(STR(?a), STR(?d))) AS ?n) {{ {TWO} }}",
    "concatenation in groups": f"SELECT ?a (GROUP_CONCAT(STR(?f)) AS ?n) {{ {TWO} }} GROUP BY ?a",
}


@pytest.mark.parametrize(
    "query",
    [*(f"SELECT (COUNT(*) AS ?n) {{ ?s {path} ?o }}" for path in PATHS.values()), *COLLECTING.values()],
    ids=[*PATHS, *COLLECTING],
)
def test_what_takes_time_and_memory_is_stopped_by_the_first_that_ends(server: Running, query: str) -> None:
    began = time.monotonic()
    answer = server.ask(query)
    assert time.monotonic() - began < TIME + BUSY
    assert (answer.status_code, answer.text.strip()) in [(503, TOO_LONG), (503, TOO_MUCH)]
    server.assert_well()


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(.*)*x", "(a|a)*b", "((a{0,99}){0,99}){0,99}", "(a*)*" * 200])
def test_patterns_take_no_time(server: Running, pattern: str) -> None:
    began = time.monotonic()
    answer = server.ask(f'SELECT (REGEX("{"a" * 5000}!", "{pattern}") AS ?x) {{}}')
    assert answer.status_code == 200
    assert time.monotonic() - began < BUSY
    server.assert_well()


def nested(depth: int) -> dict[str, str]:
    return {
        "parentheses": f"SELECT * {{ FILTER{'(' * depth}true{')' * depth} }}",
        "groups": f"SELECT * {'{' * depth}{'}' * depth}",
        "negations": f"SELECT * {{ FILTER({'!' * depth}true) }}",
        "functions": f"SELECT * {{ FILTER({'STR(' * depth}1{')' * depth}) }}",
        "unions": f"SELECT * {{ {{}}{' UNION {}' * depth} }}",
        "alternatives": f"SELECT * {{ FILTER(true{' || true' * depth}) }}",
        "subqueries": f"SELECT * {{ {'{ SELECT * { ' * depth}{'} } ' * depth} }}",
    }


@pytest.mark.parametrize("depth", [500, 5000, 50000])
@pytest.mark.parametrize("kind", list(nested(1)))
def test_nesting_is_refused(server: Running, kind: str, depth: int) -> None:
    began = time.monotonic()
    answer = server.ask(nested(depth)[kind])
    assert time.monotonic() - began < BUSY
    if kind == "alternatives" and depth == 500:
        assert answer.status_code in (200, 413)
    else:
        assert answer.status_code == 413
        assert "query" in answer.text or "body" in answer.text
    server.assert_well()


@pytest.mark.parametrize("kind", list(nested(1)))
def test_moderate_nesting_is_answered(server: Running, kind: str) -> None:
    assert server.ask(nested(30)[kind]).status_code == 200


def test_a_query_of_a_byte_too_many(server: Running) -> None:
    query = "ASK {} #" + "x" * (64 * 1024 - 7)
    answer = server.ask(query)
    assert (answer.status_code, answer.text) == (413, "the query is longer than 64 KiB\n")
    assert server.ask(query[:-1]).status_code == 200


def test_a_pattern_of_ten_megabytes(server: Running) -> None:
    answer = server.ask(f'ASK {{ FILTER(REGEX("a", "{"a" * 10_000_000}")) }}')
    assert answer.status_code == 413
    server.assert_well()


def sent(server: Running, *parts: bytes, pause: float = 0, seconds: float = 30) -> bytes:
    """Send parts on a connection of our own and return what comes back until it is closed."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as connection:
        answer = b""
        try:
            for part in parts:
                connection.sendall(part)
                if select.select([connection], [], [], pause)[0]:
                    break
            while received := connection.recv(65536):
                answer += received
        except (BrokenPipeError, ConnectionResetError):
            pass
        return answer


def test_a_body_of_a_hundred_megabytes(server: Running) -> None:
    head = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
    head += b"Content-Length: 104857600\r\n\r\n"
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(head + b"x" * 1_000_000)
        assert connection.recv(65536).startswith(b"HTTP/1.1 413")
    assert time.monotonic() - began < BUSY
    server.assert_well()


def test_ten_thousand_headers(server: Running) -> None:
    headers = b"".join(b"X-%d: y\r\n" % n for n in range(10_000))
    answer = sent(server, b"GET /health HTTP/1.1\r\nHost: x\r\n" + headers + b"Connection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 431")
    assert answer.endswith(b"more than 100 headers\n")
    server.assert_well()


@pytest.mark.slow
@pytest.mark.parametrize(
    "head",
    [
        b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\nContent-Length: 100\r\n\r\n",
        b"GET /sparql HTTP/1.1\r\nHost: x\r\n",
    ],
    ids=["body", "headers"],
)
def test_a_request_that_comes_byte_by_byte(server: Running, head: bytes) -> None:
    began = time.monotonic()
    answer = sent(server, head, *([b"X"] * 26), pause=0.5)
    assert 9 < time.monotonic() - began < 15 + BUSY
    assert answer.startswith(b"HTTP/1.1 408")
    assert answer.endswith(b"the request did not arrive within 10 s\n")
    server.assert_well()


def test_what_was_stopped_is_counted(server: Running) -> None:
    name = 'treatkg_queries_stopped_total{reason="result"}'
    before = server.metric(name)
    assert server.ask(f"SELECT * {{ {TWO} }}").status_code == 413
    assert server.metric(name) == before + 1


def test_a_large_result_within_the_limit_is_whole(server: Running) -> None:
    answer = server.ask("SELECT ?s ?p ?o { ?s ?p ?o } LIMIT 8000", **WHOLE)
    assert answer.status_code == 200
    assert 1024 * 1024 < len(answer.content) == int(answer.headers["content-length"])
    assert httpx.get(f"{server.url}/sparql", params={"query": "ASK {}"}).status_code == 200
    assert len(server.ask("SELECT ?s { ?s ?p ?o } LIMIT 8000", Accept="text/csv").text.splitlines()) == 8001


def test_a_client_may_want_to_wait_less(server: Running) -> None:
    query = f"SELECT (COUNT(*) AS ?n) {{ {THREE} }}"
    began = time.monotonic()
    answer = httpx.get(f"{server.url}/sparql", params={"query": query, "timeout": "0.5"}, timeout=60)
    assert time.monotonic() - began < BUSY
    assert (answer.status_code, answer.text) == (503, "the query did not finish within 0.5 s\n")
    assert (
        httpx.get(f"{server.url}/sparql", params={"query": query, "timeout": "3600"}, timeout=60).text
        == f"{TOO_LONG}\n"
    )


@pytest.mark.parametrize("given", ["0", "-1", "soon", "nan", "inf", "1e999", "1&timeout=2"])
def test_a_wrong_time_to_wait_is_refused(server: Running, given: str) -> None:
    answer = httpx.get(f"{server.url}/sparql?query=ASK%7B%7D&timeout={given}")
    assert (answer.status_code, answer.text) == (400, "timeout is one number of seconds, more than 0: timeout=10\n")


def test_a_program_is_told_the_limit_and_the_place_of_a_mistake(server: Running) -> None:
    accept = {"Accept": "application/problem+json, application/sparql-results+json;q=0.5"}
    stopped = server.ask(f"SELECT * {{ {TWO} }} LIMIT 10000000000", **accept)
    assert (stopped.status_code, stopped.json()["limit"]) == (413, "result")
    wrong = server.ask("SELECT * {\n ?s ?p }", **accept)
    assert (wrong.status_code, wrong.json()["line"]) == (400, 2)
    server.assert_well()
