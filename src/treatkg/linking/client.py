"""A polite client of public SPARQL endpoints: SPARQLWrapper, with limits, patience and a cache on disk.

Answers are kept by endpoint, query and day. What came before an interruption is there when one starts again; offline,
the newest answer of any day serves. Only JSON counts as an answer, and only from the address that was asked.
"""

from __future__ import annotations

import contextlib
import datetime
import email.utils
import hashlib
import http.client
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, build_opener

import pyoxigraph as ox
from SPARQLWrapper import JSON, POST, URLENCODED, SPARQLWrapper

from treatkg import graph, sparql_text
from treatkg.endpoints import Endpoint, check_address
from treatkg.errors import LimitError, StorageError, UsageError

AGENT = "treatkg/0.1 (https://w3id.org/treatkg)"
_PASSING = {429, 500, 502, 503, 504}
_CHUNK = 64 * 1024
_LONGEST_WAIT = 120.0
Row = dict[str, ox.NamedNode | ox.BlankNode | ox.Literal]


class OfflineError(StorageError):
    """The cache does not hold the answer, and the network is not to be used."""


@dataclass(frozen=True)
class Policy:
    """How patient the client is: times in seconds, `largest` in bytes."""

    timeout: float = 60.0
    attempts: int = 4
    backoff: float = 2.0
    largest: int = 32 * 1024 * 1024


class _PassingError(Exception):
    """Something that may go away; `wait` is how long the endpoint asks to wait, in seconds."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_options: Any) -> None:  # noqa: ANN401 (as the parent)
        return None


class _Wrapper(SPARQLWrapper):
    """SPARQLWrapper without redirects, which leaves the body of an error unread; `patience` is in seconds."""

    patience = 60.0

    def _query(self) -> tuple[Any, str]:
        opener = build_opener(_NoRedirect)
        opener.addheaders = []
        return opener.open(self._createRequest(), timeout=self.patience), self.returnFormat


def default_cache() -> Path:
    """Return the folder of the cache (XDG_CACHE_HOME, else ~/.cache)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "treatkg" / "endpoints"


@dataclass
class Client:
    """Asks endpoints, or their cached answers.

    Args:
        cache: folder of the answers.
        online: whether requests may be sent; else the cache is all there is.
        policy: patience and limits.
        tell: is told of waits and retries.
    """

    cache: Path = field(default_factory=default_cache)
    online: bool = False
    policy: Policy = field(default_factory=Policy)
    tell: Callable[[str], None] = lambda _message: None
    requests: int = 0
    _last: dict[str, float] = field(default_factory=dict)

    def select(self, endpoint: Endpoint, query: str) -> list[Row]:
        """Return the rows of a SELECT query.

        Raises:
            OfflineError: not in the cache, and offline.
            StorageError: the endpoint did not answer, or answered something else than SPARQL JSON, again and again.
            LimitError: the answer is too large.
            UsageError: the endpoint refused the query.
        """
        body = self._cached(endpoint, query)
        if body is None:
            if not self.online:
                raise OfflineError(f"{endpoint.name}: not in {self.cache}; add --online to ask {endpoint.url}")
            check_address(endpoint)
            body = self._patiently(endpoint, query)
            self._keep(endpoint, query, body)
        return _rows(body)

    def _cached(self, endpoint: Endpoint, query: str) -> bytes | None:
        days = sorted(self._folder(endpoint).glob(f"*/{_key(endpoint, query)}.json"))
        if self.online:
            days = [file for file in days if file.parent.name == _today()]
        for file in reversed(days):
            with contextlib.suppress(OSError, ValueError, KeyError):
                return json.dumps(json.loads(file.read_bytes())["answer"]).encode()
        return None

    def _keep(self, endpoint: Endpoint, query: str, body: bytes) -> None:
        file = self._folder(endpoint) / _today() / f"{_key(endpoint, query)}.json"
        record = {"endpoint": endpoint.url, "day": _today(), "query": query, "answer": json.loads(body)}
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{file.parent}: cannot be made ({error.strerror})") from error
        graph.write_atomically(file, json.dumps(record, ensure_ascii=False).encode())

    def _folder(self, endpoint: Endpoint) -> Path:
        return self.cache / endpoint.name

    def _patiently(self, endpoint: Endpoint, query: str) -> bytes:
        for attempt in range(1, self.policy.attempts + 1):
            try:
                return self._ask(endpoint, query)
            except _PassingError as error:
                if attempt == self.policy.attempts:
                    raise StorageError(f"{endpoint.url} {error} ({attempt} times)") from error
                wait = min(max(error.wait, self.policy.backoff * 2 ** (attempt - 1)), _LONGEST_WAIT)
                self.tell(f"{endpoint.name} {error}; trying again in {wait:.0f} s")
                time.sleep(wait)
        raise StorageError(f"{endpoint.url} was not asked: attempts must be 1 or more")

    def _ask(self, endpoint: Endpoint, query: str) -> bytes:
        self._be_polite(endpoint)
        self.requests += 1
        wrapper = _Wrapper(endpoint.url, agent=AGENT)
        wrapper.setQuery(sparql_text.without_comments(query))
        wrapper.setMethod(POST)
        wrapper.setRequestMethod(URLENCODED)
        wrapper.setReturnFormat(JSON)
        wrapper.setOnlyConneg(True)
        wrapper.patience = self.policy.timeout
        deadline = time.monotonic() + self.policy.timeout
        try:
            with contextlib.closing(wrapper.query().response) as response:
                _check_type(response.headers.get("Content-Type", ""))
                body = self._read(endpoint, response, deadline)
        except HTTPError as error:
            with error:
                raise self._refusal(endpoint, error) from error
        except (URLError, OSError, http.client.HTTPException) as error:
            raise _PassingError(f"did not answer: {error}") from error
        return _checked(body)

    def _be_polite(self, endpoint: Endpoint) -> None:
        since = time.monotonic() - self._last.get(endpoint.name, -endpoint.interval)
        time.sleep(max(0.0, endpoint.interval - since))
        self._last[endpoint.name] = time.monotonic()

    def _read(self, endpoint: Endpoint, response: http.client.HTTPResponse, deadline: float) -> bytes:
        body = b"".join(self._chunks(endpoint, response, deadline))
        expected = response.headers.get("Content-Length", "")
        if expected.isdigit() and len(body) < int(expected):
            raise _PassingError(f"sent {len(body)} of {expected} bytes")
        return body

    def _chunks(self, endpoint: Endpoint, response: http.client.HTTPResponse, deadline: float) -> Iterator[bytes]:
        size = 0
        while chunk := response.read1(_CHUNK):
            size += len(chunk)
            if size > self.policy.largest:
                raise LimitError(f"{endpoint.url} sent more than {self.policy.largest:,} bytes")
            if time.monotonic() > deadline:
                raise _PassingError(f"did not end its answer within {self.policy.timeout:.0f} s")
            yield chunk

    def _refusal(self, endpoint: Endpoint, error: HTTPError) -> Exception:
        reason = f"answered {error.code} {error.reason}"
        if error.code in _PASSING:
            return _PassingError(reason, _retry_after(error.headers.get("Retry-After", "")))
        if 300 <= error.code < 400:
            target = error.headers.get("Location", "elsewhere")
            return StorageError(f"{endpoint.url} points to {target}; if that is right, give it with --endpoint")
        with contextlib.suppress(OSError, http.client.HTTPException):
            reason += f": {error.read1(500).decode(errors='replace').strip()}"
        return UsageError(f"{endpoint.url} {reason}") if error.code == 400 else StorageError(f"{endpoint.url} {reason}")


def _check_type(content_type: str) -> None:
    if "json" not in content_type.lower():
        raise _PassingError(f"answered {content_type or 'something without a type'} instead of SPARQL JSON")


def _checked(body: bytes) -> bytes:
    try:
        _rows(body)
    except (SyntaxError, ValueError, UsageError) as error:
        raise _PassingError(f"sent a broken answer: {error}") from error
    return body


def _rows(body: bytes) -> list[Row]:
    solutions = graph.rows(ox.parse_query_results(body, format=ox.QueryResultsFormat.JSON))
    names = [variable.value for variable in solutions.variables]
    return [{name: row[name] for name in names if row[name] is not None} for row in solutions]


def _key(endpoint: Endpoint, query: str) -> str:
    return hashlib.sha256(f"{endpoint.url}\n{query}".encode()).hexdigest()[:32]


def _today() -> str:
    return datetime.datetime.now(tz=datetime.UTC).date().isoformat()


def _retry_after(value: str) -> float:
    """Return seconds from a Retry-After header: a number of seconds, or a date."""
    if value.strip().isdigit():
        return float(value)
    with contextlib.suppress(TypeError, ValueError):
        return email.utils.parsedate_to_datetime(value).timestamp() - time.time()
    return 0.0
