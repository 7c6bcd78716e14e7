"""SPARQL 1.1 Graph Store Protocol, the reading side: a whole graph by `?default` or `?graph=IRI`."""

from __future__ import annotations

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from treatkg import namespaces
from treatkg.dataset import Dataset
from treatkg.errors import UsageError
from treatkg.knowledge import Knowledge
from treatkg.server.answering import respond
from treatkg.server.asking import Question
from treatkg.server.refusals import explained

_EVERYTHING = "CONSTRUCT WHERE { ?subject ?predicate ?object }"


async def read(request: Request) -> Response:
    """Answer with a graph, in any format for graphs; 404 if it is not here. Other methods than GET and HEAD: 405."""
    if request.method == "OPTIONS":
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"Allow": "GET, HEAD, OPTIONS"})
    knowledge: Knowledge = request.app.state.knowledge
    iri = _named(request)
    dataset = Dataset(default=(iri,))
    if iri != namespaces.DATASET and iri not in knowledge.engine.graphs():
        reason = f"no graph <{iri}> is here; there are: {', '.join(all_graphs(knowledge))}"
        return explained(request, HTTPStatus.NOT_FOUND, reason)
    return await respond(request, Question(_EVERYTHING, dataset))


def all_graphs(knowledge: Knowledge) -> list[str]:
    """Return the IRIs of all graphs, that of the default graph first."""
    return [namespaces.DATASET, *knowledge.engine.graphs()]


def _named(request: Request) -> str:
    parameters = request.query_params
    given = parameters.getlist("graph")
    if len(given) + ("default" in parameters) != 1:
        raise UsageError("name one graph: ?default or ?graph=IRI (written once)")
    if parameters.get("default"):
        raise UsageError("default takes no value: ?default")
    return given[0] if given else namespaces.DATASET
