"""What one untrusted query may use, and what its client is told when it is stopped."""

from __future__ import annotations

import os
from dataclasses import dataclass
from http import HTTPStatus

from treatkg.errors import LimitError

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """What the pool and each of its queries may use.

    Attributes:
        workers: processes that answer queries at the same time.
        timeout: seconds from the start of a query to the last byte of its result; also the longest wait for a worker.
        memory: MiB of address space beyond what the loaded graph takes.
        result: MiB of the serialised result.
        queue: queries that may wait for a worker.
    """

    workers: int = os.cpu_count() or 1
    timeout: float = 30.0
    memory: int = 1024
    result: int = 64
    queue: int = 64


class StoppedError(LimitError):
    """A query was not answered: it hit a limit, or no worker was free."""

    def __init__(self, reason: str, text: str, retry_after: int | None = None) -> None:
        super().__init__(text)
        self.reason = reason
        self.status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if reason == "result" else HTTPStatus.SERVICE_UNAVAILABLE
        self.headers = {} if retry_after is None else {"Retry-After": str(retry_after)}


def stopped(reason: str, limits: Limits) -> StoppedError:
    """Return the error for a query that was stopped: its limit and the limit's value."""
    texts = {
        "time": f"the query did not finish within {limits.timeout:g} s",
        "memory": f"the query needs more than {limits.memory} MiB of memory",
        "result": f"the result is longer than {limits.result} MiB: ask for less, for instance with LIMIT",
        "crash": "the query ended the process that ran it: it asks for more than the engine can do",
    }
    return StoppedError(reason, texts[reason])


def overloaded(text: str, limits: Limits) -> StoppedError:
    """Return the error for a query that could not be started."""
    return StoppedError("overload", f"{text}; try again later", retry_after=max(1, round(min(limits.timeout, 10))))
