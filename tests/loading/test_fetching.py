"""From an endpoint to a file: batches, pages, faults, and that nothing half stands where a file should."""

import contextlib
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pyoxigraph as ox
import pytest
import yaml

from treatkg import endpoints, resources
from treatkg.errors import BadInputError, LimitError, StorageError, TreatKGError, UsageError
from treatkg.linking.client import Client, Policy
from treatkg.loading import fetching, find, inputs
from treatkg.loading.readers import reader
from treatkg.loading.source import Format, Source, read_source

QUICK = Policy(timeout=0.6, attempts=2, backoff=0.02, largest=100_000)
PATIENT = Policy(timeout=20, attempts=1)
ASK = """# comment with ASK
SELECT ?s ?p ?o WHERE { VALUES ?s { UNDEF } ?s ?p ?o } ORDER BY ?s ?p ?o
"""
ABOUT = "SELECT ?s WHERE { VALUES ?s { <http://x/1> <http://x/2> <http://x/3> } }"
ONE = "SELECT ?s WHERE { VALUES ?s { <http://x/1> } }"
TURTLE = '<http://x/1> <http://p/> 1 , "two"@en . <http://x/2> <http://p/> 3 , [] . <http://x/9> <http://p/> 9 .'
Made = tuple[Source, Format]


def loader(folder: Path, ask: str = ASK, about: str = ABOUT, **options: Any) -> Made:  # noqa: ANN401 (YAML)
    folder = folder / "my-source"
    folder.mkdir(exist_ok=True)
    (folder / "ask.rq").write_text(ask, encoding="utf-8")
    (folder / "about.rq").write_text(about, encoding="utf-8")
    texts = ("title", "publisher", "homepage", "license", "updates", "sourceType", "evidenceType")
    options = {"endpoint": "uniprot", "key": "s", "questions": [{"ask": "ask.rq", "about": "about.rq"}], **options}
    layout = {"name": "answers", "title": "t", "reader": "sparql", "options": options, "recognise": {"vars": ["s"]}}
    content = {"id": "my-source", **dict.fromkeys(texts, "x"), "formats": [{**layout, "version": "day"}]}
    (folder / "source.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    source = read_source(folder)
    return source, fetching.online_format(source)


def fetch(folder: Path, url: str, made: Made, policy: Policy = PATIENT) -> tuple[Path, Client, list[str]]:
    source, layout = made
    client = Client(folder / "cache", online=True, policy=policy)
    told: list[str] = []
    path = fetching.fetch(source, layout, client, folder / "out", fetching.endpoint_of(layout, url), told.append)
    return path, client, told


def bindings(path: Path) -> list[dict[str, dict[str, str]]]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    found: list[dict[str, dict[str, str]]] = content["results"]["bindings"]
    return found


@pytest.fixture(scope="module")
def own(serve: Callable[[Path], str], tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("turtle") / "some.ttl"
    file.write_text(TURTLE, encoding="utf-8")
    return serve(file)


@pytest.mark.parametrize(("batch", "page"), [(0, 0), (1, 0), (2, 1), (0, 3), (3, 1000)])
def test_batches_and_pages_bring_the_same_rows(tmp_path: Path, own: str, batch: int, page: int) -> None:
    path, client, told = fetch(tmp_path, own, loader(tmp_path, batch=batch, page=page))
    rows = bindings(path)
    assert sorted((row["s"]["value"], row["o"]["type"]) for row in rows) == [
        ("http://x/1", "literal"), ("http://x/1", "literal"), ("http://x/2", "bnode"), ("http://x/2", "literal"),
    ]  # fmt: skip
    objects = [row["o"] for row in rows]
    assert {"type": "literal", "value": "two", "xml:lang": "en"} in objects
    assert {"type": "literal", "value": "3", "datatype": "http://www.w3.org/2001/XMLSchema#integer"} in objects
    assert told[-1].endswith("4 rows")
    assert client.requests >= (3 if batch == 1 else 1)


def test_the_file_says_who_was_asked_what_and_when(tmp_path: Path, own: str) -> None:
    made = loader(tmp_path)
    path, _, _ = fetch(tmp_path, own, made)
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["request"]["endpoint"] == own
    assert content["request"]["queries"] == [ASK.partition("\n")[2].strip()]
    assert path.name == f"my-source-answers-{content['request']['day']}.srj"
    assert content["head"] == {"vars": ["s", "p", "o"]}
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    (file,) = inputs.find([str(path)])
    saved = reader("sparql", made[1].options)
    assert saved.recognises(file, {"vars": ["s"]})
    assert saved.version(file, "day") == content["request"]["day"]
    assert [record.data["key"] for record in saved.records(file)] == ["http://x/1", "http://x/2"]


def test_other_programs_read_the_file_too(tmp_path: Path, own: str) -> None:
    path, _, _ = fetch(tmp_path, own, loader(tmp_path))
    parsed = ox.parse_query_results(path.read_bytes(), format=ox.QueryResultsFormat.JSON)
    assert isinstance(parsed, ox.QuerySolutions)
    assert len(list(parsed)) == 4


def test_the_same_day_nothing_is_asked_again_and_the_file_is_equal(tmp_path: Path, own: str) -> None:
    made = loader(tmp_path, batch=1, page=2)
    before = fetch(tmp_path, own, made)[0].read_bytes()
    path, client, _ = fetch(tmp_path, own, made)
    assert client.requests == 0
    assert path.read_bytes() == before


def test_offline_is_refused(tmp_path: Path, own: str) -> None:
    source, layout = loader(tmp_path)
    with pytest.raises(UsageError, match="--online"):
        fetching.fetch(source, layout, Client(tmp_path), tmp_path, fetching.endpoint_of(layout, own))
    assert not list(tmp_path.glob("*.srj"))


def test_an_endpoint_that_knows_nothing(tmp_path: Path, own: str) -> None:
    with pytest.raises(StorageError, match="is it the right endpoint"):
        fetch(tmp_path, own, loader(tmp_path, about=ABOUT.replace("/x/", "/y/")))
    assert not list((tmp_path / "out").iterdir())


def test_too_many_rows(tmp_path: Path, own: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MOST_ROWS", 3)
    with pytest.raises(LimitError, match="more than 3 rows"):
        fetch(tmp_path, own, loader(tmp_path))
    assert not list((tmp_path / "out").iterdir())


def test_a_folder_that_cannot_be_written(tmp_path: Path, own: str) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(StorageError, match="cannot be written"):
        fetch(tmp_path, own, loader(tmp_path))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"ask": "SELECT ?s WHERE {"}, "not valid SPARQL"),
        ({"ask": "ASK {}"}, "expected a SELECT query"),
        ({"ask": "SELECT ?s WHERE { ?s ?p ?o }"}, "no `VALUES"),
        ({"ask": ASK.replace("ORDER BY ?s ?p ?o", ""), "page": 3}, "pages need ORDER BY"),
        ({"ask": ASK + " LIMIT 3"}, "LIMIT and OFFSET are added"),
        ({"ask": ASK.replace("?s ?p ?o }", "SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }")}, "SERVICE is not"),
        ({"about": "SELECT ?s ?t WHERE { ?s a ?t }"}, "one variable"),
        ({"about": "SELECT ?other WHERE { ?other a ?t } LIMIT 1"}, r"no `VALUES \?other"),
        ({"questions": []}, 'no "questions"'),
        ({"questions": [{"about": "about.rq"}]}, '"ask"'),
        ({"questions": [{"ask": "none.rq"}]}, "cannot be read"),
        ({"questions": [{"ask": "ask.rq"}, {"ask": "about.rq"}]}, "differ in their variables"),
    ],
)
def test_a_loader_that_asks_wrongly(tmp_path: Path, given: dict[str, Any], said: str) -> None:
    with pytest.raises(TreatKGError, match=said):
        fetch(tmp_path, "http://127.0.0.1:9/", loader(tmp_path, **given))
    assert not (tmp_path / "out").exists()


def test_whom_a_format_asks(tmp_path: Path) -> None:
    _, layout = loader(tmp_path)
    known = endpoints.load()["uniprot"]
    assert fetching.endpoint_of(layout) == known
    # Typed in full, it is still the public endpoint, with its pauses.
    assert fetching.endpoint_of(layout, known.url) == known
    other = fetching.endpoint_of(layout, "http://127.0.0.1:8890/sparql")
    assert (other.url, other.interval, other.chosen) == ("http://127.0.0.1:8890/sparql", 0.0, True)
    with pytest.raises(UsageError, match="not NAME=URL"):
        fetching.endpoint_of(layout, "file:///etc/passwd")
    with pytest.raises(BadInputError, match='did you mean "uniprot"'):
        fetching.endpoint_of(loader(tmp_path, endpoint="uniprt")[1])


def test_a_source_without_an_endpoint() -> None:
    source = find("uniprot")
    without = replace(source, formats=tuple(layout for layout in source.formats if layout.reader != "sparql"))
    with pytest.raises(UsageError, match="has no endpoint to ask"):
        fetching.online_format(without)
    with pytest.raises(BadInputError, match="its reader is jsonl"):
        fetching.endpoint_of(without.formats[0])


QUERIES = sorted(resources.LOADERS.glob("*/*.rq"))


@pytest.mark.parametrize("file", QUERIES, ids=[f"{file.parent.name}-{file.stem}" for file in QUERIES])
def test_every_query_of_a_loader_is_sparql_for_both_engines(file: Path) -> None:
    import rdflib.plugins.sparql

    text = file.read_text(encoding="utf-8")
    rdflib.plugins.sparql.prepareQuery(text)
    assert isinstance(ox.Store().query(text), ox.QuerySolutions)


# --- servers that misbehave

Reply = tuple[int, bytes, str, dict[str, str]]


@dataclass
class Faulty:
    """A server that answers each request with the next of its replies, the last one for ever."""

    url: str
    replies: list[Reply]
    queries: list[str] = field(default_factory=list)


def reply(body: bytes, status: int = 200, kind: str = "application/sparql-results+json", **headers: str) -> Reply:
    return status, body, kind, headers


def page(*items: str) -> Reply:
    rows = [{"s": {"type": "uri", "value": item}} for item in items]
    return reply(json.dumps({"head": {"vars": ["s", "p", "o"]}, "results": {"bindings": rows}}).encode())


@pytest.fixture
def faulty() -> Iterator[Callable[..., Faulty]]:
    with contextlib.ExitStack() as stack:

        def start(*replies: Reply) -> Faulty:
            state = Faulty("", list(replies))

            class Handler(http.server.BaseHTTPRequestHandler):
                def do_POST(self) -> None:
                    form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                    state.queries.append(form["query"][0])
                    status, body, kind, headers = state.replies.pop(0) if len(state.replies) > 1 else state.replies[0]
                    self.send_response(status)
                    for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
                        self.send_header(name.replace("_", "-"), value)
                    self.end_headers()
                    with contextlib.suppress(OSError):
                        self.wfile.write(body)

                def log_message(self, *_arguments: object) -> None:
                    pass

            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            server.daemon_threads = True
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            state.url = f"http://127.0.0.1:{server.server_address[1]}/sparql"
            return state

        yield start


Start = Callable[..., Faulty]
HTML = reply(b"<html>please wait</html>", kind="text/html")
# An endpoint that runs out of time ends its answer with a trace.
CUT = reply(page("http://x/2")[1][:-9] + b"\njava.util.concurrent.TimeoutException")


@pytest.mark.parametrize(
    ("fault", "said", "error"),
    [
        (HTML, "text/html instead of SPARQL JSON", StorageError),
        (CUT, "broken answer", StorageError),
        (reply(b"busy", 503, "text/plain"), "503", StorageError),
        (reply(b"", 429, "text/plain"), "429", StorageError),
        (reply(b"no such variable", 400, "text/plain"), "no such variable", UsageError),
        (reply(b" " * 200_000), "sent more than", LimitError),
    ],
    ids=["html", "cut", "503", "429", "400", "huge"],
)
def test_a_fault_midway_leaves_no_file_and_what_came_before_is_not_asked_again(
    tmp_path: Path, faulty: Start, fault: Reply, said: str, error: type[TreatKGError]
) -> None:
    made = loader(tmp_path, batch=1, page=5)
    server = faulty(page("http://x/1"), page(), fault)
    with pytest.raises(error, match=said):
        fetch(tmp_path, server.url, made, QUICK)
    assert not list((tmp_path / "out").iterdir())
    asked = len(server.queries)
    server.replies = [page("http://x/2"), page(), page("http://x/3"), page()]
    path, client, _ = fetch(tmp_path, server.url, made, QUICK)
    assert client.requests == 4
    assert [row["s"]["value"] for row in bindings(path)] == ["http://x/1", "http://x/2", "http://x/3"]
    assert "<http://x/1>" not in "".join(server.queries[asked:])


def test_an_older_file_stays_when_a_new_one_fails(tmp_path: Path, faulty: Start) -> None:
    made = loader(tmp_path)
    path, _, _ = fetch(tmp_path, faulty(page("http://x/1")).url, made, QUICK)
    before = path.read_bytes()
    with pytest.raises(StorageError):
        fetch(tmp_path, faulty(HTML).url, made, QUICK)
    assert path.read_bytes() == before


def test_retry_after_is_kept_between_pages(tmp_path: Path, faulty: Start) -> None:
    wait = reply(b"", 429, "text/plain", Retry_After="1")
    server = faulty(page("http://x/1"), wait, page("http://x/2"), page())
    path, _, _ = fetch(tmp_path, server.url, loader(tmp_path, about=ONE, page=1), QUICK)
    assert [row["s"]["value"] for row in bindings(path)] == ["http://x/1", "http://x/2"]
    assert [query.splitlines()[-1] for query in server.queries] == [
        "LIMIT 1 OFFSET 0", "LIMIT 1 OFFSET 1", "LIMIT 1 OFFSET 1", "LIMIT 1 OFFSET 2",
    ]  # fmt: skip


def test_a_short_page_is_not_taken_for_the_last(tmp_path: Path, faulty: Start) -> None:
    """Endpoints cap their answers without a word."""
    server = faulty(page("http://x/1", "http://x/2"), page("http://x/3"), page())
    path, _, _ = fetch(tmp_path, server.url, loader(tmp_path, page=100), QUICK)
    assert len(bindings(path)) == 3
    assert server.queries[1].endswith("LIMIT 100 OFFSET 2")


def test_an_endpoint_that_does_not_page_is_found_out(tmp_path: Path, faulty: Start) -> None:
    with pytest.raises(StorageError, match="does not honour OFFSET"):
        fetch(tmp_path, faulty(page("http://x/1")).url, loader(tmp_path, page=1), QUICK)
    assert not list((tmp_path / "out").iterdir())


def test_a_private_address_is_not_asked_unless_named(tmp_path: Path) -> None:
    source, layout = loader(tmp_path)
    private = endpoints.Endpoint("uniprot", "http://127.0.0.1:9/", "x", 0.0, ())
    with pytest.raises(StorageError, match="not public"):
        fetching.fetch(source, layout, Client(tmp_path, online=True), tmp_path / "out", private)
