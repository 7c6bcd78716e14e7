"""Who waits for a worker: clients take turns, and none fills the queue alone."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from typing import Generic, TypeVar

from treatkg.server.pool.limits import StoppedError

_T = TypeVar("_T")


class FairQueue(Generic[_T]):
    """A bounded queue of clients that wait for something; each client has one turn, however often it asks."""

    def __init__(self, size: int, full: StoppedError) -> None:
        self.size, self.full = size, full
        self._waiting: OrderedDict[str, deque[asyncio.Future[_T]]] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def put(self, client: str) -> asyncio.Future[_T]:
        """Wait as this client; if the queue is full, in place of the newest of the client that waits most often.

        Raises:
            StoppedError: the queue is full, and no other client has more in it.
        """
        if len(self) >= self.size:
            most = max(self._waiting.values(), key=len, default=deque())
            if len(most) <= len(self._waiting.get(client, ())) + 1:
                raise self.full
            evicted = most.pop()
            if not evicted.done():
                evicted.set_exception(self.full)
        future: asyncio.Future[_T] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, deque()).append(future)
        return future

    def give(self, thing: _T) -> bool:
        """Give to the client whose turn it is; False if nobody waits."""
        while self._waiting:
            client, futures = self._waiting.popitem(last=False)
            future = futures.popleft()
            if futures:
                self._waiting[client] = futures
            if not future.done():
                future.set_result(thing)
                return True
        return False

    def clear(self) -> None:
        """Send everybody away."""
        for futures in self._waiting.values():
            for future in futures:
                if not future.done():
                    future.set_exception(self.full)
        self._waiting.clear()

    def remove(self, client: str, future: asyncio.Future[_T]) -> None:
        """Forget who waits no longer."""
        futures = self._waiting.get(client, deque())
        if future in futures:
            futures.remove(future)
        if not futures:
            self._waiting.pop(client, None)
