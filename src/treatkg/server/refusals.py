"""What the server says when it does not do what it was asked: a status, and why, as text, page or JSON (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from treatkg.errors import LimitError, StorageError, UsageError
from treatkg.queries import ParameterError
from treatkg.server.negotiation import PAGE, ROWS, NotAcceptableError, Offer, choose
from treatkg.server.pool import StoppedError
from treatkg.server.rendering import render
from treatkg.sparql_text import ForbiddenQueryError, QuerySyntaxError


class UnsupportedBodyError(UsageError):
    """The body of a request is of a kind that is not read here."""


_STATUS = {
    ForbiddenQueryError: HTTPStatus.FORBIDDEN,
    UnsupportedBodyError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    NotAcceptableError: HTTPStatus.NOT_ACCEPTABLE,
    LimitError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    StorageError: HTTPStatus.SERVICE_UNAVAILABLE,
}
_PROBLEM = Offer("application/problem+json", (), ("application/json",))
# Who asks for results first, and for JSON of any kind after, reads a refusal as text.
_TEXT = Offer("text/plain", (), tuple(offer.media_type for offer in ROWS))


def refuse(request: Request, error: Exception) -> Response:
    """Answer with the status of an error of the library; say the place of a mistake, or the limit that was hit."""
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), HTTPStatus.BAD_REQUEST)
    if isinstance(error, StoppedError):
        return explained(request, error.status, str(error), error.headers, limit=error.reason)
    if isinstance(error, QuerySyntaxError) and error.line:
        return explained(request, status, str(error), line=error.line, column=error.column)
    if isinstance(error, ParameterError):
        return explained(request, status, str(error), parameter=error.parameter, allowed=list(error.allowed))
    return explained(request, status, str(error))


def unserved(request: Request, error: Exception) -> Response:
    """Answer what no route takes: an address that is none, or a method that it has not."""
    status = HTTPStatus(getattr(error, "status_code", HTTPStatus.INTERNAL_SERVER_ERROR))
    headers = error.headers if isinstance(error, HTTPException) else None
    allowed = (headers or {}).get("Allow", "")
    reasons = {
        HTTPStatus.NOT_FOUND: "there is nothing at this address",
        HTTPStatus.METHOD_NOT_ALLOWED: f"this address takes {allowed} only",
    }
    return explained(request, status, reasons.get(status, status.phrase), headers)


def explained(
    request: Request,
    status: HTTPStatus,
    reason: str,
    headers: Mapping[str, str] | None = None,
    **details: str | int | list[str],
) -> Response:
    """Answer with a status and a reason.

    Args:
        request: decides between text, a page for browsers, and JSON.
        status: of the answer.
        reason: for people.
        headers: of the answer, besides the usual.
        details: for programs; only JSON has them.
    """
    headers = {"Accept": "application/sparql-query, application/x-www-form-urlencoded"} if status == 415 else headers
    named = request.query_params.getlist("format")
    form = _TEXT if named else choose(request, [_TEXT, _PROBLEM, PAGE])
    if form is PAGE:
        page = render(request, "error.html", status=status, title=status.phrase, message=reason)
        page.headers.update(headers or {})
        return page
    if form is _PROBLEM:
        problem = {"title": status.phrase, "status": status.value, "detail": reason, **details}
        return JSONResponse(problem, status_code=status, media_type=_PROBLEM.media_type, headers=headers)
    return PlainTextResponse(f"{reason}\n", status_code=status, headers=headers)
