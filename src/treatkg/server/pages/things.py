"""Pages for people: the start, one thing, finding by name. Each thing is also there as RDF."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

import pyoxigraph as ox
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from treatkg import namespaces
from treatkg.cards import card
from treatkg.errors import UsageError
from treatkg.knowledge import Knowledge
from treatkg.server.answering import respond
from treatkg.server.asking import Question
from treatkg.server.negotiation import GRAPHS, PAGE, Offer, require
from treatkg.server.pages import treatment
from treatkg.server.rendering import link, render
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
    return await _thing(request, request.query_params.get("iri", ""), [PAGE, *GRAPHS])


async def find(request: Request) -> Response:
    """Go to the thing that `?name=` names."""
    knowledge: Knowledge = request.app.state.knowledge
    name = request.query_params.get("name", "").strip()
    try:
        iri = await run_in_threadpool(knowledge.terms.resolve, name)
    except UsageError as error:
        return render(request, "error.html", status=HTTPStatus.NOT_FOUND, title="Not found", message=str(error))
    return RedirectResponse(link(iri), status_code=HTTPStatus.SEE_OTHER)


async def _thing(request: Request, iri: str, offers: Sequence[Offer]) -> Response:
    knowledge: Knowledge = request.app.state.knowledge
    found = await run_in_threadpool(card, knowledge, iri) if is_iri(iri) else None
    if found is None:
        return unknown(request, iri)
    if len(offers) == 1 or require(request, offers) is PAGE:
        return render(request, "thing.html", card=found)
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
    message = f"The graph says nothing of {iri or 'an empty name'}."
    return render(request, "error.html", status=HTTPStatus.NOT_FOUND, title="Not found", message=message)


ROUTES = [
    Route("/", start),
    Route("/page/{local:path}", own_thing),
    Route("/describe", any_thing),
    Route("/find", find),
]
