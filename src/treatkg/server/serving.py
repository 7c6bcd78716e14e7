"""Running the application: slow clients, signals, and a new graph without a restart."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import anyio.to_thread
import h11
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from treatkg.errors import TreatKGError
from treatkg.server.keeping import prepare
from treatkg.server.pool import Pool
from treatkg.server.pool.versions import files_of, opened

_REQUEST_SECONDS = 10.0
_STALLED_SECONDS = 30.0
_LINGER_SECONDS = 5.0
_POLL_SECONDS = 0.5
_GRACE_SECONDS = 0.3
_MAX_CONNECTIONS = 1000
_THREADS = 8


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that ends connections whose client sends its request, or reads its answer, too slowly."""

    _sending: asyncio.TimerHandle | None = None
    _reading: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._await_request()

    def data_received(self, data: bytes) -> None:
        """Wait for the rest of a request, if this was not all."""
        self._await_request()
        super().data_received(data)
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._end(self._sending)
            self._sending = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._end(self._sending)
        self._end(self._reading)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Give the client time to read."""
        self._reading = self.loop.call_later(_STALLED_SECONDS, self.transport.abort)
        self.flow.pause_writing()

    def resume_writing(self) -> None:
        """Go on: it has read."""
        self._end(self._reading)
        self.flow.resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, also if its client never reads the rest."""
        super().timeout_keep_alive_handler()
        self.loop.call_later(_LINGER_SECONDS, self.transport.abort)

    def _await_request(self) -> None:
        if self._sending is None:
            self._sending = self.loop.call_later(_REQUEST_SECONDS, self._too_slow)

    def _too_slow(self) -> None:
        if self.transport.is_closing():
            return
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            text = f"the request did not arrive within {_REQUEST_SECONDS:g} s\n".encode()
            headers = [
                ("Content-Type", "text/plain; charset=utf-8"),
                ("Content-Length", str(len(text))),
                ("Connection", "close"),
            ]
            refusal = h11.Response(status_code=408, headers=headers, reason=b"Request Timeout")
            for event in (refusal, h11.Data(data=text), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    @staticmethod
    def _end(timer: asyncio.TimerHandle | None) -> None:
        if timer:
            timer.cancel()


class _Server(uvicorn.Server):
    """Gives running queries a moment to finish when it stops."""

    pool: Pool | None = None

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.pool:
            asyncio.get_running_loop().call_later(_GRACE_SECONDS, self.pool.stop)
        await super().shutdown(sockets)


def run(app: Starlette, host: str, port: int) -> None:
    """Serve until a signal says otherwise."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=PatientProtocol,
        ws="none",
        lifespan="on",
        log_level="warning",
        limit_concurrency=_MAX_CONNECTIONS,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    server.pool = app.state.pool
    server.run()


@contextlib.asynccontextmanager
async def pooled(app: Starlette, pool: Pool, *, watch: bool) -> AsyncIterator[None]:
    """Keep a pool while the application runs; SIGHUP, or a change of the file, replaces the graph."""
    await pool.start()
    # Pages share one interpreter: more threads make them no sooner, and everything else later.
    anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
    due = asyncio.Event()
    with contextlib.suppress(RuntimeError, ValueError):  # only the main thread may wait for signals
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, due.set)
    tasks = [asyncio.create_task(_reload_when(due, app, pool))]
    if watch:
        tasks.append(asyncio.create_task(_notice(due, pool.path)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await pool.close()


async def _notice(due: asyncio.Event, path: Path) -> None:
    seen = _stamp(path)
    while True:
        await asyncio.sleep(_POLL_SECONDS)
        if (now := _stamp(path)) != seen:
            seen = now
            due.set()


def _stamp(path: Path) -> list[tuple[int, ...]]:
    try:
        stats = [file.stat() for file in files_of(path)]
    except OSError:
        return []
    return [(stat.st_mtime_ns, stat.st_size, stat.st_ino) for stat in stats]


async def _reload_when(due: asyncio.Event, app: Starlette, pool: Pool) -> None:
    preparing = asyncio.create_task(prepare(app))
    try:
        while True:
            await due.wait()
            due.clear()
            preparing.cancel()
            if await _reload(app, pool):  # the file has changed in between
                due.set()
            preparing = asyncio.create_task(prepare(app))
    finally:
        preparing.cancel()


async def _reload(app: Starlette, pool: Pool) -> bool:
    """Serve the graph as its file is now, if that can be read; say whether it has changed since."""
    try:
        version = await asyncio.to_thread(opened, pool.path)
        header = await asyncio.to_thread(version.knowledge.header)
        await pool.replace(pool.path)
    except TreatKGError as error:
        app.state.metrics.reloads["failed"] += 1
        print(f"The graph is not replaced: {error}", file=sys.stderr, flush=True)  # noqa: T201
        return False
    app.state.knowledge, app.state.version = version.knowledge, header
    app.state.metrics.reloads["done"] += 1
    return pool.digest != version.digest
