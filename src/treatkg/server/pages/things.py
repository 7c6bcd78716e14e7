"""Pages for people: the start, and one thing. Each thing is also there as RDF."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import quote, urlencode

import pyoxigraph as ox
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from treatkg import namespaces
from treatkg.cards import card
from treatkg.knowledge import Knowledge
from treatkg.server.answering import respond
from treatkg.server.asking import Question
from treatkg.server.negotiation import GRAPHS, PAGE, Offer, require
from treatkg.server.pages import entities, treatment
from treatkg.server.rendering import render
from treatkg.server.stored import by_topic

DESCRIPTION = "CONSTRUCT { ?thing ?property ?value } WHERE { VALUES ?thing { <%s> } ?thing ?property ?value }"


async def start(request: Request) -> Response:
    """The start page: what this is, and every stored question."""
    return render(request, "start.html", topics=by_topic(), active="start")


async def own_thing(request: Request) -> Response:
    """The page about a treatment, fact, source ... of this graph."""
    iri = namespaces.BASE + request.path_params["local"]
    shown = await treatment.page(request, iri) if is_iri(iri) else None
    return shown or await _thing(request, iri, [PAGE])


async def any_thing(request: Request) -> Response:
    """Anything that the graph speaks of, by `?iri=`: a protein, a disease, a term of the ontology."""
    iri = request.query_params.get("iri", "")
    if iri.startswith(namespaces.BASE) and is_iri(iri) and require(request, [PAGE, *GRAPHS]) is PAGE:
        others = [(name, value) for name, value in request.query_params.multi_items() if name not in ("iri", "format")]
        address = f"/page/{quote(iri.removeprefix(namespaces.BASE))}" + (f"?{urlencode(others)}" if others else "")
        return RedirectResponse(address, status_code=HTTPStatus.SEE_OTHER)
    return await _thing(request, iri, [PAGE, *GRAPHS])


async def _thing(request: Request, iri: str, offers: Sequence[Offer]) -> Response:
    knowledge: Knowledge = request.app.state.knowledge
    if not is_iri(iri):
        return unknown(request, iri)
    if len(offers) == 1 or require(request, offers) is PAGE:
        shown = await entities.page(request, iri)
        found = None if shown else await run_in_threadpool(card, knowledge, iri)
        return shown or (render(request, "thing.html", card=found) if found else unknown(request, iri))
    if not await run_in_threadpool(card, knowledge, iri):
        return unknown(request, iri)
    return await respond(request, Question(DESCRIPTION % iri, quick=True))


def is_iri(text: str) -> bool:
    """Whether a text is an IRI, which may stand in a query between angle brackets."""
    if any(character in text for character in ' <>"{}|\\^`') or not text.isprintable():
        return False
    try:
        return bool(ox.NamedNode(text))
    except ValueError:
        return False


def unknown(request: Request, iri: str) -> Response:
    """Say that the graph does not speak of something."""
    message = f"The graph says nothing of {iri[:200] or 'an empty name'}."
    return render(request, "error.html", status=HTTPStatus.NOT_FOUND, title="Not found", message=message)


ROUTES = [
    Route("/", start),
    Route("/page/{local:path}", own_thing),
    Route("/describe", any_thing),
]
