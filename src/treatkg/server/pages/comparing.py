"""Comparison: two to five treatments side by side."""

from __future__ import annotations

import datetime
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from treatkg.errors import UsageError
from treatkg.explorer.choices import offered
from treatkg.explorer.comparison import MOST, chosen, compare
from treatkg.knowledge import Knowledge
from treatkg.server.pages.moment import day_of
from treatkg.server.rendering import render


async def comparison(request: Request) -> Response:
    """What is said of each `?treatment=`, row by row; without any, a form to choose them."""
    return await run_in_threadpool(_page, request, day_of(request))


def _page(request: Request, day: datetime.date) -> Response:
    knowledge: Knowledge = request.app.state.knowledge
    names = [name for name in request.query_params.getlist("treatment") if name.strip()]
    error, found = "", None
    if names:
        try:
            found = compare(knowledge, chosen(knowledge, names), day)
        except UsageError as refused:
            error = str(refused)[:400]
    return render(
        request,
        "compare.html",
        status=HTTPStatus.BAD_REQUEST if error else HTTPStatus.OK,
        day=day,
        error=error,
        found=found,
        choices=offered(knowledge).earlier["Treatments"],
        given=[one.iri for one in found.treatments] if found else names,
        most=MOST,
        only=request.query_params.get("only", "") == "differences",
    )


ROUTES = [Route("/compare", comparison)]
