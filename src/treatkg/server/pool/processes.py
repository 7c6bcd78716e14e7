"""The server's side of worker processes: starting, asking and killing them (`worker` is what they run)."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from treatkg.errors import StorageError, UsageError
from treatkg.server.pool.channel import DATA, HEAD, QUERY, REFUSED, STOPPED, frame
from treatkg.server.pool.limits import Limits, stopped
from treatkg.sparql_text import QuerySyntaxError

_REASONS = {signal.SIGABRT: "memory", signal.SIGXCPU: "time"}  # an engine out of memory aborts


class Worker:
    """A process that answers one query at a time."""

    def __init__(self, pid: int, family: Family, channel: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        self.pid, self.family = pid, family
        self.reader, self.writer = channel
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.usable = True

    async def ask(self, question: Mapping[str, Any], output: IO[bytes]) -> str:
        """Write the answer to a packed question into a file and return the fingerprint of the graph that was asked.

        Raises:
            UsageError: the query is not valid.
            StoppedError: it hit a limit, or the process ended.
        """
        self.usable = False
        try:
            self.writer.write(frame(QUERY, json.dumps(question).encode()))
            await self.writer.drain()
            kind, content = await self._receive(output)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise stopped(await self._why(), self.family.limits) from error
        if kind == STOPPED:
            raise stopped(content.decode(), self.family.limits)
        told = json.loads(content)
        self.usable = not told["worn"]
        if kind == REFUSED:
            raise QuerySyntaxError(*told["place"]) if told["place"] else UsageError(told["error"])
        return str(told["digest"])

    async def _receive(self, output: IO[bytes]) -> tuple[bytes, bytes]:
        while True:
            kind, size = HEAD.unpack(await self.reader.readexactly(HEAD.size))
            content = await self.reader.readexactly(size)
            if kind != DATA:
                return kind, content
            output.write(content)

    async def _why(self) -> str:
        with contextlib.suppress(TimeoutError):
            status = await asyncio.wait_for(asyncio.shield(self.ended), 1)
            if os.WIFSIGNALED(status):
                return _REASONS.get(signal.Signals(os.WTERMSIG(status)), "crash")
        return "crash"

    def kill(self) -> None:
        """End the process; nothing waits for it."""
        self.usable = False
        self.family.kill(self)

    def has_ended(self) -> bool:
        """Whether the process is known to have ended; its channel may say so first."""
        return self.ended.done() or self.reader.at_eof()

    def bury(self, status: int) -> None:
        """Note that the process has ended, and how (as `os.wait` says it)."""
        self.usable = False
        self.writer.close()
        if not self.ended.done():
            self.ended.set_result(status)


class Family:
    """The process that holds one version of the graph, and the workers that it forks."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.workers: dict[int, Worker] = {}
        self.ended = asyncio.Event()
        self.digest = ""
        self._forking = asyncio.Lock()
        self._forked: asyncio.Future[int] | None = None

    @classmethod
    async def start(cls, path: Path, limits: Limits) -> Family:
        """Start the process and wait until it has loaded the graph.

        Raises:
            StorageError: the graph cannot be loaded.
        """
        family = cls(limits)
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        given = json.dumps(dataclasses.asdict(limits))
        command = [sys.executable, "-m", "treatkg.server.pool.worker", str(theirs.fileno()), str(path), given]
        with theirs:
            family.process = await asyncio.create_subprocess_exec(
                *command, pass_fds=[theirs.fileno()], stdin=asyncio.subprocess.DEVNULL, stderr=None
            )
        family.control = ours
        family.reader, family.writer = await asyncio.open_connection(sock=ours.dup())
        told: dict[str, str] = {}
        try:
            told = json.loads(await family.reader.readline() or "{}")
        finally:
            if "digest" not in told:
                await family.close()
        if "digest" not in told:
            raise StorageError(told.get("error", "the process that loads the graph has ended"))
        family.digest = told["digest"]
        family.listening = asyncio.create_task(family._listen())
        return family

    process: asyncio.subprocess.Process
    control: socket.socket
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    listening: asyncio.Task[None] | None = None

    async def fork(self) -> Worker:
        """Fork a worker.

        Raises:
            StorageError: the process that forks has ended.
        """
        async with self._forking:
            ours, theirs = socket.socketpair()
            with theirs:
                self._forked = asyncio.get_running_loop().create_future()
                try:
                    socket.send_fds(self.control, [b"fork\n"], [theirs.fileno()])
                    pid = await self._forked
                except OSError as error:
                    ours.close()
                    raise StorageError(f"no worker can be started: {error}") from error
            worker = self.workers[pid] = Worker(pid, self, await asyncio.open_connection(sock=ours))
            return worker

    def kill(self, worker: Worker) -> None:
        """Kill a worker, through the process that knows whether its number is still its own."""
        if worker.pid in self.workers and not self.ended.is_set():
            with contextlib.suppress(OSError):
                self.control.send(f"kill {worker.pid}\n".encode())

    async def close(self) -> None:
        """End the process with all its workers; may be called again if it was interrupted."""
        self.writer.close()
        self.control.close()
        try:
            await asyncio.wait_for(self.process.wait(), 1)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
        if self.listening:
            await asyncio.wait({self.listening})

    async def _listen(self) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await self.reader.readline():
                self._note(json.loads(line))
        self.ended.set()
        if self._forked and not self._forked.done():
            self._forked.set_exception(ConnectionResetError("the process that forks has ended"))
        for pid, worker in self.workers.items():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            worker.bury(signal.SIGKILL)
        self.workers.clear()

    def _note(self, told: dict[str, Any]) -> None:
        if "forked" in told:
            if self._forked and not self._forked.done():
                self._forked.set_result(told["forked"])
        elif worker := self.workers.pop(told["ended"], None):
            worker.bury(told["status"])
