"""RDF 1.2: the graph, and for each derived edge the facts that support it, as reifiers of the edge.

`<fact> rdf:reifies <<( treatment tkg:indicatedFor disease )>>` says which fact an edge comes from. The same rules
that draw the edges give the support, so that a negative fact never supports an edge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyoxigraph as ox

from treatkg import graph, namespaces, resources
from treatkg.errors import BadInputError
from treatkg.publishing.checked import serialise
from treatkg.publishing.content import Content
from treatkg.publishing.formats import Output

# The rules whose edges a single fact supports, and the variable of that fact.
SUPPORTED = {
    "blocks-signalling-of": "?fact",
    "brand-name": "?fact",
    "contraindicated-in": "?fact",
    "has-target": "?fact",
    "indicated-for": "?fact",
    "leads-to": "?link",
    "licensed-treatment": "?fact",
    "may-cause": "?fact",
    "member-of-stated": "?fact",
    "other-name": "?fact",
}
# The others derive from classes, groups or several facts together.
UNSUPPORTED = {
    "licensed-systemic-treatment",
    "member-of-defined",
    "member-of-larger",
    "profile-covers",
    "subject-to",
    "superclass",
}
_TEMPLATE = re.compile(r"^CONSTRUCT \{ (.*) \}$", re.MULTILINE)
_REIFIES = ox.NamedNode(namespaces.RDF + "reifies")


def turtle(content: Content) -> Iterator[Output]:
    """Write RDF 1.2 Turtle."""
    ordered = sorted({*content.complete, *support(content)}, key=graph.order)
    text = serialise(
        ordered, ox.RdfFormat.TURTLE, namespaces.prefixes(), namespaces.BASE, finish=graph.with_sorted_head
    )
    yield Output("treatkg-rdf12.ttl", text)


def support(content: Content) -> set[ox.Triple]:
    """Return which fact supports which derived edge, as `rdf:reifies` triples.

    Raises:
        BadInputError: a rule does not have the form that this needs.
    """
    store = graph.store_of(content.complete)
    edges = set(content.complete)
    found: set[ox.Triple] = set()
    for name, variable in SUPPORTED.items():
        file = resources.ONTOLOGY / "rules" / f"{name}.rq"
        reified = rf"CONSTRUCT {{ {variable} <{_REIFIES.value}> <<( \1 )>> }}"
        text, count = _TEMPLATE.subn(reified, file.read_text(encoding="utf-8"))
        answer = store.query(text) if count == 1 else None
        if not isinstance(answer, ox.QueryTriples):
            raise BadInputError(f"{file}: expected a rule with one line `CONSTRUCT {{ ... }}` of one triple")
        found.update(triple for triple in answer if triple.object in edges)
    return found
