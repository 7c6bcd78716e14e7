"""Linked data: a thing's IRI leads to a document about it, by 303 and in the form that the client wants."""

from __future__ import annotations

import functools
from http import HTTPStatus
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from treatkg import graph, namespaces, resources
from treatkg.errors import UsageError
from treatkg.knowledge import Knowledge
from treatkg.publishing.description import ONTOLOGY
from treatkg.server.answering import as_document, graph_as, respond
from treatkg.server.asking import Question
from treatkg.server.negotiation import GRAPHS, PAGE, SUFFIXES, Offer, require
from treatkg.server.pages.things import DESCRIPTION, is_iri, unknown
from treatkg.server.refusals import explained
from treatkg.server.rendering import link

_SUFFIX_OF = {offer: suffix for suffix, offer in SUFFIXES.items()}
_KNOWN = "ASK { { <%s> ?p ?o } UNION { ?s ?p <%s> } }"
_SAID = "ASK { <%s> ?p ?o }"


async def thing(request: Request) -> Response:
    """`/id/X` is the thing itself: lead to the page or the data about it."""
    local = request.path_params["local"]
    if not await run_in_threadpool(_holds, request, _SAID, namespaces.BASE + local):
        return unknown(request, namespaces.BASE + local)
    offer = require(request, [PAGE, *GRAPHS])
    if offer is PAGE:
        asked = request.url.query
        return _see(f"/page/{quote(local)}" + (f"?{asked}" if asked else ""))
    return _see(f"/data/{quote(local)}.{_SUFFIX_OF[offer]}")


async def data(request: Request) -> Response:
    """`/data/X.ttl` and so on: what the graph says of a thing, in the format of the suffix."""
    local, dot, suffix = request.path_params["local"].rpartition(".")
    iri = namespaces.BASE + local
    if not dot or suffix not in SUFFIXES or not await run_in_threadpool(_holds, request, _SAID, iri):
        reason = f"no document of this name; documents about things end in .{', .'.join(SUFFIXES)}"
        return explained(request, HTTPStatus.NOT_FOUND, reason)
    question = Question(DESCRIPTION % iri, quick=True)
    response = await respond(request, question, SUFFIXES[suffix])
    response.headers.append("Link", f'</page/{quote(local)}>; rel="alternate"; type="text/html"')
    return response


async def ontology(request: Request) -> Response:
    """Lead to a document that holds the terms of the ontology, those with `#` in their IRI."""
    offer = require(request, [*GRAPHS, PAGE])
    if offer is PAGE:
        return _see(link(ONTOLOGY))
    return _see(f"/ontology.{_SUFFIX_OF[offer]}")


async def ontology_document(request: Request) -> Response:
    """The ontology with its vocabulary, in the format of the suffix."""
    offer = SUFFIXES.get(request.path_params["suffix"])
    if offer is None:
        return explained(request, HTTPStatus.NOT_FOUND, f"the ontology is there as .{', .'.join(SUFFIXES)}")
    return as_document(request, await run_in_threadpool(_ontology, offer), offer)


async def resolve(request: Request) -> Response:
    """Lead from `?curie=`, a CURIE, IRI or id, to what the graph says of it."""
    given = request.query_params.getlist("curie")
    if len(given) != 1:
        raise UsageError("give one CURIE: /resolve?curie=MONDO:0004980")
    iri = _expand(given[0].strip())
    if not await run_in_threadpool(_holds, request, _KNOWN, iri):
        return explained(
            request, HTTPStatus.NOT_FOUND, f"the graph says nothing of {given[0][:200]}, which is <{iri[:200]}>"
        )
    return _see(link(iri))


def _expand(name: str) -> str:
    prefix, colon, local = name.partition(":")
    spelled = next((known for known in namespaces.prefixes() if known.casefold() == prefix.casefold()), prefix)
    return namespaces.expand(f"{spelled}:{local}" if colon and not local.startswith("//") else name)


def _holds(request: Request, question: str, iri: str) -> bool:
    knowledge: Knowledge = request.app.state.knowledge
    return is_iri(iri) and knowledge.sparql(question.replace("%s", iri)) is True


def _see(address: str) -> Response:
    return RedirectResponse(address, status_code=HTTPStatus.SEE_OTHER)


@functools.cache
def _ontology(offer: Offer) -> bytes:
    """Write the ontology; once, since its blank nodes have other names each time that it is read."""
    files = [resources.ONTOLOGY / "treatkg.ttl", resources.ONTOLOGY / "vocabulary.ttl"]
    return graph_as([triple for file in files for triple in graph.parse_file(file)], offer)
