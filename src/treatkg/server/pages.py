"""Pages for people: the start, one thing, finding by name. Each thing is also there as RDF."""

from __future__ import annotations

from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from treatkg import namespaces
from treatkg.cards import card
from treatkg.errors import UsageError
from treatkg.knowledge import Knowledge
from treatkg.server.negotiation import GRAPHS, PAGE, choose
from treatkg.server.protocol import NotAcceptableError, respond
from treatkg.server.rendering import link, render
from treatkg.server.stored import by_topic

_DESCRIPTION = "CONSTRUCT { ?thing ?property ?value } WHERE { VALUES ?thing { <%s> } ?thing ?property ?value }"


async def start(request: Request) -> Response:
    """The start page: what this is, and every stored question."""
    return render(request, "start.html", topics=by_topic(), active="start")


async def own_thing(request: Request) -> Response:
    """A treatment, fact, source ... of this graph."""
    return await _thing(request, namespaces.BASE + request.path_params["local"])


async def any_thing(request: Request) -> Response:
    """Anything that the graph speaks of, by `?iri=`: a protein, a disease, a term of the ontology."""
    return await _thing(request, request.query_params.get("iri", ""))


async def find(request: Request) -> Response:
    """Go to the thing that `?name=` names."""
    knowledge: Knowledge = request.app.state.knowledge
    name = request.query_params.get("name", "").strip()
    try:
        iri = await run_in_threadpool(knowledge.terms.resolve, name)
    except UsageError as error:
        return render(request, "error.html", status=HTTPStatus.NOT_FOUND, title="Not found", message=str(error))
    return RedirectResponse(link(iri), status_code=HTTPStatus.SEE_OTHER)


async def _thing(request: Request, iri: str) -> Response:
    knowledge: Knowledge = request.app.state.knowledge
    if not iri or any(character in iri for character in ' <>"{}|\\^`') or not iri.isprintable():
        return _unknown(request, iri)
    found = await run_in_threadpool(card, knowledge, iri)
    if found is None:
        return _unknown(request, iri)
    offers = [PAGE, *GRAPHS]
    offer = choose(request, offers)
    if offer is None:
        raise NotAcceptableError(offers)
    if offer is PAGE:
        return render(request, "thing.html", card=found)
    return await run_in_threadpool(respond, request, _DESCRIPTION % iri)


def _unknown(request: Request, iri: str) -> Response:
    message = f"The graph says nothing of {iri or 'an empty name'}."
    return render(request, "error.html", status=HTTPStatus.NOT_FOUND, title="Not found", message=message)
