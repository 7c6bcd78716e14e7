"""The page about a treatment at a day, and the list of all treatments."""

from __future__ import annotations

import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from treatkg.explorer.dossier import dossier, is_treatment
from treatkg.explorer.treatments import treatments
from treatkg.knowledge import Knowledge
from treatkg.server.pages.moment import day_of
from treatkg.server.rendering import render


async def listing(request: Request) -> Response:
    """All treatments with where they are licensed on a day."""
    day = day_of(request)
    knowledge: Knowledge = request.app.state.knowledge
    return await run_in_threadpool(_listed, request, knowledge, day)


async def page(request: Request, iri: str) -> Response | None:
    """Return the page about a treatment; None if the IRI names none."""
    knowledge: Knowledge = request.app.state.knowledge
    if not await run_in_threadpool(is_treatment, knowledge, iri):
        return None
    return await run_in_threadpool(_shown, request, knowledge, iri, day_of(request))


def _listed(request: Request, knowledge: Knowledge, day: datetime.date) -> Response:
    return render(request, "treatments.html", day=day, page=treatments(knowledge, day))


def _shown(request: Request, knowledge: Knowledge, iri: str, day: datetime.date) -> Response:
    today = datetime.datetime.now(datetime.UTC).date()
    return render(request, "treatment.html", day=day, page=dossier(knowledge, iri, day, today))


ROUTES = [Route("/treatments", listing)]
