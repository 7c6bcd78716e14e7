"""JSON-LD: what is curated in the shape of the curated files, and the whole graph flat.

In the shape of the files, a node is embedded in the node that its id begins with (`<parent>/...`), facts under their
treatment; keys stand in the order of the context, lists in the order of their values. Whether a term is a list depends
on the shapes, never on how many values a node happens to have. The context is inlined: readers fetch nothing.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

import pyoxigraph as ox

from treatkg import namespaces
from treatkg.errors import BadInputError, UsageError, did_you_mean
from treatkg.publishing import compaction
from treatkg.publishing.checked import read_back
from treatkg.publishing.compaction import Json, Node
from treatkg.publishing.content import Content
from treatkg.publishing.formats import Output

_TREATMENT = namespaces.TKG + "treatment"
_UNSAFE = re.compile(r"[^A-Za-z0-9._/-]")


def outputs(content: Content) -> Iterator[Output]:
    """Write every curated subject into one document."""
    text = write(list(documents(content.curated).values()), namespaces.context())
    yield Output("treatkg.jsonld", read_back(text, ox.RdfFormat.JSON_LD, content.curated))


def files(content: Content) -> Iterator[Output]:
    """Write one document a curated subject, under the path that its id gives (`nct:NCT01` is nct/NCT01.jsonld).

    Raises:
        BadInputError: two ids give one path.
    """
    ids: dict[str, str] = {}
    found = documents(content.curated)
    read_back(write(list(found.values()), namespaces.context()), ox.RdfFormat.JSON_LD, content.curated)
    for name, node in found.items():
        path = _UNSAFE.sub("-", name.replace(":", "/")) + ".jsonld"
        other = ids.setdefault(path.lower(), name)
        if other != name:
            raise BadInputError(f'"{name}" and "{other}" would be written to one file, {path}')
        yield Output(path, write([node], _context_of(node)))


def flat(content: Content) -> Iterator[Output]:
    """Write the whole graph as one list of nodes, one a line, that refer to each other."""
    statements: dict[Node, dict[str, list[ox.Triple]]] = defaultdict(lambda: defaultdict(list))
    for triple in sorted(content.complete, key=str):
        if isinstance(triple.subject, ox.Triple):
            raise BadInputError(f"JSON-LD cannot write a statement about a statement: {triple}")
        statements[triple.subject][triple.predicate.value].append(triple)
    context = {
        **namespaces.context(),
        **{p: iri for p, iri in namespaces.prefixes().items() if p not in namespaces.context()},
    }
    nodes = [_flat_node(subject, statements[subject]) for subject in statements]
    lines = ",\n".join(json.dumps(node, ensure_ascii=False) for node in nodes)
    text = f'{{"@context": {json.dumps(context, ensure_ascii=False)},\n"@graph": [\n{lines}\n]}}\n'.encode()
    yield Output("treatkg-flat.jsonld", read_back(text, ox.RdfFormat.JSON_LD, content.complete))


def subject(name: str, content: Content) -> bytes:
    """Return the JSON-LD document of one subject (a treatment, source, trial ...), by its id.

    Raises:
        UsageError: no curated file is about it.
    """
    found = documents(content.curated)
    if name not in found:
        raise UsageError(f'no curated file is about "{name}"{did_you_mean(name, found)}')
    return write([found[name]], _context_of(found[name]))


def documents(triples: Iterable[ox.Triple]) -> dict[str, dict[str, Json]]:
    """Return id -> JSON-LD node of every top-level subject, with its nested nodes embedded."""
    writer = _Writer(triples)
    return {namespaces.shorten(iri): writer.node(iri) for iri in sorted(writer.subjects) if iri not in writer.embedded}


def write(nodes: list[dict[str, Json]], context: Json) -> bytes:
    """Serialise nodes with the context inlined; one node stands alone, several under @graph."""
    body = nodes[0] if len(nodes) == 1 else {"@graph": nodes}
    return (json.dumps({"@context": context, **body}, ensure_ascii=False, indent=2) + "\n").encode()


def _flat_node(subject: Node, properties: dict[str, list[ox.Triple]]) -> dict[str, Json]:
    node: dict[str, Json] = {"id": compaction.reference(subject)}
    for prop, triples in sorted(properties.items(), key=lambda item: (item[0] != compaction.TYPE, item[0])):
        key, definition = compaction.key_of(prop)
        terms = [triple.object for triple in triples if not isinstance(triple.object, ox.Triple)]
        node[key] = compaction.values(prop, (compaction.value(term, definition) for term in terms))
    return node


class _Writer:
    def __init__(self, triples: Iterable[ox.Triple]) -> None:
        self.subjects: dict[str, dict[str, list[ox.NamedNode | ox.Literal]]] = defaultdict(lambda: defaultdict(list))
        for triple in triples:
            if isinstance(triple.subject, ox.NamedNode) and isinstance(triple.object, (ox.NamedNode, ox.Literal)):
                self.subjects[triple.subject.value][triple.predicate.value].append(triple.object)
        self.facts = self._facts_by_treatment()
        self.embedded = {iri for facts in self.facts.values() for iri in facts} | self._nested()

    def node(self, iri: str) -> dict[str, Json]:
        """Return one node with everything that belongs into it."""
        properties = self.subjects[iri]
        result: dict[str, Json] = {"id": compaction.reference(ox.NamedNode(iri))}
        for prop in (*compaction.keys(), *sorted(properties.keys() - compaction.keys().keys())):
            key, definition = compaction.key_of(prop)
            if key == "facts":
                written = [self.node(fact) for fact in self.facts.get(iri, ())]
            elif prop == _TREATMENT and iri in self.facts.get(_first(properties, _TREATMENT), ()):
                continue
            else:
                written = [self._value(term, definition, iri) for term in properties.get(prop, ())]
            if written:
                result[key] = compaction.values(prop, written)
        return result

    def _value(self, term: ox.NamedNode | ox.Literal, definition: compaction.Definition, parent: str) -> Json:
        if isinstance(term, ox.NamedNode) and _is_part(term.value, parent) and term.value in self.subjects:
            return self.node(term.value)
        return compaction.value(term, definition)

    def _facts_by_treatment(self) -> dict[str, list[str]]:
        facts: dict[str, list[str]] = defaultdict(list)
        for iri, properties in self.subjects.items():
            for treatment in properties.get(_TREATMENT, ()):
                if _is_part(iri, treatment.value):
                    facts[treatment.value].append(iri)
        return facts

    def _nested(self) -> set[str]:
        return {
            value.value
            for iri, properties in self.subjects.items()
            for prop, values in properties.items()
            for value in values
            if prop != _TREATMENT
            and isinstance(value, ox.NamedNode)
            and _is_part(value.value, iri)
            and value.value in self.subjects
        }


def _context_of(node: dict[str, Json]) -> dict[str, Json]:
    """Return what of the context a document needs: the prefixes, and the terms in it."""
    used = _keys_in(node) | {"id", "type"} | namespaces.prefixes().keys()
    return {key: value for key, value in namespaces.context().items() if key.startswith("@") or key in used}


def _keys_in(item: Json) -> set[str]:
    if isinstance(item, list):
        return {key for child in item for key in _keys_in(child)}
    if not isinstance(item, dict):
        return set()
    return item.keys() | {key for child in item.values() for key in _keys_in(child)}


def _is_part(iri: str, parent: str) -> bool:
    own = (
        namespaces.BASE + namespaces.shorten(parent).replace(":", "/")
        if not parent.startswith(namespaces.BASE)
        else parent
    )
    return iri.startswith(own + "/")


def _first(properties: dict[str, list[ox.NamedNode | ox.Literal]], prop: str) -> str:
    values = properties.get(prop, [])
    return values[0].value if values else ""
