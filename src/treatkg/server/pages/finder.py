"""The finder: a form about a patient, and what is licensed, barred and to be checked for them."""

from __future__ import annotations

import datetime
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from treatkg.errors import UsageError
from treatkg.explorer.choices import offered
from treatkg.explorer.finder import Standing, find
from treatkg.explorer.patient import FIELDS, NONE_YET, Reading, read
from treatkg.knowledge import Knowledge
from treatkg.server.pages.moment import day_of
from treatkg.server.rendering import render


async def finder(request: Request) -> Response:
    """The form, and what the graph says of the patient where it is filled in."""
    return await run_in_threadpool(_page, request)


def _page(request: Request) -> Response:
    knowledge: Knowledge = request.app.state.knowledge
    fields = {name: request.query_params.getlist(name) for name in FIELDS}
    wrong_day = ""
    try:
        day = day_of(request)
    except UsageError as error:
        day, wrong_day = datetime.datetime.now(datetime.UTC).date(), str(error)
    reading = read(knowledge, fields, day)
    if wrong_day:
        reading = reading or Reading()
        reading.errors["asOf"] = wrong_day
    errors = reading.errors if reading else {}
    found = find(knowledge, reading.patient) if reading and reading.patient and not errors else None
    return render(
        request,
        "finder.html",
        status=HTTPStatus.BAD_REQUEST if errors else HTTPStatus.OK,
        choices=offered(knowledge),
        given=fields,
        errors=errors,
        patient=reading.patient if reading else None,
        found=found,
        standings=list(Standing),
        none_yet=NONE_YET,
        asked_day=day,
        label=knowledge.terms.label,
    )


ROUTES = [Route("/finder", finder)]
