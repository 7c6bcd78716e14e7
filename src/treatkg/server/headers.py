"""Headers: how many may come and how long, what every answer carries, and compression with strong validators."""

from __future__ import annotations

from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Allow, Content-Length",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Accept, Accept-Language, Cache-Control, Content-Type, If-None-Match",
    "Access-Control-Max-Age": "86400",
    "Vary": "Access-Control-Request-Method, Access-Control-Request-Headers",
}
_MARK = '-gzip"'
_MAX_HEADERS = 100
_KIB = 1024
_MAX_HEADER = 16 * _KIB
_MAX_ADDRESS = 16 * _KIB
_MAX_PAGES = 64
_NO_PAGES = ("/sparql", "/health", "/metrics", "/static/")
_MAX_QUERY = 256 * _KIB  # a query of 64 KiB in which three bytes stand for each


class Answers:
    """Adds the headers, and answers what a browser asks before a request to another host."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer a preflight."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.add_vary_header("Accept")
            await send(message)

        given = Headers(scope=scope)
        if scope["method"] == "OPTIONS" and "access-control-request-method" in given:
            await Response(status_code=HTTPStatus.NO_CONTENT, headers=_PREFLIGHT)(scope, receive, with_headers)
        else:
            await self.app(scope, receive, with_headers)


class Bounded:
    """Refuses a request with more headers, or a longer header or address, than anybody needs."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http" and (refusal := _too_much(scope)):
            await refusal(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _too_much(scope: Scope) -> Response | None:
    headers = scope["headers"]
    most = _MAX_QUERY if scope["path"].rstrip("/") == "/sparql" else _MAX_ADDRESS
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > most:
        text, status = f"the address is longer than {most // _KIB} KiB", HTTPStatus.REQUEST_URI_TOO_LONG
    elif len(headers) > _MAX_HEADERS:
        text, status = f"the request has more than {_MAX_HEADERS} headers", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    elif any(len(value) > _MAX_HEADER for _, value in headers):
        text = f"a header of the request is longer than {_MAX_HEADER // _KIB} KiB"
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    else:
        return None
    return PlainTextResponse(f"{text}\n", status_code=status)


class Uncrowded:
    """Refuses a page while so many are being made that it would wait for seconds; pages are made in threads."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.making = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or scope["path"].startswith(_NO_PAGES):
            await self.app(scope, receive, send)
        elif self.making >= _MAX_PAGES:
            text, headers = "too many pages are being made; try again later\n", {"Retry-After": "5"}
            refusal = PlainTextResponse(text, status_code=HTTPStatus.SERVICE_UNAVAILABLE, headers=headers)
            await refusal(scope, receive, send)
        else:
            self.making += 1
            try:
                await self.app(scope, receive, send)
            finally:
                self.making -= 1


class Compressed:
    """Compresses for who accepts it. A compressed answer has a validator of its own, as strong ones must (RFC 9110)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.compressing = GZipMiddleware(app, minimum_size=1024, compresslevel=5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with the validator that the application knows."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["headers"] = list(scope["headers"])  # in place: what is noted in the scope stays known outside
        headers = MutableHeaders(scope=scope)
        marked = _MARK in headers.get("if-none-match", "")
        if marked:
            headers["if-none-match"] = headers["if-none-match"].replace(_MARK, '"')

        async def with_mark(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = MutableHeaders(scope=message)
                if "accept-encoding" not in sent.get("vary", "").lower():
                    sent.add_vary_header("Accept-Encoding")
                compressed = sent.get("content-encoding") == "gzip" or (message["status"] == 304 and marked)
                if compressed and sent.get("etag", "").endswith('"'):
                    sent["etag"] = sent["etag"][:-1] + _MARK
            await send(message)

        app = self.compressing if _accepts_gzip(headers) else self.app
        await app(scope, receive, with_mark)


def _accepts_gzip(headers: Headers) -> bool:
    for part in ",".join(headers.getlist("accept-encoding")).lower().split(","):
        coding, *parameters = (piece.strip() for piece in part.split(";"))
        if coding in ("gzip", "x-gzip"):
            return not any(p.startswith("q=") and not p[2:].strip("0.") for p in parameters)
    return False
