"""By which steps a treatment acts on features of the disease: a picture in layers, and its steps with evidence.

Shown are, from what the treatment acts on to each feature, the ways through one cell or process, or else the link that
leads there at once; a feature that is farther away has one shortest way.
"""

from __future__ import annotations

import functools
import itertools
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from treatkg import graph, namespaces
from treatkg.cards import EvidenceLine
from treatkg.explorer.facts import Fact, Named, evidence_of
from treatkg.knowledge import Knowledge

_LINKS = """
SELECT ?link ?from ?relation ?to WHERE {
  ?link a tkg:CausalLink ; tkg:from ?from ; tkg:relation ?relation ; tkg:to ?to .
  OPTIONAL { ?link tkg:polarity ?denied }
  FILTER(!BOUND(?denied))
}
"""
_KINDS = """
SELECT ?node ?kind WHERE {
  VALUES ?kind { tkg:Cytokine tkg:BiologicalProcess tkg:CellType tkg:Phenotype tkg:Disease }
  ?node a ?kind .
  { SELECT DISTINCT ?node WHERE { ?link a tkg:CausalLink ; tkg:from|tkg:to ?node } }
}
"""
_WEAKENS = {"Inhibits", "Decreases", "Inhibitor", "Antagonist", "Blocker", "Blocks"}
_LONGEST_WAY = 4
WIDTH, NODE, ROW, TOP, RIGHT = 960, 138, 46, 34, 24
_LINE = 21
# A line that skips a layer passes through a gap there, of this part of the height of a thing.
_GAP, _NARROW = "gap ", 0.4
_SWEEPS = 4
LAYERS = ("treatment", "acts on", "cytokines", "other molecules", "cells and processes", "features")
_TREATMENT, _TARGET, _CYTOKINE, _MOLECULE, _PROCESS, _FEATURE = range(6)


@dataclass(frozen=True)
class Step:
    """One step: `weakens` says that it inhibits or lessens what it leads to."""

    start: Named
    relation: str
    end: Named
    weakens: bool
    fact: str
    evidence: tuple[EvidenceLine, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Node:
    """A thing in the picture: its box has its middle at (x, y)."""

    thing: Named
    layer: int
    x: float
    y: float
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Pathway:
    """The picture: a viewBox of `width` x `height`; `edges` are SVG path data beside their steps."""

    width: int
    height: float
    headings: tuple[tuple[float, str], ...]
    nodes: tuple[Node, ...]
    edges: tuple[tuple[str, Step], ...]
    features: tuple[Named, ...]


def pathway(knowledge: Knowledge, treatment: Named, mechanisms: Sequence[Fact]) -> Pathway | None:
    """Lay out the ways from a treatment to features of the disease; None if it has no mechanism of action.

    Args:
        knowledge: the graph.
        treatment: the treatment.
        mechanisms: its mechanisms of action that hold.
    """
    told = [fact for fact in mechanisms if not fact.negative]
    own = [fact for fact in told if not fact.by_group] or told
    steps = [step for fact in own for step in _first_steps(knowledge, treatment, fact)]
    if not steps:
        return None
    starts = [step.end.iri for step in steps]
    kinds = _kinds(knowledge)
    links = _links(knowledge)
    chosen = _chosen(starts, links, kinds)
    said = evidence_of(knowledge, [link for link, *_ in chosen])
    label = knowledge.terms.label
    steps += [
        Step(
            Named(start, label(start)),
            label(relation),
            Named(end, label(end)),
            namespaces.shorten(relation).removeprefix("tkg:") in _WEAKENS,
            link,
            said.get(link, ()),
        )
        for link, start, relation, end in chosen
    ]
    targets = {step.end.iri for step in steps if step.start == treatment}
    return _layout(steps, {iri: _layer(iri, treatment.iri, targets, kinds) for iri in _ends(steps)})


_Link = tuple[str, str, str, str]
_Links = Mapping[str, list[_Link]]
_Kinds = Mapping[str, set[str]]


def _first_steps(knowledge: Knowledge, treatment: Named, fact: Fact) -> Iterable[Step]:
    label = knowledge.terms.label
    action = fact.iri_of("actionType")
    weakens = namespaces.shorten(action).removeprefix("tkg:") in _WEAKENS
    places = [Named(iri, label(iri)) for name in ("target", "process") for iri in map(graph.iri_of, fact.all(name))]
    note = ""
    if fact.all("via"):
        note = "by binding " + ", ".join(label(graph.iri_of(term)) for term in fact.all("via"))
    for place in places:
        yield Step(treatment, label(action), place, weakens, fact.iri, fact.evidence, note)
    for cytokine in map(graph.iri_of, fact.all("blocksSignallingOf")):
        named = Named(cytokine, label(cytokine))
        if named not in places:
            start = places[0] if places else treatment
            yield Step(start, "blocked: no signal of", named, weakens=True, fact=fact.iri, evidence=fact.evidence)


@functools.lru_cache(maxsize=8)  # a graph is open as long as the process
def _links(knowledge: Knowledge) -> dict[str, list[_Link]]:
    found: dict[str, list[_Link]] = defaultdict(list)
    for row in sorted(tuple(map(graph.iri_of, row)) for row in knowledge.select(_LINKS).terms):
        link, start, relation, end = row
        found[start].append((link, start, relation, end))
    return dict(found)


@functools.lru_cache(maxsize=8)
def _kinds(knowledge: Knowledge) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for node, kind in knowledge.select(_KINDS).terms:
        found[graph.iri_of(node)].add(namespaces.shorten(graph.iri_of(kind)).removeprefix("tkg:"))
    return dict(found)


def _chosen(starts: Sequence[str], links: _Links, kinds: _Kinds) -> list[_Link]:
    features = {iri for iri in kinds if _is_feature(iri, links, kinds)}
    chosen: dict[_Link, None] = {}
    reached = set()
    for start in dict.fromkeys(starts):
        for feature, way in _ways(start, features - {start}, links, kinds):
            reached.add(feature)
            chosen.update(dict.fromkeys(way))
    for feature, way in _shortest(starts, links).items():
        if feature in features - reached and 0 < len(way) <= _LONGEST_WAY:
            chosen.update(dict.fromkeys(way))
    return sorted(chosen)


def _is_feature(iri: str, links: _Links, kinds: _Kinds) -> bool:
    """Whether a thing is where a way ends: a sign, a disease, or a process that leads nowhere else."""
    return bool(kinds[iri] & {"Phenotype", "Disease"}) or ("BiologicalProcess" in kinds[iri] and iri not in links)


def _ways(start: str, features: set[str], links: _Links, kinds: _Kinds) -> Iterator[tuple[str, list[_Link]]]:
    through = [
        (second[3], [first, second])
        for first in links.get(start, ())
        if kinds.get(first[3], set()) & {"CellType", "BiologicalProcess"}
        for second in links.get(first[3], ())
        if second[3] in features
    ]
    yield from through
    known = {feature for feature, _ in through}
    for link in links.get(start, ()):
        if link[3] in features - known:
            yield link[3], [link]


def _shortest(starts: Sequence[str], links: _Links) -> dict[str, list[_Link]]:
    ways: dict[str, list[_Link]] = {start: [] for start in starts}
    waiting = deque(ways)
    while waiting:
        here = waiting.popleft()
        for link in links.get(here, ()):
            if link[3] not in ways:
                ways[link[3]] = [*ways[here], link]
                waiting.append(link[3])
    return ways


def _ends(steps: Iterable[Step]) -> list[str]:
    return list(dict.fromkeys(thing.iri for step in steps for thing in (step.start, step.end)))


def _layer(iri: str, treatment: str, targets: set[str], kinds: _Kinds) -> int:
    kind = kinds.get(iri, set())
    if iri == treatment:
        return _TREATMENT
    if iri in targets:
        return _TARGET
    if "Cytokine" in kind:
        return _CYTOKINE
    if kind & {"Phenotype", "Disease"}:
        return _FEATURE
    return _PROCESS if kind & {"BiologicalProcess", "CellType"} else _MOLECULE


def _layout(steps: Sequence[Step], layers: Mapping[str, int]) -> Pathway:
    columns = sorted(set(layers.values()))
    things = {thing.iri: thing for step in steps for thing in (step.start, step.end)}
    chains = [_chain(step, layers, columns) for step in steps]
    order = _ordered(chains, layers)
    tallest = max(_weight(column) for column in order.values())
    gap = (WIDTH - RIGHT - NODE) / max(len(columns) - 1, 1)
    places: dict[str, tuple[float, float]] = {}
    for index, layer in enumerate(columns):
        unit = tallest * ROW / _weight(order[layer])
        y = float(TOP)
        for key in order[layer]:
            room = _weight([key]) * unit
            places[key] = round(NODE / 2 + index * gap, 1), round(y + room / 2, 1)
            y += room
    nodes = [Node(things[iri], layer, *places[iri], _wrapped(things[iri].label)) for iri, layer in layers.items()]
    headings = tuple((round(NODE / 2 + index * gap, 1), LAYERS[layer]) for index, layer in enumerate(columns))
    edges = tuple((_curve([places[key] for key in chain]), step) for chain, step in zip(chains, steps, strict=True))
    features = tuple(node.thing for node in nodes if node.layer == _FEATURE)
    return Pathway(WIDTH, round(TOP + tallest * ROW + 8, 1), headings, tuple(nodes), edges, features)


def _chain(step: Step, layers: Mapping[str, int], columns: Sequence[int]) -> list[str]:
    """Return the places by which a step leads: a gap in each layer that it skips, shared by what leads to one end."""
    between = (layer for layer in columns if layers[step.start.iri] < layer < layers[step.end.iri])
    return [step.start.iri, *(f"{_GAP}{layer} {step.end.iri}" for layer in between), step.end.iri]


def _weight(keys: Iterable[str]) -> float:
    return sum(_NARROW if key.startswith(_GAP) else 1 for key in keys)


def _ordered(chains: Sequence[Sequence[str]], layers: Mapping[str, int]) -> dict[int, list[str]]:
    """Order each layer by the middle of its neighbours, so that few lines cross."""
    columns: dict[int, list[str]] = defaultdict(list)
    for iri, layer in layers.items():
        columns[layer].append(iri)
    for key in dict.fromkeys(key for chain in chains for key in chain if key.startswith(_GAP)):
        columns[int(key.split()[1])].append(key)
    neighbours: dict[str, set[str]] = defaultdict(set)
    for here, there in (pair for chain in chains for pair in itertools.pairwise(chain)):
        neighbours[here].add(there)
        neighbours[there].add(here)
    place = {key: (index + 0.5) / len(column) for column in columns.values() for index, key in enumerate(column)}
    forth = sorted(columns)
    for layer in [*forth, *reversed(forth)] * _SWEEPS:
        column = columns[layer]
        column.sort(key=lambda key: (sum(place[one] for one in neighbours[key]) / len(neighbours[key]), key))
        place.update((key, (index + 0.5) / len(column)) for index, key in enumerate(column))
    return columns


def _curve(points: Sequence[tuple[float, float]]) -> str:
    (x, y), *rest = points
    end = rest[-1]
    if end[0] <= x:
        out = x + NODE / 2 + RIGHT
        return f"M{x + NODE / 2:.1f} {y}C{out:.1f} {y} {out:.1f} {end[1]} {end[0] + NODE / 2 + 3:.1f} {end[1]}"
    path = f"M{x + NODE / 2:.1f} {y}"
    for next_x, next_y in rest:
        left = next_x - NODE / 2 - (3 if (next_x, next_y) == end else 0)
        middle = (x + NODE / 2 + left) / 2
        path += f"C{middle:.1f} {y} {middle:.1f} {next_y} {left:.1f} {next_y}"
        if (next_x, next_y) != end:
            path += f"H{next_x + NODE / 2:.1f}"
        x, y = next_x, next_y
    return path


def _wrapped(text: str) -> tuple[str, ...]:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) >= _LINE:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    if len(lines) > 2:
        lines = [lines[0], lines[1][: _LINE - 2] + "…"]
    return tuple(lines)
