"""What a graph holds, in numbers: VoID with its partitions by class, property, and class or datatype of the values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pyoxigraph as ox

from treatkg import graph, namespaces
from treatkg.knowledge import Knowledge
from treatkg.namespaces import BASE, DATASET, DCTERMS, RDF, RDFS, XSD
from treatkg.publishing.description import VOID, slug

VOID_EXT = "http://ldf.fi/void-ext#"
_TOTALS = """
SELECT (COUNT(*) AS ?triples) (COUNT(DISTINCT ?s) AS ?distinctSubjects) (COUNT(DISTINCT ?o) AS ?distinctObjects)
  (COUNT(DISTINCT ?p) AS ?properties) WHERE { ?s ?p ?o }
"""
_CLASSES = "SELECT ?class (COUNT(?s) AS ?entities) WHERE { ?s a ?class } GROUP BY ?class"
_PROPERTIES = """
SELECT ?property (COUNT(*) AS ?triples) (COUNT(DISTINCT ?s) AS ?distinctSubjects)
  (COUNT(DISTINCT ?o) AS ?distinctObjects) WHERE { ?s ?property ?o } GROUP BY ?property
"""
_USES = "SELECT ?class ?property (COUNT(*) AS ?n) WHERE { ?s a ?class ; ?property ?o } GROUP BY ?class ?property"
_OBJECTS = """
SELECT ?class ?property ?kind (COUNT(*) AS ?n) WHERE { ?s a ?class ; ?property ?o . ?o a ?kind }
GROUP BY ?class ?property ?kind
"""
_DATATYPES = """
SELECT ?class ?property ?kind (COUNT(*) AS ?n) WHERE {
  ?s a ?class ; ?property ?o . BIND(DATATYPE(?o) AS ?kind) FILTER(BOUND(?kind))
} GROUP BY ?class ?property ?kind
"""
_LINKS = 'SELECT ?p ?o WHERE { ?s ?p ?o FILTER(ISIRI(?o) && STRSTARTS(STR(?s), "%s")) }' % BASE  # noqa: UP031 (braces)
_LABELS = "SELECT ?term ?label WHERE { VALUES ?term { %s } ?term rdfs:label ?label }"
_ENDS = ("/", "#", "_", ":", "=")
Row = dict[str, ox.NamedNode | ox.BlankNode | ox.Literal]


def statistics(knowledge: Knowledge) -> list[ox.Triple]:
    """Count the default graph, and say what its classes and properties are called."""
    return [*_totals(knowledge), *_partitions(knowledge), *_links(knowledge)]


def triple(subject: str, prop: str, value: ox.NamedNode | ox.BlankNode | ox.Literal | str | int) -> ox.Triple:
    """Return a statement; a text is the IRI of a thing, a number an integer."""
    if isinstance(value, int):
        value = ox.Literal(str(value), datatype=ox.NamedNode(XSD + "integer"))
    return ox.Triple(
        ox.NamedNode(subject), ox.NamedNode(prop), ox.NamedNode(value) if isinstance(value, str) else value
    )


def _rows(knowledge: Knowledge, query: str) -> Iterator[Row]:
    solutions = graph.rows(knowledge.engine.ask(query))
    names = [variable.value for variable in solutions.variables]
    for solution in solutions:
        yield {name: value for name in names if (value := solution[name]) is not None}


def _totals(knowledge: Knowledge) -> Iterator[ox.Triple]:
    yield triple(DATASET, RDF + "type", VOID + "Dataset")
    for row in _rows(knowledge, _TOTALS):
        for name, count in row.items():
            yield triple(DATASET, VOID + name, count)
        yield triple(DATASET, VOID + "entities", row["distinctSubjects"])
    yield triple(DATASET, VOID + "classes", sum(1 for _ in _rows(knowledge, _CLASSES)))


def _partitions(knowledge: Knowledge) -> Iterator[ox.Triple]:
    terms = set()
    for row in _rows(knowledge, _PROPERTIES):
        prop = row.pop("property").value
        node = f"{DATASET}/property/{slug(prop)}"
        yield triple(DATASET, VOID + "propertyPartition", node)
        yield triple(node, VOID + "property", prop)
        yield from (triple(node, VOID + name, count) for name, count in row.items())
        terms.add(prop)
    for row in _rows(knowledge, _CLASSES):
        kind = row["class"].value
        node = f"{DATASET}/class/{slug(kind)}"
        yield triple(DATASET, VOID + "classPartition", node)
        yield triple(node, VOID + "class", kind)
        yield triple(node, VOID + "entities", row["entities"])
        terms.add(kind)
    yield from _uses(knowledge)
    listed = " ".join(f"<{term}>" for term in sorted(terms))
    for row in _rows(knowledge, _LABELS % listed):
        yield triple(row["term"].value, RDFS + "label", row["label"])


def _uses(knowledge: Knowledge) -> Iterator[ox.Triple]:
    """Yield which properties the members of a class have, and of what class or datatype the values are."""
    for row in _rows(knowledge, _USES):
        node = _use(row)
        yield triple(node.rpartition("/property/")[0], VOID + "propertyPartition", node)
        yield triple(node, VOID + "property", row["property"])
        yield triple(node, VOID + "triples", row["n"])
    for query, space, name in ((_OBJECTS, VOID, "class"), (_DATATYPES, VOID_EXT, "datatype")):
        for row in _rows(knowledge, query):
            node = f"{_use(row)}/{name}/{slug(row['kind'].value)}"
            yield triple(_use(row), f"{space}{name}Partition", node)
            yield triple(node, space + name, row["kind"])
            yield triple(node, VOID + "triples", row["n"])


def _use(row: Row) -> str:
    return f"{DATASET}/class/{slug(row['class'].value)}/property/{slug(row['property'].value)}"


def _links(knowledge: Knowledge) -> Iterator[ox.Triple]:
    """Yield one linkset for each register and property that leads from our things to it."""
    spaces = {namespaces.prefixes()[prefix]: prefix for prefix in namespaces.identifier_patterns()}
    counts: Counter[tuple[str, str]] = Counter()
    for row in _rows(knowledge, _LINKS):
        iri = row["o"].value
        space = iri[: max(iri.rfind(end) for end in _ENDS) + 1]
        if space in spaces:
            counts[space, row["p"].value] += 1
    for (space, prop), count in sorted(counts.items()):
        prefix = spaces[space]
        node, register = f"{DATASET}/links/{prefix}/{slug(prop)}", f"{DATASET}/register/{prefix}"
        yield triple(DATASET, VOID + "subset", node)
        yield triple(node, RDF + "type", VOID + "Linkset")
        yield triple(node, VOID + "subjectsTarget", DATASET)
        yield triple(node, VOID + "objectsTarget", register)
        yield triple(node, VOID + "linkPredicate", prop)
        yield triple(node, VOID + "triples", count)
        yield triple(register, RDF + "type", VOID + "Dataset")
        yield triple(register, DCTERMS + "title", ox.Literal(prefix))
        yield triple(register, VOID + "uriSpace", ox.Literal(space))
