"""A pool of killable processes for untrusted queries. One that hits a limit costs its client an answer, nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import math
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from typing import IO

from treatkg.errors import StorageError
from treatkg.server.asking import Question
from treatkg.server.negotiation import Offer
from treatkg.server.pool.limits import Limits, StoppedError, overloaded, stopped
from treatkg.server.pool.processes import Family, Worker
from treatkg.server.pool.queueing import FairQueue

_PAUSE = 0.5  # seconds before what failed to start is started again


class Pool:
    """Worker processes over one version of a graph, and the queries that wait for them.

    Attributes:
        killed: reason (time, memory, result, crash, overload, disconnect) -> queries that were not answered for it.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        self.path, self.limits = path, limits
        self.killed: Counter[str] = Counter()
        self._queue: FairQueue[Worker] = FairQueue(limits.queue, overloaded("too many queries wait", limits))
        self._idle: list[Worker] = []
        self._current: Family | None = None
        self._families: set[Family] = set()  # the current one, and those whose last queries still run
        self._tasks: set[asyncio.Task[None]] = set()
        self._replacing = asyncio.Lock()
        self._stopping = False

    @property
    def digest(self) -> str:
        """The fingerprint of the graph's file."""
        return self._current.digest if self._current else ""

    @property
    def alive(self) -> int:
        """How many workers over the current graph there are."""
        return len(self._current.workers) if self._current else 0

    @property
    def waiting(self) -> int:
        """How many queries wait for a worker."""
        return len(self._queue)

    async def start(self) -> None:
        """Start the workers.

        Raises:
            StorageError: the graph cannot be loaded.
        """
        await self.replace(self.path)

    async def replace(self, path: Path) -> None:
        """Answer new queries from another graph; those that run finish on the old one.

        Raises:
            StorageError: it cannot be loaded; the old one stays.
        """
        async with self._replacing:
            family = await Family.start(path, self.limits)
            self._families.add(family)
            try:
                workers = [await family.fork() for _ in range(self.limits.workers)]
            except BaseException:
                await self._end(family)
                raise
            old, self._current, self.path = self._current, family, path
            outdated, self._idle = self._idle, []
            self._spawn(self._watch(family))
            for worker in workers:
                self._spawn(self._guard(worker))
                self._offer(worker)
            for worker in outdated:
                worker.kill()
            if old:
                self._spawn(self._retire(old))

    async def run(self, question: Question, offer: Offer, output: IO[bytes], client: str = "") -> str:
        """Run a query in a worker.

        Args:
            question: the query and what it is asked of.
            offer: the format of the answer.
            output: where the answer goes.
            client: whose turn in the queue this is.

        Returns:
            The fingerprint of the graph that has answered.

        Raises:
            UsageError: the query is not valid.
            StoppedError: it hit a limit.
        """
        try:
            worker = await self._acquire(client)
            seconds = min(self.limits.timeout, question.seconds or math.inf)
            try:
                async with asyncio.timeout(seconds):
                    return await worker.ask(question.packed(offer), output)
            except TimeoutError as error:
                raise stopped("time", dataclasses.replace(self.limits, timeout=seconds)) from error
            finally:
                self._release(worker)
        except StoppedError as error:
            if self._stopping:
                raise overloaded("the server is stopping", self.limits) from error
            self.killed[error.reason] += 1
            raise
        except asyncio.CancelledError:
            self.killed["disconnect"] += 1
            raise

    def stop(self) -> None:
        """End the queries that run and those that wait: their clients are told."""
        self._stopping = True
        self._queue.clear()
        for worker in list(self._current.workers.values()) if self._current else []:
            worker.kill()

    async def close(self) -> None:
        """End all processes."""
        self._current = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for family in list(self._families):  # also one whose end was interrupted
            await self._end(family)

    async def _acquire(self, client: str) -> Worker:
        while self._idle:
            worker = self._idle.pop()
            if not worker.has_ended():
                return worker
        future = self._queue.put(client)
        try:
            async with asyncio.timeout(self.limits.timeout):
                return await future
        except BaseException as error:
            self._queue.remove(client, future)
            if future.done() and not future.cancelled() and not future.exception():
                self._offer(future.result())  # its turn came at the moment it left
            if isinstance(error, TimeoutError):
                raise overloaded(f"no worker was free within {self.limits.timeout:g} s", self.limits) from error
            raise

    def _release(self, worker: Worker) -> None:
        if worker.usable and not worker.has_ended() and worker.family is self._current:
            self._offer(worker)
        else:
            worker.kill()

    def _offer(self, worker: Worker) -> None:
        if not self._queue.give(worker):
            self._idle.append(worker)

    async def _guard(self, worker: Worker) -> None:
        """Replace a worker when it has ended, for whatever reason."""
        await worker.ended
        with contextlib.suppress(ValueError):
            self._idle.remove(worker)
        if worker.family is self._current and not self._stopping and not worker.family.ended.is_set():
            with contextlib.suppress(StorageError):  # then the family has ended, and is watched
                fresh = await worker.family.fork()
                self._spawn(self._guard(fresh))
                self._release(fresh)

    async def _watch(self, family: Family) -> None:
        """Begin again if the process that holds the graph ends by itself."""
        await family.ended.wait()
        while family is self._current:
            with contextlib.suppress(StorageError):
                await self.replace(self.path)
                break
            await asyncio.sleep(_PAUSE)

    async def _retire(self, family: Family) -> None:
        """End a replaced family when its last query is done."""
        await asyncio.gather(*(worker.ended for worker in list(family.workers.values())))
        await self._end(family)

    async def _end(self, family: Family) -> None:
        await family.close()
        self._families.discard(family)

    def _spawn(self, coroutine: Coroutine[None, None, None]) -> None:
        task: asyncio.Task[None] = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
