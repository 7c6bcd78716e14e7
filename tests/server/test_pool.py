"""The pool of worker processes: crashes, queues, disconnects, new graphs, and the end."""

import asyncio
import contextlib
import io
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from tests.server.running import ASK, BUSY, WORKERS, Running, children, free_port, is_alive, running, until

from treatkg.errors import StorageError, UsageError
from treatkg.server.asking import Question
from treatkg.server.negotiation import JSON
from treatkg.server.pool import Pool
from treatkg.server.pool.limits import Limits, StoppedError, overloaded
from treatkg.server.pool.queueing import FairQueue
from treatkg.sparql_text import QuerySyntaxError

BOMB = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
STOPPED = "treatkg_queries_stopped_total"
VERSIONS = "SELECT ?v (COUNT(*) AS ?n) { ?s <urn:v> ?v } GROUP BY ?v"


def graph_of(path: Path, version: int, size: int = 500) -> Path:
    """Replace a file by a graph of which each statement names its version."""
    lines = [f"<urn:{n}> <urn:v> {version} .\n" for n in range(size)]
    lines += [f"<urn:{n}> <urn:w> <urn:{m}> .\n" for n in range(60) for m in range(60)]
    beside = path.with_suffix(".new")
    beside.write_text("".join(lines), encoding="utf-8")
    beside.replace(path)
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("pool"), "--timeout", "60", "--queue", "4", "--log", "json") as server:
        yield server


@contextlib.contextmanager
def busy(server: Running, count: int = WORKERS) -> Iterator[ThreadPoolExecutor]:
    """Keep workers busy with queries whose clients go away in the end."""
    clients = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(count)]
    try:
        for client in clients:
            client.sendall(f"GET /sparql?query={quote(BOMB)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        with ThreadPoolExecutor(20) as others:
            time.sleep(0.3)
            yield others
            for client in clients:
                client.close()
    finally:
        for client in clients:
            client.close()
    until(lambda: server.ask(ASK).status_code == 200)


def cpu_seconds(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def running_workers(server: Running) -> set[int]:
    """Return the workers that use the processor."""
    before = {pid: cpu_seconds(pid) for pid in server.workers()}
    time.sleep(0.5)
    return {pid for pid, seconds in before.items() if is_alive(pid) and cpu_seconds(pid) > seconds}


# --- Crashes -------------------------------------------------------------------------------------------------------


def test_a_worker_killed_during_a_query_costs_that_query_only(server: Running) -> None:
    with ThreadPoolExecutor(1) as clients:
        answer = clients.submit(server.ask, BOMB)
        time.sleep(0.3)
        until(lambda: len(running_workers(server)) == 1)
        (victim,) = running_workers(server)
        os.kill(victim, signal.SIGKILL)
        assert answer.result(timeout=20).status_code == 503
    assert "ended the process that ran it" in answer.result().text
    server.assert_well()
    assert victim not in server.workers()


def test_idle_workers_that_are_killed_are_replaced(server: Running) -> None:
    victims = server.workers()
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    until(lambda: len(server.workers() - victims) == WORKERS)
    server.assert_well()


def test_the_process_that_forks_is_replaced(server: Running) -> None:
    family, workers = server.family(), server.workers()
    os.kill(family, signal.SIGKILL)
    until(lambda: not any(map(is_alive, workers)))
    until(lambda: server.process.pid and children(server.process.pid) and server.health()["workers"] == WORKERS)
    assert server.family() != family
    server.assert_well()


# --- Queue and disconnects -----------------------------------------------------------------------------------------


def test_fifty_clients_at_once(tmp_path: Path) -> None:
    query = "SELECT ?drug { ?drug tkg:indicatedFor MONDO:0004980 } ORDER BY ?drug"
    with running(tmp_path, "--queue", "50", "--log", "none") as server, ThreadPoolExecutor(50) as clients:
        began = time.monotonic()
        answers = list(clients.map(lambda _: server.ask(query), range(50)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        assert time.monotonic() - began < 30
        server.assert_well()


def test_a_full_queue_is_told_with_retry_after(server: Running) -> None:
    with busy(server) as others:
        waiting = [others.submit(server.ask, ASK) for _ in range(4)]
        until(lambda: server.health()["waiting"] == 4)
        refused = server.ask(ASK)
        assert refused.status_code == 503
        assert refused.text == "too many queries wait; try again later\n"
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        for address in ("/page/dupilumab", "/data/dupilumab.ttl", "/health"):
            assert httpx.get(f"{server.url}{address}", timeout=30).status_code == 200
    assert {answer.result().status_code for answer in waiting} == {200}
    assert server.metric(f'{STOPPED}{{reason="overload"}}') >= 1
    server.assert_well()


def test_a_client_that_goes_away_ends_its_query(server: Running) -> None:
    before = server.metric(f'{STOPPED}{{reason="disconnect"}}')
    with busy(server):
        victims = server.workers()
        until(lambda: running_workers(server) == victims)
    until(lambda: not any(map(is_alive, victims)))
    assert server.metric(f'{STOPPED}{{reason="disconnect"}}') == before + WORKERS
    server.assert_well()


def test_a_client_that_goes_away_gives_up_its_place(server: Running) -> None:
    with busy(server, WORKERS + 3):
        until(lambda: server.health()["waiting"] == 3)
    until(lambda: server.health()["waiting"] == 0)
    server.assert_well()


def test_clients_take_turns() -> None:
    async def turns() -> list[str]:
        queue: FairQueue[int] = FairQueue(10, overloaded("full", Limits()))
        waiting = {name: queue.put(name[0]) for name in ("a1", "a2", "a3", "b1", "c1")}
        order = []
        for turn in range(5):
            assert queue.give(turn)
            order += [name for name, future in waiting.items() if future.done() and future.result() == turn]
        assert not queue.give(5)
        return order

    assert asyncio.run(turns()) == ["a1", "b1", "c1", "a2", "a3"]


def test_a_full_queue_makes_room_for_who_waits_less() -> None:
    async def fill() -> None:
        queue: FairQueue[int] = FairQueue(3, overloaded("full", Limits()))
        greedy = [queue.put("greedy") for _ in range(3)]
        with pytest.raises(StoppedError, match="full"):
            queue.put("greedy")
        modest = queue.put("modest")
        assert isinstance(greedy[2].exception(), StoppedError)
        assert not modest.done()
        assert len(queue) == 3
        queue.remove("modest", modest)
        assert len(queue) == 2

    asyncio.run(fill())


# --- What the gate would refuse ------------------------------------------------------------------------------------


def pooled(path: Path, use: Callable[[Pool], object], **limits: float) -> None:
    """Run a pool without a server before it."""

    async def main() -> None:
        pool = Pool(path, Limits(**{"workers": 1, "timeout": 5, **limits}))  # type: ignore[arg-type]
        await pool.start()
        try:
            await use(pool)  # type: ignore[misc]
            assert await answer(pool, "ASK {}") == {"head": {}, "boolean": True}
            assert pool.alive == 1
        finally:
            await pool.close()

    asyncio.run(asyncio.wait_for(main(), 60))


async def answer(pool: Pool, query: str) -> dict[str, object]:
    output = io.BytesIO()
    assert await pool.run(Question(query), JSON, output) == pool.digest
    parsed: dict[str, object] = json.loads(output.getvalue())
    return parsed


@pytest.mark.parametrize(
    "query",
    [
        f"SELECT * {{ FILTER{'(' * 50000}true{')' * 50000} }}",
        f"SELECT * {'{' * 50000}{'}' * 50000}",
        f"SELECT * {{ FILTER({'STR(' * 50000}1{')' * 50000}) }}",
    ],
    ids=["parentheses", "groups", "functions"],
)
def test_nesting_that_crashes_the_engine_ends_one_worker(tmp_path: Path, query: str) -> None:
    async def use(pool: Pool) -> None:
        for _ in range(3):
            with pytest.raises(StoppedError, match="ended the process"):
                await answer(pool, query)
        assert pool.killed == {"crash": 3}

    pooled(graph_of(tmp_path / "g.ttl", 1), use)


def test_a_worker_can_open_no_connection_and_no_file(server: Running) -> None:
    for pid in server.workers():
        limits = Path(f"/proc/{pid}/limits").read_text(encoding="utf-8").splitlines()
        assert ["Max", "open", "files", "0", "0", "files"] in [line.split() for line in limits]
        assert ["Max", "file", "size", "0", "0", "bytes"] in [line.split() for line in limits]
    assert server.ask("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }").status_code == 403


def test_a_worker_says_where_a_mistake_is(tmp_path: Path) -> None:
    async def use(pool: Pool) -> None:
        with pytest.raises(QuerySyntaxError, match="line 2, column") as refused:
            await answer(pool, "ASK {\n ?s ?p }")
        assert refused.value.line == 2
        with pytest.raises(UsageError, match="put a space after that word"):
            await pool.run(Question("CONSTRUCT WHERE { ?s ?p ?o }"), JSON, io.BytesIO())

    pooled(graph_of(tmp_path / "g.ttl", 1), use)


# --- New graphs ----------------------------------------------------------------------------------------------------


def version_of(reply: httpx.Response) -> int:
    """Return the version that an answer is of, and check that all of it is."""
    assert reply.status_code == 200, reply.text
    ((version, count),) = [line.split(",") for line in reply.text.split()[1:]]
    assert count == "500"
    return int(version)


@pytest.fixture
def versioned(tmp_path: Path) -> Iterator[tuple[Running, Path]]:
    file = graph_of(tmp_path / "graph.ttl", 1)
    with running(tmp_path, "--store", str(file), "--reload", "--queue", "100", "--log", "none") as server:
        yield server, file


@pytest.mark.slow
def test_twenty_reloads_under_load(versioned: tuple[Running, Path]) -> None:
    server, file = versioned
    seen: list[int] = []
    done = threading.Event()

    def keep_asking() -> None:
        while not done.is_set():
            seen.append(version_of(server.ask(VERSIONS, Accept="text/csv")))

    with ThreadPoolExecutor(4) as clients:
        asking = [clients.submit(keep_asking) for _ in range(4)]
        try:
            for version in range(2, 22):
                graph_of(file, version)
                until(lambda version=version: seen[-1:] == [version], 60)  # type: ignore[misc]
        finally:
            done.set()
        for one in asking:
            one.result()
    assert set(seen) == set(range(1, 22))
    assert server.metric('treatkg_reloads_total{result="done"}') == 20
    until(lambda: len(children(server.process.pid)) == 1)
    server.assert_well()


def test_a_running_query_finishes_on_the_old_graph(versioned: tuple[Running, Path]) -> None:
    server, file = versioned
    slow = (
        "SELECT ?v (COUNT(*) / 12960000 * 500 AS ?n) { <urn:0> <urn:v> ?v . ?a <urn:w> ?b . ?c <urn:w> ?d } GROUP BY ?v"
    )
    with ThreadPoolExecutor(1) as clients:
        old = clients.submit(server.ask, slow, Accept="text/csv")
        time.sleep(0.3)
        graph_of(file, 2)
        server.process.send_signal(signal.SIGHUP)
        until(lambda: version_of(server.ask(VERSIONS, Accept="text/csv")) == 2)
        assert not old.done()
        assert version_of(old.result()) == 1
    until(lambda: len(children(server.process.pid)) == 1)
    server.assert_well()


def test_a_broken_file_leaves_the_old_graph(versioned: tuple[Running, Path]) -> None:
    server, file = versioned
    before = server.health()["sha256"]
    file.write_text("<urn:1> <urn:v> 2 . <broken", encoding="utf-8")
    until(lambda: server.metric('treatkg_reloads_total{result="failed"}') == 1)
    assert version_of(server.ask(VERSIONS, Accept="text/csv")) == 1
    assert server.health()["sha256"] == before
    assert "The graph is not replaced" in server.log.read_text(encoding="utf-8")
    graph_of(file, 3)
    until(lambda: version_of(server.ask(VERSIONS, Accept="text/csv")) == 3)
    assert server.health()["sha256"] != before


def test_a_validator_belongs_to_the_graph_that_answered(versioned: tuple[Running, Path]) -> None:
    server, file = versioned
    address = f"{server.url}/sparql?query={quote(VERSIONS)}&format=csv"
    first = httpx.get(address)
    known = {"If-None-Match": first.headers["etag"]}
    assert httpx.get(address, headers=known).status_code == 304
    graph_of(file, 2)
    until(lambda: version_of(server.ask(VERSIONS, Accept="text/csv")) == 2)
    second = httpx.get(address, headers=known)
    assert version_of(second) == 2
    assert second.headers["etag"] != first.headers["etag"]


MAPPINGS = """#mapping_set_id: https://example.org/{name}
#mapping_set_version: 2026-01-01
#license: https://creativecommons.org/publicdomain/zero/1.0/
#curie_map:
#  MONDO: http://purl.obolibrary.org/obo/MONDO_
#  MESH: http://id.nlm.nih.gov/mesh/
subject_id\tsubject_label\tpredicate_id\tobject_id\tobject_label\tmapping_justification
MONDO:0004980\tatopic dermatitis\tskos:exactMatch\tMESH:D003876\tDermatitis, Atopic\tsemapv:ManualMappingCuration
"""


def load(store: Path, name: str) -> None:
    file = store.with_name(f"{name}.sssom.tsv")
    file.write_text(MAPPINGS.format(name=name), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "treatkg", "load", "sssom", file, "--to", store, "--quiet"], check=True)


@pytest.mark.slow
def test_a_served_store_shows_what_is_loaded_into_it(tmp_path: Path) -> None:
    store = tmp_path / "store"
    load(store, "one")
    counting = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s a tkg:LoadActivity } }"

    def loads() -> int:
        return int(running_server.ask(counting, Accept="text/csv").text.split()[1])

    with running(tmp_path, "--store", str(store), "--reload", "--log", "none") as running_server:
        assert loads() == 1
        before = running_server.health()["sha256"]
        load(store, "two")
        until(lambda: loads() == 2)
        until(lambda: running_server.health()["sha256"] != before)
        running_server.assert_well()


@pytest.mark.slow
def test_a_store_that_cannot_be_written_is_read(tmp_path: Path) -> None:
    store = tmp_path / "store"
    load(store, "one")
    query = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s a tkg:LoadActivity } }"
    ask = shlex.join([sys.executable, "-m", "treatkg", "sparql", query, "--on", str(store), "-f", "csv"])
    readonly = f"mount --bind {shlex.quote(str(store))} {shlex.quote(str(store))} && mount -o remount,ro,bind {store}"
    apart = ["unshare", "-m", "sh", "-c"]
    if subprocess.run([*apart, readonly], check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a folder so that it cannot be written")
    done = subprocess.run([*apart, f"{readonly} && {ask}"], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()) == (0, ["n", "1"]), done.stderr


def test_a_pool_that_is_closed_while_it_moves_leaves_no_process(tmp_path: Path) -> None:
    before = children(os.getpid())

    async def main() -> None:
        pool = Pool(graph_of(tmp_path / "g.ttl", 1), Limits(workers=1))
        await pool.start()
        old = children(os.getpid()) - before
        await pool.replace(graph_of(tmp_path / "h.ttl", 2))
        processes = (old | children(os.getpid())) - before
        await pool.close()
        assert len(processes) == 2
        until(lambda: not any(map(is_alive, processes)))

    asyncio.run(main())
    assert children(os.getpid()) <= before


async def _replaced(pool: Pool, file: Path) -> None:
    with pytest.raises(StorageError):
        await pool.replace(file.with_name("missing.ttl"))
    await pool.replace(graph_of(file.with_name("other.ttl"), 7))
    rows = await answer(pool, "ASK { ?s <urn:v> 7 }")
    assert rows["boolean"] is True


def test_a_pool_moves_to_another_file(tmp_path: Path) -> None:
    file = graph_of(tmp_path / "g.ttl", 1)
    pooled(file, lambda pool: _replaced(pool, file))


# --- The end -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything_within_two_seconds(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path) as server, busy_until_the_end(server):
        processes = {server.family(), *server.workers()}
        began = time.monotonic()
        server.process.send_signal(number)
        server.process.wait(timeout=20)
        assert time.monotonic() - began < 2 + BUSY
        until(lambda: not any(map(is_alive, processes)))
        assert "Traceback" not in server.log.read_text(encoding="utf-8")
        with socket.socket() as free:
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free.bind(("127.0.0.1", server.port))


def test_a_server_that_is_killed_leaves_no_process(tmp_path: Path) -> None:
    with running(tmp_path) as server, busy_until_the_end(server):
        processes = {server.family(), *server.workers()}
        assert len(processes) == 1 + WORKERS
        server.process.kill()
        until(lambda: not any(map(is_alive, processes)))


@contextlib.contextmanager
def busy_until_the_end(server: Running) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for _ in range(WORKERS):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            client.sendall(f"GET /sparql?query={quote(BOMB)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        time.sleep(0.3)
        yield


# --- What an operator sees -----------------------------------------------------------------------------------------


def test_the_log_has_no_values_of_parameters(server: Running) -> None:
    httpx.get(f"{server.url}/queries/drugs-blocking-cytokine", params={"cytokine": "IL-13", "format": "csv"})
    until(lambda: "/queries/drugs-blocking-cytokine" in server.log.read_text(encoding="utf-8").splitlines()[-1])
    line = server.log.read_text(encoding="utf-8").splitlines()[-1]
    told = json.loads(line)
    assert (told["method"], told["path"], told["status"]) == ("GET", "/queries/drugs-blocking-cytokine", 200)
    assert told["parameters"] == ["cytokine", "format"]
    assert "IL-13" not in line
    assert told["ms"] > 0


def test_metrics_count_by_route(server: Running) -> None:
    name = 'treatkg_requests_total{route="/data/{local:path}",method="GET",status="200"}'
    before = server.metric(name)
    for thing in ("dupilumab", "tralokinumab"):
        assert httpx.get(f"{server.url}/data/{thing}.nt").status_code == 200
    assert server.metric(name) == before + 2
    assert server.metric('treatkg_request_seconds_count{route="/data/{local:path}"}') >= 2
    assert server.metric("treatkg_workers") == WORKERS


def test_strange_methods_and_paths_make_no_series(server: Running) -> None:
    for name in ("BREW", "X" * 50):
        httpx.request(name, f"{server.url}/{name}")
    text = httpx.get(f"{server.url}/metrics").text
    assert "BREW" not in text
    assert 'route="other",method="other",status="404"' in text


def test_health_names_the_graph(server: Running) -> None:
    told = server.health()
    assert told["status"] == "ok"
    assert len(str(told["sha256"])) == 64
    assert (told["workers"], told["waiting"]) == (WORKERS, 0)
    assert told["version"]


def test_the_pages_over_another_endpoint(tmp_path: Path, server: Running) -> None:
    with running(tmp_path, "--endpoint", f"{server.url}/sparql", "--max-result", "8") as before:
        query = "SELECT ?drug { ?drug tkg:indicatedFor MONDO:0004980 } ORDER BY ?drug"
        assert before.ask(query, Accept="text/csv").text == server.ask(query, Accept="text/csv").text
        assert "dupilumab" in httpx.get(f"{before.url}/page/dupilumab", timeout=60).text
        too_much = before.ask("SELECT * { ?s ?p ?o }")
        assert (too_much.status_code, "is longer than 8,388,608 bytes" in too_much.text) == (413, True)
        assert before.ask("SELECT * {").status_code == 400
        assert before.health()["status"] == "ok"


def test_an_endpoint_that_does_not_answer(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "treatkg", "serve", "--port", str(free_port())]
    nobody = "http://127.0.0.1:9/sparql"
    done = subprocess.run([*command, "--endpoint", nobody], capture_output=True, text=True, check=False)
    assert done.returncode == 5
    assert "http://127.0.0.1:9/sparql did not answer" in done.stderr
