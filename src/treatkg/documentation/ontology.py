"""The page of the ontology: pyLODE's content in the look of the other pages, which have no style of their own inline.

pyLODE cannot show nested class expressions, so definitions go to it in words.
"""

from __future__ import annotations

import logging
from typing import TypeGuard

import lxml.html
import pyoxigraph as ox
import rdflib
from markupsafe import Markup
from rdflib.namespace import SKOS

from treatkg import graph, namespaces, resources
from treatkg.documentation.pages import render
from treatkg.errors import UsageError
from treatkg.reasoning import axioms

_LABEL = ox.NamedNode(namespaces.RDFS + "label")


def page(home: str = "") -> bytes:
    """Return the page: every class and property with its definition, source and example.

    Raises:
        UsageError: pyLODE is missing.
    """
    try:
        from pylode import OntPub
    except ImportError as error:
        raise UsageError("the page of the ontology needs pyLODE: pip install 'treatkg[docs]'") from error
    logging.getLogger().setLevel(logging.WARNING)  # pyLODE asks for everything
    laid_out = lxml.html.document_fromstring(OntPub(_source()).make_html())
    content, contents = (_markup(laid_out, name) for name in ("content", "toc"))
    return render("ontology.html", home, content=content, contents=contents, root="")


def _markup(page: lxml.html.HtmlElement, name: str) -> Markup:
    """Return a part of what pyLODE wrote, which has escaped every text."""
    (part,) = page.xpath(f"//*[@id='{name}']")
    return Markup(lxml.html.tostring(part, encoding="unicode"))  # noqa: S704


def _source() -> rdflib.Graph:
    source = rdflib.Graph().parse(resources.ONTOLOGY / "treatkg.ttl")
    terms = graph.background()
    labels = {graph.iri_of(t.subject): t.object.value for t in terms if t.predicate == _LABEL and _is_text(t.object)}
    _say_definitions(source, labels)
    return source


def _is_text(term: object) -> TypeGuard[ox.Literal]:
    return isinstance(term, ox.Literal)


def _say_definitions(source: rdflib.Graph, labels: dict[str, str]) -> None:
    """Put each defined class's axiom in words among its notes, and drop what pyLODE cannot lay out."""

    def label(iri: str) -> str:
        return labels.get(iri) or namespaces.shorten(iri)

    for cls, expressions in axioms.load().definitions.items():
        for expression in expressions:
            words = f"Members are found by reasoning: {axioms.in_words(expression, label)}."
            source.add((rdflib.URIRef(cls), SKOS.scopeNote, rdflib.Literal(words, lang="en")))
    for triple in list(source):
        if any(isinstance(node, rdflib.BNode) for node in triple):
            source.remove(triple)
