"""The network of treatments, targets, cytokines, processes, diseases and phenotypes, for Cytoscape and as GraphML.

Its edges are the one-hop edges of the graph and the causal links, each with the facts that it rests on.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass

from treatkg import namespaces
from treatkg.namespaces import TKG
from treatkg.publishing import associations
from treatkg.publishing.content import Content
from treatkg.publishing.formats import Output
from treatkg.publishing.view import View

_KINDS = (
    *("TreatmentGroup", "Treatment", "Substance", "Cytokine", "Protein", "ProteinFamily", "ProteinComplex"),
    *("Pathway", "BiologicalProcess", "CellType", "Disease", "Phenotype", "Outcome", "Risk", "State"),
)
_SUPPORTED = {  # one-hop edge -> class and property of the facts behind it
    "hasTarget": ("MechanismOfAction", "target"),
    "blocksSignallingOf": ("MechanismOfAction", "blocksSignallingOf"),
    "indicatedFor": ("Indication", "disease"),
    "contraindicatedIn": ("Contraindication", "condition"),
    "mayCause": ("AdverseReaction", "effect"),
    "memberOf": ("ClassStatement", "statedClass"),
}
_STRUCTURE = ("activeSubstance", "hasComponent")
_LINK = "causalLink"
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_GRAPHML = "http://graphml.graphdrawing.org/xmlns"


@dataclass(frozen=True)
class Node:
    """A thing: its id as people write it, name, kind (its narrowest class here) and IRI."""

    id: str
    label: str
    kind: str
    iri: str


@dataclass(frozen=True)
class Link:
    """An edge: what it says, in a word of the ontology and in words, and the facts that it rests on."""

    id: str
    source: str
    target: str
    type: str
    label: str
    facts: tuple[str, ...]
    sources: int


def network(view: View) -> tuple[list[Node], list[Link]]:
    """Return nodes and edges, in the order of their ids."""
    links = sorted([*_one_hop(view), *_causal(view)], key=lambda link: link.id)
    ends = {end for link in links for end in (link.source, link.target)}
    wanted = {namespaces.expand(end) for end in ends} | set(view.instances("TreatmentSubject"))
    nodes = [Node(namespaces.shorten(iri), _name(view, iri), _kind(view, iri), iri) for iri in wanted]
    return sorted(nodes, key=lambda node: node.id), links


def cytoscape(content: Content) -> Iterator[Output]:
    """Write the elements as Cytoscape.js reads them; Cytoscape opens the file too."""
    nodes, links = network(content.view)
    title = content.view.first(namespaces.DATASET, namespaces.DCTERMS + "title")
    document = {
        "data": {"name": title, "license": "CC BY 4.0", "version": content.view.issued},
        "directed": True,
        "multigraph": True,
        "elements": {
            # `value` and `key` are what networkx needs.
            "nodes": [{"data": {**_node(node), "value": node.id, "name": node.label}} for node in nodes],
            "edges": [
                {"data": {"source": link.source, "target": link.target, **_link(link), "key": link.id}}
                for link in links
            ],
        },
    }
    yield Output("treatkg.cyjs", (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode())


def graphml(content: Content) -> Iterator[Output]:
    """Write the network with a typed key for each attribute."""
    nodes, links = network(content.view)
    ET.register_namespace("", _GRAPHML)
    root = ET.Element(f"{{{_GRAPHML}}}graphml")
    _keys(root, "node", _node(nodes[0]))
    _keys(root, "edge", _link(links[0]))
    body = _child(root, "graph", id="treatkg", edgedefault="directed")
    for node in nodes:
        _data(_child(body, "node", id=node.id), "node", _node(node))
    for link in links:
        edge = _child(body, "edge", id=link.id, source=link.source, target=link.target)
        _data(edge, "edge", _link(link))
    ET.indent(root)
    yield Output("treatkg.graphml", ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n")


def _one_hop(view: View) -> Iterator[Link]:
    for iri in sorted(view.subjects):
        for name in (*_SUPPORTED, *_STRUCTURE):
            for value in view.texts(iri, TKG + name):
                if TKG + "Fact" in view.classes(iri):
                    continue
                facts = _support(view, iri, name, value) if name in _SUPPORTED else []
                yield _make(
                    view, f"{namespaces.shorten(iri)} {name} {namespaces.shorten(value)}", iri, value, name, facts
                )


def _causal(view: View) -> Iterator[Link]:
    for fact in view.instances("CausalLink"):
        if view.values(fact, TKG + "polarity"):
            continue
        relation = view.first(fact, TKG + "relation")
        start, end = view.first(fact, TKG + "from"), view.first(fact, TKG + "to")
        yield _make(view, namespaces.shorten(fact), start, end, relation.removeprefix(TKG), [fact])


def _make(view: View, ident: str, start: str, end: str, name: str, facts: list[str]) -> Link:
    sources = {source for fact in facts for source in view.sources(fact)}
    ids = tuple(namespaces.shorten(fact) for fact in facts)
    label = view.label(TKG + name)
    return Link(ident, namespaces.shorten(start), namespaces.shorten(end), name, label, ids, len(sources))


def _support(view: View, treatment: str, edge: str, value: str) -> list[str]:
    """Return the facts behind a one-hop edge: those of the treatment, and of its substance for mechanisms."""
    kind, prop = _SUPPORTED[edge]
    subjects = (
        [treatment, *view.texts(treatment, TKG + "activeSubstance")] if kind == "MechanismOfAction" else [treatment]
    )
    facts = [fact for subject in subjects for fact in view.facts_of.get(subject, [])]
    return sorted(fact for fact in facts if view.kind(fact) == kind and _draws(view, fact, edge, prop, value))


def _draws(view: View, fact: str, edge: str, prop: str, value: str) -> bool:
    """Whether the rule that draws the edges draws this one from the fact."""
    if view.values(fact, TKG + "polarity"):
        return False
    if edge == "contraindicatedIn":
        absolute = view.first(fact, TKG + "strength") == TKG + "Absolute"
        return absolute and view.in_force(fact) and value in associations.plain_condition(view, fact)
    if edge == "indicatedFor" and (view.values(fact, TKG + "manifestation") or not view.in_force(fact)):
        return False
    return value in view.texts(fact, TKG + prop)


def _kind(view: View, iri: str) -> str:
    classes = view.classes(iri)
    return next((kind for kind in _KINDS if TKG + kind in classes), "")


def _name(view: View, iri: str) -> str:
    return view.label(iri) or namespaces.shorten(iri)


def _node(node: Node) -> dict[str, str | int]:
    return {"id": node.id, "label": node.label, "kind": node.kind, "iri": node.iri}


def _link(link: Link) -> dict[str, str | int]:
    return {
        "id": link.id,
        "type": link.type,
        "label": link.label,
        "facts": " | ".join(link.facts),
        "facts_count": len(link.facts),
        "sources_count": link.sources,
    }


def _child(parent: ET.Element, name: str, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, f"{{{_GRAPHML}}}{name}", {key: _clean(value) for key, value in attributes.items()})


def _keys(root: ET.Element, kind: str, attributes: dict[str, str | int]) -> None:
    for name, value in attributes.items():
        if name != "id":
            datatype = "int" if isinstance(value, int) else "string"
            key = {"id": f"{kind}_{name}", "for": kind, "attr.name": name, "attr.type": datatype}
            _child(root, "key", **key)


def _data(parent: ET.Element, kind: str, attributes: dict[str, str | int]) -> None:
    for name, value in attributes.items():
        if name != "id":
            _child(parent, "data", key=f"{kind}_{name}").text = _clean(str(value))


def _clean(text: str) -> str:
    """Replace what XML cannot hold."""
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)
