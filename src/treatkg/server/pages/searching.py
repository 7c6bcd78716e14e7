"""Search by name: `/search?q=` lists what fits, `/find?name=` goes to the one thing that a name means."""

from __future__ import annotations

from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from treatkg.errors import UsageError
from treatkg.explorer.search import KINDS, LONGEST, Found, index
from treatkg.knowledge import Knowledge
from treatkg.server.rendering import link, render

_SHOWN = 12  # of each kind, unless one kind is asked for
_MOST = 200


async def search(request: Request) -> Response:
    """Everything whose names fit `?q=`, by kind; `kind` shows more of one kind."""
    given = request.query_params.getlist("q")
    if len(given) > 1:
        return _refused(request, "q is given more than once")
    kind = request.query_params.get("kind", "")
    if kind and kind not in KINDS:
        return _refused(request, f"kind is one of: {', '.join(KINDS)}")
    return await run_in_threadpool(_results, request, given[0] if given else "", kind, HTTPStatus.OK)


async def find(request: Request) -> Response:
    """Go to the thing that `?name=` names; show what is like it where it names none or several."""
    knowledge: Knowledge = request.app.state.knowledge
    name = request.query_params.get("name", "").strip()
    try:
        iri = await run_in_threadpool(knowledge.terms.resolve, name)
    except UsageError:
        return await run_in_threadpool(_results, request, name, "", HTTPStatus.NOT_FOUND)
    return RedirectResponse(link(iri), status_code=HTTPStatus.SEE_OTHER)


def _results(request: Request, query: str, kind: str, status: HTTPStatus) -> Response:
    knowledge: Knowledge = request.app.state.knowledge
    try:
        found = index(knowledge).search(query)
    except UsageError as error:
        return _refused(request, str(error), max(status, HTTPStatus.BAD_REQUEST))
    return _shown(request, found, kind, status)


def _shown(request: Request, found: Found, kind: str, status: HTTPStatus) -> Response:
    most = _MOST if kind else _SHOWN
    return render(request, "search.html", status=status, found=found, kind=kind, most=most, error="", longest=LONGEST)


def _refused(request: Request, reason: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> Response:
    nothing = Found("", {}, "", only_similar=True)
    return render(
        request, "search.html", status=status, found=nothing, kind="", most=_SHOWN, error=reason, longest=LONGEST
    )


ROUTES = [Route("/search", search), Route("/find", find)]
