"""What an operator sees: `/health`, `/metrics` (Prometheus text format 0.0.4) and a line of log for each request."""

from __future__ import annotations

import datetime
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from http import HTTPStatus
from typing import Literal
from urllib.parse import parse_qsl, quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from treatkg.server.pool import Pool

LogFormat = Literal["json", "text", "none"]
_BUCKETS = (0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60)
_GONE = 499  # what nginx logs when the client has closed the connection
_METHODS = ("GET", "HEAD", "POST", "OPTIONS")


class Metrics:
    """Counts of requests and their durations."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str, int]] = Counter()
        self.durations: defaultdict[str, Counter[float]] = defaultdict(Counter)
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.reloads: Counter[str] = Counter({"done": 0, "failed": 0})

    def note(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request. A method that no route has is counted as "other", so that clients cannot invent series."""
        self.requests[route, method if method in _METHODS else "other", status] += 1
        self.durations[route][next((b for b in _BUCKETS if seconds <= b), float("inf"))] += 1
        self.seconds[route] += seconds

    def lines(self, pool: Pool | None) -> Iterator[str]:
        """Write them as Prometheus reads them."""
        yield "# TYPE treatkg_requests_total counter"
        for (route, method, status), count in sorted(self.requests.items()):
            yield f'treatkg_requests_total{{route="{route}",method="{method}",status="{status}"}} {count}'
        yield "# TYPE treatkg_request_seconds histogram"
        for route, counts in sorted(self.durations.items()):
            total = 0
            for bound in (*_BUCKETS, float("inf")):
                total += counts[bound]
                label = "+Inf" if bound == float("inf") else f"{bound:g}"
                yield f'treatkg_request_seconds_bucket{{route="{route}",le="{label}"}} {total}'
            yield f'treatkg_request_seconds_sum{{route="{route}"}} {self.seconds[route]:.6f}'
            yield f'treatkg_request_seconds_count{{route="{route}"}} {total}'
        yield "# TYPE treatkg_reloads_total counter"
        yield from (f'treatkg_reloads_total{{result="{name}"}} {count}' for name, count in self.reloads.items())
        if pool:
            yield "# TYPE treatkg_queries_stopped_total counter"
            for reason, count in sorted(pool.killed.items()):
                yield f'treatkg_queries_stopped_total{{reason="{reason}"}} {count}'
            for name, value in (("workers", pool.alive), ("queries_waiting", pool.waiting)):
                yield f"# TYPE treatkg_{name} gauge"
                yield f"treatkg_{name} {value}"


class Observed:
    """Counts each request and writes its line of log; a client that went away is no error."""

    def __init__(self, app: ASGIApp, metrics: Metrics, log: LogFormat) -> None:
        self.app, self.metrics, self.log = app, metrics, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, size, began = 0, 0, time.monotonic()

        async def noting(message: Message) -> None:
            nonlocal status, size
            status = message.get("status", status)
            size += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except ClientDisconnect:
            status = _GONE
        finally:
            seconds = time.monotonic() - began
            self.metrics.note(_route(scope), scope["method"], status or 500, seconds)
            if self.log != "none":
                _write_line(self.log, scope, status or 500, size, seconds)


async def health(request: Request) -> Response:
    """Say whether queries are answered, from which graph, by how many workers."""
    state = request.app.state
    pool: Pool | None = state.pool
    told: dict[str, object] = {
        "status": "ok",
        "version": state.version.get("version"),
        "issued": state.version.get("issued"),
    }
    if pool:
        told |= {"sha256": pool.digest, "workers": pool.alive, "waiting": pool.waiting}
        if not pool.alive:
            told["status"] = "no workers"
    told = {name: value if isinstance(value, int) else str(value or "") for name, value in told.items()}
    ok = told["status"] == "ok"
    return JSONResponse(told, status_code=HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE)


async def metrics(request: Request) -> Response:
    """Return the counts."""
    state = request.app.state
    text = "\n".join(state.metrics.lines(state.pool)) + "\n"
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4; charset=utf-8")


def _route(scope: Scope) -> str:
    route = scope.get("route")
    return route.path if isinstance(route, Route) else "/static" if scope["path"].startswith("/static/") else "other"


def _write_line(log: LogFormat, scope: Scope, status: int, size: int, seconds: float) -> None:
    """Write what was asked, without the values of parameters: they may say what someone suffers from."""
    names = sorted({name for name, _ in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)})
    entry = {
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
        "client": scope["client"][0] if scope.get("client") else "",
        "method": scope["method"],
        "path": scope["path"],
        "parameters": names,
        "status": status,
        "bytes": size,
        "ms": round(seconds * 1000, 1),
    }
    if log == "json":
        line = json.dumps(entry)
    else:
        asked = quote(scope["path"]) + ("?" + "&".join(map(quote, names)) if names else "")
        line = "{time} {client} {method} {asked} {status} {bytes} bytes {ms} ms".format(**entry, asked=asked)
    print(line, file=sys.stderr, flush=True)  # noqa: T201
