"""What attackers send to every route: each is answered with a readable reason, soon, and the service goes on."""

import contextlib
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.server.running import ASK, BUSY, Running, running, until
from tests.test_server import HOSTILE, assert_sound

import treatkg
from treatkg import namespaces, sparql_text
from treatkg.errors import TreatKGError
from treatkg.server import create_app

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
BLOCKERS = "/queries/drugs-blocking-cytokine"
ECZEMA = "http://purl.obolibrary.org/obo/MONDO_0004980"
# Where a value of the client's goes in, in place of the %s.
PLACES = [
    "/%s",
    "/page/%s",
    "/page/dupilumab?asOf=%s",
    "/treatments?asOf=%s",
    "/finder?years=%s&jurisdiction=%s&asOf=%s",
    "/finder?years=40&jurisdiction=EU&condition=%s&earlier=%s",
    "/compare?treatment=dupilumab&treatment=%s",
    "/map?asOf=%s",
    "/map/neighbourhood?thing=%s",
    "/map/neighbourhood.json?thing=%s",
    "/coverage?%s",
    "/search?q=%s",
    "/search?q=il&kind=%s",
    "/find?name=%s",
    "/editor?stored=%s",
    "/editor?stored=drugs-blocking-cytokine&cytokine=%s",
    "/docs/%s",
    "/api?format=%s",
    "/queries/%s",
    f"{BLOCKERS}.%s",
    f"{BLOCKERS}?cytokine=%s",
    f"{BLOCKERS}.csv?cytokine=%s",
    f"{BLOCKERS}?%s=1",
    "/data/%s.ttl",
    "/data/dupilumab.%s",
    "/id/%s",
    "/ontology.%s",
    "/resolve?curie=%s",
    "/describe?iri=%s",
    f"/describe?asOf=%s&iri={ECZEMA}",
    "/rdf-graphs?graph=%s",
    "/sparql?query=%s",
    "/sparql?query=ASK%%7B%%7D&default-graph-uri=%s",
    "/sparql?query=ASK%%7B%%7D&timeout=%s",
    "/static/%s",
]
VALUES = {
    "nothing": "",
    "NUL": "a%00b",
    "surrogate": "%ED%A0%80",
    "no UTF-8": "%FF%FE",
    "half an escape": "%ZZ%",
    "long": "a" * 7_000,
    "bidi and zero width": "%E2%80%AEevil%E2%80%8B",
    "no character": "%EF%BF%BE%EF%BB%BF",
    "header": "a%0d%0aSet-Cookie:%20x=1%0d%0a%0d%0a<script>alert(1)</script>",
    "path": "..%2f..%2f..%2fetc%2fpasswd",
    "plain path": "../../../../etc/passwd",
    "backslashes": "..%5C..%5Cetc%5Cpasswd",
    "script": "%3Cscript%3Ealert(1)%3C/script%3E",
    "attribute": "%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E",
    "javascript": "javascript:alert(1)",
    "IRI": "http://a%3E%20.%20%3Cb",
    "template": "%7B%7B7*7%7D%7D",
    "full width": "%EF%BC%91%EF%BC%92",
    "large number": "9" * 5_000,
    "infinity": "1e999",
    "no day": "2023-02-30",
    "last day": "9999-12-31",
    "first day": "0001-01-01",
    "prefix": "MONDO:" + "x" * 3_000,
    "expands": "%EF%B7%BA" * 700,
    "quotation": "%22%5C" * 1_000,
}
CSP = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
LEAKS = re.compile(r"Traceback|site-packages|/tmp/|/src/|\.py\b")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("attacked"), "--timeout", "5") as server:
        yield server


@pytest.fixture(autouse=True)
def _well(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever was sent to the server: it answers after that."""
    yield
    if "server" in request.fixturenames:
        request.getfixturevalue("server").assert_well()


def send(server: Running, data: bytes, seconds: float = BUSY) -> bytes:
    """Send bytes and return what comes until the server ends the connection, or what came in time."""
    answer = bytearray()
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as connection:
        try:
            connection.sendall(data)
            while part := connection.recv(65536):
                answer += part
        except (TimeoutError, ConnectionError):
            pass
    return bytes(answer)


def get(server: Running, target: str, *headers: str) -> tuple[int, str, str]:
    """Return status, head and body; the target is sent as it is."""
    lines = (f"GET {target} HTTP/1.1", f"Host: 127.0.0.1:{server.port}", *headers, "Connection: close", "", "")
    head, _, body = send(server, "\r\n".join(lines).encode()).partition(b"\r\n\r\n")
    return int(head.split()[1]), head.decode("latin-1"), body.decode("utf-8", "replace")


# --- values in addresses -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", VALUES.values(), ids=list(VALUES))
@pytest.mark.parametrize("accept", [BROWSER, "*/*"], ids=["browser", "program"])
def test_hostile_values_everywhere(server: Running, value: str, accept: str) -> None:
    for place in PLACES:
        target = place.replace("%%", "%").replace("%s", value)
        began = time.monotonic()
        status, head, body = get(server, target, f"Accept: {accept}")
        assert time.monotonic() - began < BUSY, target
        assert status < 500, (target, body)
        assert "set-cookie" not in head.lower(), target
        assert not LEAKS.search(body.replace(".py", "") if value in body else body), (target, body)
        assert CSP.lower() in head.lower(), target
        if "text/html" in head:
            assert "<script>alert" not in body, target
            assert "<img src=x" not in body, target
        if status >= 400:
            page = accept == BROWSER and "format" not in target and status != 414
            assert "text/html" in head or not page, (target, head)
            assert body.strip(), target
            assert len(body) < 100_000, target
            assert not page or "no medical advice" in body, target


@pytest.mark.parametrize(
    "target",
    [
        "/search?" + "&".join(["q=a"] * 1000),
        "/find?" + "&".join(["name=a"] * 1000),
        f"{BLOCKERS}?" + "&".join(f"p{i}=a" for i in range(1000)),
        f"{BLOCKERS}?" + "&".join(["cytokine=a"] * 500),
        "/sparql?" + "&".join(f"p{i}=a" for i in range(1001)),
        "/finder?years=40&jurisdiction=EU&" + "&".join(f"condition={i}" for i in range(500)),
        "/compare?" + "&".join(f"treatment=a{i}" for i in range(500)),
        "/map/neighbourhood?" + "&".join(f"thing=a{i}" for i in range(500)),
        "/treatments?" + "&".join(["asOf=2020-01-01"] * 400),
        "/page/dupilumab?" + "&".join(["asOf=2020-01-01"] * 400),
        "/resolve?" + "&".join(["curie=a"] * 500),
    ],
    ids=lambda target: target[:20],
)
def test_many_parameters(server: Running, target: str) -> None:
    began = time.monotonic()
    status, _, body = get(server, target)
    assert time.monotonic() - began < 2
    assert 400 <= status < 500 or target.startswith("/find?"), body[:200]


@pytest.mark.parametrize(
    ("target", "headers", "status", "said"),
    [
        ("/search?q=" + "a" * 20_000, [], 414, "the address is longer than 16 KiB"),
        ("/page/" + "a" * 40_000, [], 414, "the address is longer than 16 KiB"),
        ("/finder?" + "&".join(f"condition=state-{i}" for i in range(3000)), [], 414, "longer than 16 KiB"),
        ("/health", ["X-Long: " + "a" * 20_000], 431, "a header of the request is longer than 16 KiB"),
        ("/ontology.ttl", ["If-None-Match: " + '"a",' * 12_000], 431, "a header of the request"),
        ("/ontology", ["Accept: " + "a/b;q=1," * 6_000], 431, "a header of the request"),
    ],
    ids=["search", "name", "finder", "any header", "tags", "media ranges"],
)
def test_what_is_too_long(server: Running, target: str, headers: list[str], status: int, said: str) -> None:
    answered, _, body = get(server, target, *headers)
    assert answered == status
    assert said in body


@pytest.mark.parametrize("length", [100_000, 1_000_000])
@pytest.mark.parametrize("where", ["target", "header"])
def test_what_is_too_long_by_far(server: Running, where: str, length: int) -> None:
    long = "a" * length
    head = f"GET /{long} HTTP/1.1\r\n" if where == "target" else f"GET / HTTP/1.1\r\nX-Long: {long}\r\n"
    answer = send(server, f"{head}Host: x\r\nConnection: close\r\n\r\n".encode())
    assert not answer or re.match(rb"HTTP/1.1 4(00|14|31) ", answer)


# --- what is read slowly -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "accept", ['"\\' * 8000, 'a"' * 8000, "a/b" + ';q="' * 3000, '"' * 16_000, 'a/b;q="1", text/csv']
)
def test_an_accept_header_is_read_in_one_go(client: TestClient, accept: str) -> None:
    began = time.monotonic()
    answer = client.get("/sparql", params={"query": ASK}, headers={"Accept": accept})
    assert time.monotonic() - began < 1
    assert answer.status_code in (200, 406)


@pytest.mark.parametrize(
    "text", ['"\\', '"" "\\"', "'' '\\'", '"""\\', "'\\", "\"'\\", '"a\n', "<a", "\\u0022", "(", "# \n"]
)
def test_the_gate_reads_a_query_in_one_go(text: str) -> None:
    query = text * (sparql_text.MAX_QUERY_BYTES // len(text.encode()))
    began = time.monotonic()
    with contextlib.suppress(TreatKGError):  # some are comments only, which the engine refuses
        sparql_text.check_untrusted(query)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("hidden", ["SERVICE <http://127.0.0.1/> {}", "LOAD <http://127.0.0.1/>"])
def test_a_string_that_does_not_end_hides_nothing(hidden: str) -> None:
    for query in (
        f"ASK {{ ?s ?p 'x {hidden} }}",
        f'ASK {{ ?s ?p """x {hidden} }}',
        f"ASK {{ ?s ?p '\\u0027 {hidden} }}",
    ):
        with pytest.raises(sparql_text.ForbiddenQueryError):
            sparql_text.check_untrusted(query)


def test_an_escaped_quotation_mark_is_no_attack(server: Running) -> None:
    assert server.ask('ASK { VALUES ?x { "\\u0022" """a "quoted" word""" "" } }').json()["boolean"] is True


# --- HTTP ------------------------------------------------------------------------------------------------------------

FORM = "Host: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n"
QUERY = "query=ASK%7B%7D"
CHUNKED = f"{FORM}Transfer-Encoding: chunked\r\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ("GET /health HTTP/1.0\r\n\r\n", 200),
        ("GET /health\r\n\r\n", 400),
        ("GET http://evil.example/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404),
        ("CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404),
        ("OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404),
        ("GET /health HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
        ("GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n", 400),
        ("TRACE / HTTP/1.1\r\nHost: x\r\nX-Secret: 1\r\nConnection: close\r\n\r\n", 405),
        ("BREW / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405),
        ("A" * 5000 + " / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405),
        (f"POST /sparql HTTP/1.1\r\n{CHUNKED}\r\nf\r\n{QUERY}\r\n0\r\n\r\n", 200),
        (f"POST /sparql HTTP/1.1\r\n{CHUNKED}\r\n3\r\n{QUERY}\r\n0\r\n\r\n", 400),
        (f"POST /sparql HTTP/1.1\r\n{CHUNKED}\r\n-1\r\n{QUERY}\r\n0\r\n\r\n", 400),
        (f"POST /sparql HTTP/1.1\r\n{CHUNKED}\r\n{'F' * 22}\r\n{QUERY}\r\n0\r\n\r\n", 400),
        (f"POST /sparql HTTP/1.1\r\n{CHUNKED}Transfer-Encoding: identity\r\n\r\nf\r\n{QUERY}\r\n0\r\n\r\n", 400),
        (f"POST /sparql HTTP/1.1\r\n{FORM}Transfer-Encoding: xchunked\r\n\r\nf\r\n{QUERY}\r\n0\r\n\r\n", 400),
        (f"POST /sparql HTTP/1.1\r\n{FORM}Transfer-Encoding : chunked\r\n\r\nf\r\n{QUERY}\r\n0\r\n\r\n", 400),
        (f"POST /sparql HTTP/1.1\r\n{FORM}Content-Length: 15\r\nContent-Length: 5\r\n\r\n{QUERY}", 400),
        (f"POST /sparql HTTP/1.1\r\n{FORM}Content-Length: -1\r\n\r\n{QUERY}", 400),
        (f"POST /sparql HTTP/1.1\r\n{FORM}Content-Length: +15\r\n\r\n{QUERY}", 400),
        (f"POST /sparql HTTP/1.1\r\n{FORM}Content-Length: 5\r\n\r\n{QUERY}", 400),
        (f"POST /sparql HTTP/1.1\r\n{FORM}Expect: 100-continue\r\nContent-Length: 15\r\n\r\n{QUERY}", 100),
        ("POST /finder HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc", 405),
        ("GET /ontology.ttl HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1,0-\r\nConnection: close\r\n\r\n", 200),
        ("GET /static/style.css HTTP/1.1\r\nHost: x\r\nRange: bytes=zz-\r\nConnection: close\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\nConnection: close\r\n\r\n", 400),
        ("GET /\0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 404),
        ("\x16\x03\x01\x02\0\x01\0\x01" + "a" * 200 + "\r\n\r\n", 400),
    ],
    ids=range(29),
)
def test_strange_requests(server: Running, request_: str, status: int) -> None:
    answer = send(server, request_.encode("latin-1"))
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:200]
    assert b"X-Secret" not in answer
    assert not LEAKS.search(answer.decode("utf-8", "replace")) or status == 200


@pytest.mark.parametrize("host", ['"><script>alert(1)</script>', "user:pw@evil", "[::1", "a:99999999", "a b"])
@pytest.mark.parametrize("path", ["/", "/api", "/editor", "/sparql", "/treatments/", "//evil.example/treatments/"])
def test_a_spoofed_host(server: Running, path: str, host: str) -> None:
    head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: {BROWSER}\r\nX-Forwarded-Host: evil.example\r\n"
    answer = send(server, f"{head}Connection: close\r\n\r\n".encode())
    assert re.match(rb"HTTP/1.1 [234]\d\d ", answer), answer[:100]
    assert b"<script>alert" not in answer
    assert not re.search(rb"(?i)location: (https?:)?//evil\.example", answer)


# --- many at once --------------------------------------------------------------------------------------------------


def test_fifty_pages_leave_the_endpoint_answering(server: Running) -> None:
    paths = ["/page/dupilumab", "/finder?years=40&jurisdiction=EU", "/map", "/coverage", f"/describe?iri={ECZEMA}"] * 10
    with ThreadPoolExecutor(50) as threads:
        pages = [threads.submit(get, server, path) for path in paths]
        for _ in range(5):
            began = time.monotonic()
            assert server.health()["status"] == "ok"
            assert server.ask(ASK).status_code == 200
            assert time.monotonic() - began < BUSY
        assert {page.result()[0] for page in pages} <= {200, 503}


def test_pages_for_clients_that_went_away(server: Running) -> None:
    for _ in range(300):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(b"GET /page/dupilumab HTTP/1.1\r\nHost: x\r\n\r\n")
    began = time.monotonic()
    assert server.ask(ASK).status_code == 200
    assert time.monotonic() - began < BUSY
    files = Path(f"/proc/{server.process.pid}/fd")
    until(lambda: len(list(files.iterdir())) < 40)


# --- addresses that lead on ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/id/dupilumab?asOf=2018-01-01", "/describe?asOf=2018-01-01&iri={id}dupilumab"])
def test_the_day_goes_with_a_name_to_its_page(client: TestClient, path: str) -> None:
    answer = client.get(path.format(id=namespaces.BASE), headers={"Accept": BROWSER}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/page/dupilumab?asOf=2018-01-01")


# --- a hostile graph -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    file = tmp_path_factory.mktemp("hostile") / "hostile.ttl"
    file.write_text(HOSTILE, encoding="utf-8")
    return TestClient(create_app(treatkg.open(file)))


@pytest.mark.parametrize(
    "path",
    [
        "/treatments",
        "/page/evil",
        "/page/evil/fact",
        "/page/source/evil",
        "/finder",
        "/compare",
        "/map",
        "/map/neighbourhood?thing=evil",
        "/search?q=script",
        "/editor",
        "/api",
        "/queries",
        "/describe?iri=javascript:alert(3)",
    ],
)
def test_a_hostile_graph_on_every_page(hostile: TestClient, path: str) -> None:
    page = hostile.get(path, headers={"Accept": BROWSER})
    assert page.status_code in (200, 400, 404)  # 400: what the page is about is not in this graph
    assert_sound(page)
    assert page.headers["content-security-policy"] == CSP
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text


@pytest.mark.parametrize(
    "path",
    ["/", "/treatments", "/finder", "/compare", "/map", "/coverage", "/search?q=x", "/editor", "/api", "/queries"],
)
def test_a_graph_of_something_else_has_all_pages(tmp_path: Path, path: str) -> None:
    file = tmp_path / "other.nt"
    file.write_text("<urn:a> <urn:b> <urn:c> .\n", encoding="utf-8")
    page = TestClient(create_app(treatkg.open(file))).get(path, headers={"Accept": BROWSER})
    assert page.status_code == 200
    assert_sound(page)
