"""DrugMechDB: paths from a drug to a disease, each step with its relation in the words of the source."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from treatkg.loading.items import Document, Fact, Item, Mention, Own, Passage, Record, Skip, Thing

Node = Mapping[str, Any]

_PATH = "path"
_KINDS = {
    "Drug": "Treatment",
    "Disease": "Disease",
    "Protein": "Protein",
    "BiologicalProcess": "BiologicalProcess",
    "Cell": "CellType",
    "CellType": "CellType",
    "Pathway": "Pathway",
    "PhenotypicFeature": "Phenotype",
}
# Prefixes of the source -> (prefix of the graph, form of the rest, the kind that all terms of it are, if one).
_PREFIXES = {
    "mesh": ("mesh", "[CD][0-9]{6,9}", ""),
    "uniprot": ("uniprot", "[A-Z0-9]{6,10}", "Protein"),
    "go": ("GO", "[0-9]{7}", "BiologicalProcess"),
    "hp": ("HP", "[0-9]{7}", "Phenotype"),
    "cl": ("CL", "[0-9]{7}", "CellType"),
    "mondo": ("MONDO", "[0-9]{7}", "Disease"),
    "doid": ("DOID", "[0-9]+", "Disease"),
    "react": ("reactome", "R-HSA-[0-9]+", "Pathway"),
    "reactome": ("reactome", "R-HSA-[0-9]+", "Pathway"),
    "chebi": ("CHEBI", "[0-9]+", "Treatment"),
    "uberon": ("UBERON", "[0-9]{7}", "Thing"),
    "taxonomy": ("NCBITaxon", "[0-9]+", "Thing"),
    "ncbitaxon": ("NCBITaxon", "[0-9]+", "Thing"),
    "interpro": ("interpro", "IPR[0-9]{6}", "Thing"),
    "pfam": ("pfam", "PF[0-9]{5}", "Thing"),
    "pr": ("PR", "[A-Z0-9]{6,10}", "Thing"),
}
_DRUGBANK = (
    ("drugbank", "DB[0-9]{5}"),
    ("drugbank.salt", "DBSALT[0-9]{6}"),
    ("drugbank.metabolite", "DBMET[0-9]+"),
)


def transform(record: Record) -> Iterator[Item]:
    """Yield a path with its steps; a path is no indication, and no step a mechanism of action."""
    data = record.data if isinstance(record.data, dict) else {}
    graph, nodes, links = data.get("graph"), _rows(data.get("nodes")), _rows(data.get("links"))
    if not isinstance(graph, dict) or not (key := _text(graph, "_id")) or not nodes:
        yield Skip("a path without its graph's _id or without nodes", record.where)
        return
    drug, disease = _text(graph, "drug") or "a drug", _text(graph, "disease") or "a disease"
    by_id: dict[str, Node] = {}
    for node in nodes:
        if code := _text(node, "id"):
            by_id.setdefault(code, node)
    title = f"DrugMechDB: how {drug} acts in {disease}"
    yield Document(key, title)
    yield Thing(
        _PATH,
        ("MechanismPath",),
        {
            "label": title.removeprefix("DrugMechDB: "),
            "subjectTerm": _drug(graph, by_id),
            "objectTerm": _disease(graph, by_id),
            "crossReference": [code for name in ("drug_mesh", "drugbank") if (code := _text(graph, name))],
            "publication": _texts(data.get("references")) or _texts(data.get("reference")),
            "note": _text(data, "comment"),
        },
    )
    yield from _steps(links, by_id, record.where)


def _steps(links: list[Node], nodes: Mapping[str, Node], where: str) -> Iterator[Item]:
    seen = set()
    for order, link in enumerate(links, start=1):
        source, relation, target = (_text(link, key) for key in ("source", "key", "target"))
        place = f"{where}, links[{order - 1}]"
        if not relation or source not in nodes or target not in nodes:
            yield Skip("a step without a relation, or with an end that is no node of its path", place)
        elif _text(link, "negated").lower() == "true" or link.get("negated") is True:
            yield Skip("a step that is negated", place)
        elif source == target:
            yield Skip("a step from a thing to itself", place)
        elif (source, relation, target) in seen:
            yield Skip("a step that stands twice in its path", place)
        else:
            seen.add((source, relation, target))
            yield Fact(
                "PathStep",
                f"step/{order}",
                f"{_name(nodes[source])} {relation} {_name(nodes[target])}",
                {
                    "from": _mention(nodes[source]),
                    "statedRelation": relation,
                    "to": _mention(nodes[target]),
                    "order": order,
                    "path": Own(_PATH),
                },
                [Passage(f"links[{order - 1}], {source} to {target}")],
            )


def _drug(graph: Node, nodes: Mapping[str, Node]) -> Mention | None:
    """Return the drug of the path: its node; else by its one MeSH id, else by DrugBank's, which often is the base's."""
    meshes = [part for part in re.split(r"[,\s]+", _text(graph, "drug_mesh")) if part]
    bank = _text(graph, "drugbank")
    return _end("Drug", _text(graph, "drug"), (*meshes, bank), meshes if len(meshes) == 1 else [bank], nodes)


def _disease(graph: Node, nodes: Mapping[str, Node]) -> Mention | None:
    codes = [_text(graph, "disease_mesh")]
    return _end("Disease", _text(graph, "disease"), codes, codes, nodes)


def _end(
    label: str, name: str, codes: Sequence[str], fallback: Sequence[str], nodes: Mapping[str, Node]
) -> Mention | None:
    """Return the node of a label that one of the codes names, or what the graph's own name and codes name."""
    for code in codes:
        if code in nodes and _text(nodes[code], "label") == label:
            found = _mention(nodes[code])
            return Mention(found.kind, tuple(dict.fromkeys(filter(None, (*found.names, name)))), found.ids)
    ids = tuple(curie for code in fallback if (curie := _curie(code)[0]))
    return Mention(_KINDS[label], (name,) if name else (), ids) if name or ids else None


def _mention(node: Node) -> Mention:
    """Return a node as its label and its id's vocabulary agree to have it; where they disagree, as a thing."""
    label, code = _text(node, "label"), _text(node, "id")
    kind = _KINDS.get(label, "Thing")
    curie, only = _curie(code)
    if only and kind != only:
        kind = "Thing"
    names = [_name(node), *(text for text in _texts(node.get("alt_names")))]
    return Mention(kind, tuple(dict.fromkeys(names)), (curie,) if curie else ())


def _curie(code: str) -> tuple[str, str]:
    """Return a CURIE of the graph and the kind that its terms are of; empty where the id is not of a known form."""
    prefix, _, local = code.partition(":")
    if prefix.upper() == "DB":
        local = local.removeprefix("DB:")
        found = next((f"{name}:{local}" for name, form in _DRUGBANK if re.fullmatch(form, local)), "")
        return found, "Treatment" if found else ""
    known, form, kind = _PREFIXES.get(prefix.lower(), ("", "", ""))
    if not known or not re.fullmatch(form, local):
        return "", ""
    return f"{known}:{local}", kind


def _name(node: Node) -> str:
    return _text(node, "name") or _text(node, "id")


def _rows(value: object) -> list[Node]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    """Return the texts of a list, or the one text that stands for it."""
    values = value if isinstance(value, list) else [value]
    return list(dict.fromkeys(text for one in values if isinstance(one, str) and (text := one.strip())))


def _text(row: Node, key: str) -> str:
    """Return a value as text, without the byte-order marks and spaces that stand around some identifiers."""
    value = row.get(key)
    return value.strip().strip("\ufeff\u200b").strip() if isinstance(value, str) else ""
