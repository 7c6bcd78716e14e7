"""The application: routes, headers and errors."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from treatkg.errors import LimitError, StorageError, TreatKGError
from treatkg.knowledge import Knowledge
from treatkg.server import pages, protocol, stored, watching
from treatkg.server.limits import StoppedError
from treatkg.server.pool import Pool
from treatkg.server.serving import FewHeaders, pooled
from treatkg.server.watching import LogFormat, Metrics, Observed

_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept",
}


class _Headers:
    """Adds the headers that every answer carries."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, with_headers)


def create_app(
    knowledge: Knowledge, pool: Pool | None = None, *, watch: bool = False, log: LogFormat = "none"
) -> Starlette:
    """Return the ASGI application that serves a graph, read-only.

    Args:
        knowledge: the graph for the pages and the stored questions, whose queries are known.
        pool: processes over the same graph for the queries of clients; in this process if not given.
        watch: whether to replace the graph when its file changes.
        log: what to write of each request to standard error.
    """
    counts = Metrics()
    app = Starlette(
        routes=[
            Route("/", pages.start),
            Route("/sparql", protocol.endpoint, methods=["GET", "POST", "OPTIONS"]),
            Route("/queries", stored.listing),
            Route("/queries/{name}", stored.run),
            Route("/id/{local:path}", pages.own_thing),
            Route("/describe", pages.any_thing),
            Route("/find", pages.find),
            Route("/health", watching.health),
            Route("/metrics", watching.metrics),
            Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
        ],
        middleware=[Middleware(Observed, counts, log), Middleware(_Headers), Middleware(FewHeaders)],
        exception_handlers={TreatKGError: _refuse},
        lifespan=(lambda running: pooled(running, pool, watch=watch)) if pool else None,
    )
    app.state.pool, app.state.metrics, app.state.version = pool, counts, knowledge.header()
    app.state.knowledge = knowledge
    return app


def _refuse(_request: Request, error: Exception) -> Response:
    status = HTTPStatus.BAD_REQUEST
    if isinstance(error, StoppedError):
        return PlainTextResponse(f"{error}\n", status_code=error.status, headers=error.headers)
    if isinstance(error, LimitError):
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    elif isinstance(error, StorageError):
        status = HTTPStatus.SERVICE_UNAVAILABLE
    elif isinstance(error, protocol.NotAcceptableError):
        status = HTTPStatus.NOT_ACCEPTABLE
    return PlainTextResponse(f"{error}\n", status_code=status)
