"""The stored queries as RDF: SHACL's executables with their question, text, prefixes, tags and parameters.

The form is that of the SPARQL examples of UniProt and others, so that their tools read it. A text is complete after the
prefixes that its `sh:prefixes` declares.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyoxigraph as ox

from treatkg import graph, namespaces, queries, sparql_text
from treatkg.errors import BadInputError
from treatkg.publishing.checked import serialise
from treatkg.publishing.content import Content
from treatkg.publishing.formats import Output

QUERIES = "https://w3id.org/treatkg/query/"
ENDPOINT = ox.NamedNode("https://w3id.org/treatkg/sparql")
_SH, _RDFS, _XSD, _DCTERMS = namespaces.SHACL, namespaces.RDFS, namespaces.XSD, namespaces.DCTERMS
_SCHEMA = namespaces.prefixes()["schema"]
SPEX = "https://purl.expasy.org/sparql-examples/ontology#"
_FORMS = {
    "SELECT": (_SH + "SPARQLSelectExecutable", _SH + "select"),
    "ASK": (_SH + "SPARQLAskExecutable", _SH + "ask"),
    "CONSTRUCT": (_SH + "SPARQLConstructExecutable", _SH + "construct"),
    "DESCRIBE": (SPEX + "SPARQLDescribeExecutable", SPEX + "describe"),
}
_LEFT_OUT = {
    "any": "Left out: any value.",
    "none": "Left out: none.",
    "today": "Left out: today.",
    "required": "It cannot be left out.",
    "default": "Left out: the value in the text.",
}
_Value = ox.NamedNode | ox.Literal


def turtle(content: Content) -> Iterator[Output]:  # noqa: ARG001 (queries do not depend on the graph)
    """Write every stored query as Turtle."""
    triples = sorted({triple for query in queries.catalogue().values() for triple in describe(query)}, key=graph.order)
    prefixes = namespaces.prefixes() | {"spex": SPEX}
    yield Output(
        "treatkg-queries.ttl", serialise(triples, ox.RdfFormat.TURTLE, prefixes, finish=graph.with_sorted_head)
    )


def describe(query: queries.StoredQuery) -> Iterator[ox.Triple]:
    """Yield the description of one stored query.

    Raises:
        BadInputError: it is no SPARQL query.
    """
    subject = ox.NamedNode(QUERIES + query.name)
    prologue, body = split(query.text)
    form = next((token.text.upper() for token in _words(body) if token.text.upper() in _FORMS), None)
    if form is None:
        raise BadInputError(f"{query.file}: expected SELECT, ASK, CONSTRUCT or DESCRIBE")
    cls, prop = _FORMS[form]
    values: list[tuple[str, _Value]] = [
        (namespaces.RDF + "type", ox.NamedNode(_SH + "SPARQLExecutable")),
        (namespaces.RDF + "type", ox.NamedNode(cls)),
        (_RDFS + "label", ox.Literal(query.name)),
        (_RDFS + "comment", ox.Literal(query.summary, language="en")),
        (prop, ox.Literal(body)),
        (_SCHEMA + "target", ENDPOINT),
        *((_SCHEMA + "keywords", ox.Literal(tag)) for tag in sorted({query.topic, *query.tags})),
        *((SPEX + "federatesWith", endpoint) for endpoint in _remote(body)),
    ]
    columns = " ".join(f"{name}: {text}" for name, text in query.returns.items())
    description = " ".join(filter(None, [query.description, columns and f"It returns: {columns}"]))
    if description:
        values.append((_DCTERMS + "description", ox.Literal(description, language="en")))
    for predicate, value in values:
        yield ox.Triple(subject, ox.NamedNode(predicate), value)
    yield from _prefixes(subject, prologue)
    for parameter in query.params.values():
        yield from _parameter(subject, parameter)


def split(text: str) -> tuple[dict[str, str], str]:
    """Return the prefixes that a stored query declares, and its text without head and declarations."""
    prefixes: dict[str, str] = {}
    meaningful = [token for token in sparql_text.tokens(text) if token.kind not in ("space", "comment")]
    start = 0
    while len(meaningful) > start + 2 and meaningful[start].text.upper() == "PREFIX":
        prefixes[meaningful[start + 1].text.removesuffix(":")] = meaningful[start + 2].text[1:-1]
        start += 3
    return prefixes, text[meaningful[start].start :] if meaningful else ""


def _words(text: str) -> Iterator[sparql_text.Token]:
    return (token for token in sparql_text.tokens(text) if token.kind == "word")


def _remote(text: str) -> Iterator[ox.NamedNode]:
    meaningful = [token for token in sparql_text.tokens(text) if token.kind not in ("space", "comment")]
    for index, token in enumerate(meaningful):
        if token.text.upper() == "SERVICE":
            named = next((other for other in meaningful[index + 1 : index + 3] if other.kind == "iri"), None)
            if named is not None:
                yield ox.NamedNode(named.text[1:-1])


def _prefixes(subject: ox.NamedNode, prologue: dict[str, str]) -> Iterator[ox.Triple]:
    """Declare each prefix once for all queries that use it: SHACL's names for it depend on nothing but the prefix."""
    if not prologue:
        return
    declaring = ox.NamedNode(f"{subject.value}/prefixes")
    yield ox.Triple(subject, ox.NamedNode(_SH + "prefixes"), declaring)
    for prefix, iri in prologue.items():
        declaration = ox.NamedNode(f"{QUERIES}prefix/{prefix}")
        yield ox.Triple(declaring, ox.NamedNode(_SH + "declare"), declaration)
        yield ox.Triple(declaration, ox.NamedNode(_SH + "prefix"), ox.Literal(prefix))
        namespace = ox.Literal(iri, datatype=ox.NamedNode(_XSD + "anyURI"))
        yield ox.Triple(declaration, ox.NamedNode(_SH + "namespace"), namespace)


def _parameter(subject: ox.NamedNode, parameter: queries.Parameter) -> Iterator[ox.Triple]:
    node = ox.NamedNode(f"{subject.value}/parameter/{parameter.name}")
    yield ox.Triple(subject, ox.NamedNode(_SH + "parameter"), node)
    yield ox.Triple(node, graph.RDF_TYPE, ox.NamedNode(_SH + "Parameter"))
    values: list[tuple[str, _Value]] = [
        (_SH + "path", ox.NamedNode(f"{QUERIES}parameter/{parameter.name}")),
        (_SH + "name", ox.Literal(parameter.name)),
        (_SH + "optional", ox.Literal(parameter.absent != "required")),
        (_RDFS + "comment", ox.Literal(_LEFT_OUT[parameter.absent], language="en")),
        *_kind(parameter),
    ]
    if parameter.description:
        values.append((_SH + "description", ox.Literal(parameter.description, language="en")))
    if parameter.example:
        values.append((namespaces.SKOS + "example", ox.Literal(parameter.example)))
    if not parameter.many:
        values.append((_SH + "maxCount", ox.Literal(1)))
    for prop, value in values:
        yield ox.Triple(node, ox.NamedNode(prop), value)
    if parameter.allowed:
        yield from _one_of(node, parameter.allowed)


def _kind(parameter: queries.Parameter) -> Iterator[tuple[str, _Value]]:
    if parameter.type == "iri":
        yield _SH + "nodeKind", ox.NamedNode(_SH + "IRI")
        if parameter.cls:
            yield _SH + "class", ox.NamedNode(namespaces.TKG + parameter.cls)
        return
    datatype = ox.NamedNode(_XSD + parameter.type)
    yield _SH + "datatype", datatype
    for name, limit in (("minInclusive", parameter.minimum), ("maxInclusive", parameter.maximum)):
        if limit:
            yield _SH + name, ox.Literal(limit, datatype=datatype)


def _one_of(node: ox.NamedNode, allowed: tuple[str, ...]) -> Iterator[ox.Triple]:
    """Yield `sh:in` with a list whose cells have names, since the exports hold no blank nodes."""
    cells = [ox.NamedNode(f"{node.value}/allowed/{number}") for number in range(1, len(allowed) + 1)]
    yield ox.Triple(node, ox.NamedNode(_SH + "in"), cells[0])
    for cell, value, rest in zip(cells, allowed, [*cells[1:], ox.NamedNode(namespaces.RDF + "nil")], strict=True):
        yield ox.Triple(cell, ox.NamedNode(namespaces.RDF + "first"), ox.Literal(value))
        yield ox.Triple(cell, ox.NamedNode(namespaces.RDF + "rest"), rest)
