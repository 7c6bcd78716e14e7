"""Maps: treatments by cytokines, and the neighbourhood of one thing as table, JSON and picture."""

from __future__ import annotations

import datetime
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from treatkg.errors import UsageError
from treatkg.explorer.maps import MOST, Neighbourhood, as_json, matrix, neighbourhood
from treatkg.knowledge import Knowledge
from treatkg.server import vendor
from treatkg.server.pages.moment import day_of
from treatkg.server.refusals import explained
from treatkg.server.rendering import link, render


async def overview(request: Request) -> Response:
    """Which treatment binds or blocks which cytokine."""
    return await run_in_threadpool(_overview, request, day_of(request))


async def around(request: Request) -> Response:
    """What stands one step from `?thing=`: a table, and a picture where its library was built."""
    return await run_in_threadpool(_around, request)


async def around_as_json(request: Request) -> Response:
    """The same as nodes and edges."""
    try:
        found = await run_in_threadpool(_found, request)
    except UsageError as error:
        return explained(request, HTTPStatus.NOT_FOUND, str(error))
    if found is None:
        return explained(request, HTTPStatus.BAD_REQUEST, "name one thing: ?thing=IL-13")
    return JSONResponse(as_json(found, {iri: link(iri) for iri in found.nodes}))


def _overview(request: Request, day: datetime.date) -> Response:
    knowledge: Knowledge = request.app.state.knowledge
    return render(request, "map.html", day=day, matrix=matrix(knowledge, day))


def _around(request: Request) -> Response:
    error, found, status = "", None, HTTPStatus.OK
    try:
        found = _found(request)
    except UsageError as refused:
        error, status = str(refused)[:400], HTTPStatus.NOT_FOUND
    thing = next(iter(request.query_params.getlist("thing")), "")
    return render(
        request,
        "neighbourhood.html",
        status=status,
        found=found,
        error=error,
        thing=thing[:300],
        library=vendor.address("cytoscape.esm.min.mjs"),
        most=MOST,
    )


def _found(request: Request) -> Neighbourhood | None:
    """Return the neighbourhood that is asked for, or nothing where none is.

    Raises:
        UsageError: no one thing is meant.
    """
    knowledge: Knowledge = request.app.state.knowledge
    given = [name.strip() for name in request.query_params.getlist("thing") if name.strip()]
    if not given:
        return None
    if len(given) > 1:
        raise UsageError("thing is given more than once")
    iri = knowledge.terms.resolve(given[0])
    if not knowledge.terms.names(iri):
        raise UsageError(f"the graph says nothing of {given[0][:80]}")
    return neighbourhood(knowledge, iri)


ROUTES = [
    Route("/map", overview),
    Route("/map/neighbourhood", around),
    Route("/map/neighbourhood.json", around_as_json),
]
