"""Pages about targets, cytokines, diseases and sources, in the place of the card that any other thing has."""

from __future__ import annotations

import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from treatkg.explorer import diseases, molecules, sources
from treatkg.explorer.entities import head
from treatkg.knowledge import Knowledge
from treatkg.server.pages.moment import day_of
from treatkg.server.rendering import render


async def page(request: Request, iri: str) -> Response | None:
    """Return the page about a thing of these kinds; None for any other."""
    knowledge: Knowledge = request.app.state.knowledge
    return await run_in_threadpool(_page, request, knowledge, iri, day_of(request))


def _page(request: Request, knowledge: Knowledge, iri: str, day: datetime.date) -> Response | None:
    found = head(knowledge, iri)
    if found is None:
        return None
    if found.classes & sources.CLASSES:
        return render(request, "source.html", page=sources.source(knowledge, found))
    if found.classes & molecules.CLASSES:
        return render(request, "entity.html", page=molecules.molecule(knowledge, found))
    if found.classes & diseases.CLASSES:
        return render(request, "entity.html", page=diseases.disease(knowledge, found, day), day=day)
    return None
