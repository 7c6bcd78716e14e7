"""The shapes can fail: every constraint is broken by a fixture, and sound data passes.

A fixture is `tests/shapes/<shapes file>/{invalid,warning,info}.<what it breaks>.ttl`, or `valid.ttl`, or
`valid.<what else is sound>.ttl`. Its first lines say which results it must yield, one per line, and no others:

    # expect: <focus> <path, or - for the node itself> <constraint component> <severity>

Relative IRIs are read under a base of the fixture's own. So all fixtures are validated together, once, with the
ontology, the vocabulary and `common.ttl`, and each result still belongs to one fixture.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyshacl
import pytest
import rdflib
from rdflib import RDF, SH, Graph, URIRef
from rdflib.term import Node

from treatkg import validation

ROOT = Path(__file__).parents[1]
SHAPES = ROOT / "shapes"
FIXTURES = Path(__file__).parent / "shapes"
ONTOLOGY = [ROOT / "ontology/treatkg.ttl", ROOT / "ontology/vocabulary.ttl"]
TRIPLES = ROOT / "data/triples.ttl"
BASE = "https://w3id.org/treatkg/id/fixture/"
EXAMPLE = "https://w3id.org/treatkg/id/example/"
TKG = "https://w3id.org/treatkg/ontology#"
SHAPE = "https://w3id.org/treatkg/shapes#"
SEVERITY_OF_PREFIX = {"invalid": SH.Violation, "warning": SH.Warning, "info": SH.Info}

# Parameters of SHACL that are no constraint by themselves.
NO_CONSTRAINT = {SH.property, SH.ignoredProperties, SH.qualifiedValueShape, SH.prefixes, SH.flags}

CONSTRAINTS = """
    minCount maxCount datatype class nodeKind in pattern minInclusive maxInclusive minExclusive maxExclusive minLength
    maxLength lessThan lessThanOrEquals disjoint equals or not hasValue closed qualifiedMinCount
"""
COMPONENT: dict[Node, Node] = {
    **{SH[name]: SH[name[0].upper() + name[1:] + "ConstraintComponent"] for name in CONSTRAINTS.split()},
    SH.sparql: SH.SPARQLConstraintComponent,
}

Expectation = tuple[Node, str, Node, Node]


@dataclass(frozen=True)
class Result:
    """One validation result: what a report says of one defect."""

    focus: Node
    path: str
    component: Node
    severity: Node
    shape: Node
    value: Node | None

    @property
    def expectation(self) -> Expectation:
        """What a fixture says of it."""
        return self.focus, self.path, self.component, self.severity


# --- reading -------------------------------------------------------------------------------------------------------


def parse(*paths: Path, base: str | None = None) -> Graph:
    """The files as one graph, literals as they are written (rdflib would drop the zone of a date)."""
    normalize = rdflib.NORMALIZE_LITERALS
    rdflib.NORMALIZE_LITERALS = False
    try:
        graph = Graph()
        for path in paths:
            graph.parse(path, format="turtle", publicID=base)
        return graph
    finally:
        rdflib.NORMALIZE_LITERALS = normalize


@cache
def shapes() -> Graph:
    return parse(*sorted(SHAPES.glob("*.ttl")))


@cache
def ontology() -> Graph:
    return parse(*ONTOLOGY)


def fixtures(*prefixes: str) -> list[Path]:
    return sorted(path for path in FIXTURES.glob("*/*.ttl") if path.name.split(".")[0] in prefixes)


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@cache
def fixture(path: Path) -> Graph:
    return parse(path, base=f"{BASE}{name(path)}/")


def expectations(path: Path) -> Counter[Expectation]:
    """What the head of a fixture promises."""
    lines = [line for line in path.read_text().splitlines() if line.startswith("# expect: ")]
    return Counter(read_expectation(path, *line.split()[2:]) for line in lines)


def read_expectation(path: Path, focus: str, result_path: str, component: str, severity: str) -> Expectation:
    graph = fixture(path)

    def iri(term: str) -> URIRef:
        if term.startswith("<"):
            return URIRef(term[1:-1], base=f"{BASE}{name(path)}/")
        return graph.namespace_manager.expand_curie(term)

    local = SH[component.removeprefix("sh:")], SH[severity.removeprefix("sh:")]
    return iri(focus), result_path, *local


# --- validating ----------------------------------------------------------------------------------------------------


def validate(data: Graph, shapes_graph: Graph) -> Graph:
    """The report of pyshacl; `data` must hold the subclass triples of the ontology."""
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes_graph, inference="none", do_owl_imports=False)
    assert isinstance(report, Graph)
    return report


def path_text(graph: Graph, path: Node) -> str:
    """A SHACL path in the notation of SPARQL."""
    if isinstance(path, URIRef):
        return ontology().namespace_manager.normalizeUri(path)
    for predicate, form in ((SH.inversePath, "^{}"), (SH.alternativePath, None)):
        value = graph.value(path, predicate)
        if value is not None:
            return form.format(path_text(graph, value)) if form else "|".join(steps(graph, value))
    return "/".join(steps(graph, path))


def steps(graph: Graph, head: Node) -> Iterator[str]:
    for step in graph.items(head):
        text = path_text(graph, step)
        yield f"({text})" if "|" in text or "/" in text else text


def results(report: Graph) -> Iterator[Result]:
    for node in report.subjects(RDF.type, SH.ValidationResult):
        path = report.value(node, SH.resultPath)
        yield Result(
            focus=one(report, node, SH.focusNode),
            path="-" if path is None else path_text(report, path),
            component=one(report, node, SH.sourceConstraintComponent),
            severity=one(report, node, SH.resultSeverity),
            shape=one(report, node, SH.sourceShape),
            value=report.value(node, SH.value),
        )


def one(report: Graph, result: Node, key: URIRef) -> Node:
    value = report.value(result, key)
    assert value is not None, key
    return value


@cache
def all_fixtures() -> Graph:
    data = parse(FIXTURES / "common.ttl", *ONTOLOGY)
    for path in fixtures("valid", *SEVERITY_OF_PREFIX):
        data += fixture(path)
    return data


@cache
def all_results() -> tuple[Result, ...]:
    """Every result on all fixtures, the ontology and the vocabulary, from one run."""
    return tuple(results(validate(all_fixtures(), shapes())))


@cache
def owners() -> dict[Node, Path]:
    """Which fixture describes a node; no node is described by two."""
    owner: dict[Node, Path] = {}
    for path in fixtures("valid", *SEVERITY_OF_PREFIX):
        for subject in set(fixture(path).subjects()):
            assert owner.setdefault(subject, path) == path, f"{subject} is in {name(path)} and {name(owner[subject])}"
    return owner


@cache
def results_by_fixture() -> dict[Path | None, list[Result]]:
    """Results under the fixture that describes the focus node, or else the value (for a focus that is a class)."""
    found: dict[Path | None, list[Result]] = defaultdict(list)
    for result in all_results():
        path = owners().get(result.focus) or (owners().get(result.value) if result.value is not None else None)
        found[path].append(result)
    return found


# --- fixtures ------------------------------------------------------------------------------------------------------


def test_every_shapes_file_has_fixtures() -> None:
    without_target = {"kind"}
    files = {path.stem for path in SHAPES.glob("*.ttl")} - without_target
    assert files == {path.parent.name for path in fixtures("valid")}
    assert files == {path.parent.name for path in fixtures(*SEVERITY_OF_PREFIX)}


def test_fixture_names_say_what_they_are() -> None:
    known = {"valid", *SEVERITY_OF_PREFIX}
    assert {path.name.split(".")[0] for path in FIXTURES.glob("*/*")} == known
    assert {path.suffix for path in FIXTURES.glob("*/*")} == {".ttl"}


def test_common_data_ontology_and_vocabulary_conform() -> None:
    """What curated data and `ontology/imports` have yet to label (groups, proteins) is no concern of this test."""
    own = (EXAMPLE, TKG)
    wrong = [result for result in results_by_fixture()[None] if str(result.focus).startswith(own)]
    assert wrong == []


@pytest.mark.parametrize("path", fixtures("valid"), ids=name)
def test_valid_fixture_conforms(path: Path) -> None:
    assert expectations(path) == Counter()
    assert results_by_fixture()[path] == []


@pytest.mark.parametrize("path", fixtures(*SEVERITY_OF_PREFIX), ids=name)
def test_fixture_breaks_what_it_says(path: Path) -> None:
    expected = expectations(path)
    assert expected, "say in the first line what this fixture breaks"
    assert Counter(result.expectation for result in results_by_fixture()[path]) == expected
    assert {severity for *_, severity in expected} == {SEVERITY_OF_PREFIX[path.stem.split(".")[0]]}


def test_flattened_shapes_find_the_same() -> None:
    """Between them the fixtures break every constraint (see below)."""
    flat = validation.flattened(shapes())
    assert len(set(flat.subjects(SH.property))) < 5 < len(set(shapes().subjects(SH.property)))
    assert set(results(validate(all_fixtures(), flat))) == set(all_results())


NESTED = """
    @prefix sh: <http://www.w3.org/ns/shacl#> .
    @prefix : <https://e.org/> .
    :Named a sh:NodeShape ; sh:targetClass :A ; sh:property :Named-p .
    :Named-p a sh:PropertyShape ; sh:path :p ; sh:minCount 1 .
    :Other a sh:NodeShape ; sh:targetNode :i ; sh:property :Other-q ; sh:or ( :Named ) .
    :Other-q a sh:PropertyShape ; sh:path :q ; sh:node :Named .
    :Off a sh:NodeShape ; sh:targetClass :A ; sh:property :Off-r ; sh:deactivated true .
    :Off-r a sh:PropertyShape ; sh:path :r ; sh:minCount 1 .
    :Closed a sh:NodeShape ; sh:targetClass :C ; sh:property :Closed-p , :Closed-s ; sh:closed true .
    :Closed-p a sh:PropertyShape ; sh:path :p ; sh:maxCount 1 .
    :Closed-s a sh:PropertyShape ; sh:path [ sh:inversePath :s ] ; sh:minCount 1 .
"""


def test_flattening_keeps_what_other_shapes_refer_to() -> None:
    nested = Graph().parse(data=NESTED, format="turtle")
    data = Graph().parse(
        data="@prefix : <https://e.org/> . :a a :A . :i :q :a , :j . :c a :C ; :p 1 , 2 ; :x 3 . :d :s :c .",
        format="turtle",
    )
    found = {result.shape for result in results(validate(data, nested))}
    assert {str(shape).rpartition("/")[2] for shape in found} == {"Named-p", "Other", "Other-q", "Closed", "Closed-p"}
    assert Counter(results(validate(data, validation.flattened(nested)))) == Counter(results(validate(data, nested)))


# --- no shape is vacuous -------------------------------------------------------------------------------------------


def with_target(graph: Graph) -> set[Node]:
    targets = (SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf)
    return {shape for target in targets for shape in graph.subjects(target)}


def reporting(graph: Graph) -> set[Node]:
    """Shapes whose results come into a report: those with a target, and their property shapes."""
    targeted = with_target(graph)
    return targeted | {inner for shape in targeted for inner in graph.objects(shape, SH.property)}


def constraints(graph: Graph) -> set[tuple[Node, Node]]:
    return {
        (shape, COMPONENT[predicate])
        for shape in reporting(graph)
        for predicate in graph.predicates(shape)
        if predicate in COMPONENT
    }


def test_every_constraint_is_broken_by_a_fixture() -> None:
    broken = {
        (result.shape, result.component) for path, found in results_by_fixture().items() if path for result in found
    }
    assert constraints(shapes()) - broken == set()


def target_nodes(graph: Graph, shape: Node, data: Graph) -> Iterable[Node]:
    for target in graph.objects(shape, SH.targetClass):
        for subclass in data.transitive_subjects(rdflib.RDFS.subClassOf, target):
            yield from data.subjects(RDF.type, subclass)
    for predicate in graph.objects(shape, SH.targetSubjectsOf):
        yield from data.subjects(predicate)
    for predicate in graph.objects(shape, SH.targetObjectsOf):
        yield from data.objects(predicate=predicate)
    yield from graph.objects(shape, SH.targetNode)


@cache
def real_data() -> Graph:
    return parse(TRIPLES, *ONTOLOGY)


BUILT = TRIPLES.exists() and TRIPLES.stat().st_size > 0


@pytest.mark.skipif(not BUILT, reason="data/triples.ttl is not built yet (treatkg build)")
@pytest.mark.parametrize("shape", sorted(with_target(shapes()), key=str), ids=lambda shape: shape.removeprefix(SHAPE))
def test_shape_has_targets_in_the_real_graph(shape: URIRef) -> None:
    found = next(iter(target_nodes(shapes(), shape, real_data())), None)
    assert found is not None, "no node of data/triples.ttl is checked by this shape"


# --- the shapes themselves -----------------------------------------------------------------------------------------


def all_shapes(graph: Graph) -> set[Node]:
    return {shape for kind in (SH.NodeShape, SH.PropertyShape) for shape in graph.subjects(RDF.type, kind)}


def test_every_shape_has_a_name_of_its_own() -> None:
    named = all_shapes(shapes())
    assert all(str(shape).startswith(SHAPE) for shape in named)
    referred = set(shapes().objects(predicate=SH.property)) | set(shapes().subjects(SH.path))
    assert referred <= named


def test_every_constraint_has_severity_and_message() -> None:
    graph = shapes()
    lists_only = {SH.property, *(key for key in graph.predicates() if "target" in str(key))}
    speaking = {shape for shape in all_shapes(graph) if set(graph.predicates(shape)) - lists_only - {RDF.type}}
    for shape in sorted(speaking, key=str):
        assert len(list(graph.objects(shape, SH.severity))) == 1, shape
        assert len(list(graph.objects(shape, SH.message))) == 1, shape


def test_every_parameter_is_known_to_this_test() -> None:
    other = {SH.path, SH.severity, SH.message, SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf}
    used = {key for shape in all_shapes(shapes()) for key in shapes().predicates(shape)} - other - {RDF.type}
    assert used <= set(COMPONENT) | NO_CONSTRAINT


def test_shapes_without_target_are_referred_to() -> None:
    graph = shapes()
    referred = set(graph.objects(predicate=SH.property)) | set(graph.objects(predicate=RDF.first))
    referred |= set(graph.objects(predicate=SH["not"])) | set(graph.objects(predicate=SH.qualifiedValueShape))
    assert all_shapes(graph) - with_target(graph) <= referred


def test_no_shape_is_validated_through_another() -> None:
    assert not set(shapes().subjects(SH.node))


def test_shapes_import_nothing() -> None:
    assert not set(shapes().subjects(rdflib.OWL.imports))


def test_no_pattern_repeats_a_repetition() -> None:
    """A group with a repetition inside that is itself repeated can take exponential time."""
    nested = re.compile(r"\([^()]*[*+}][^()]*\)[*+{]")
    for pattern in shapes().objects(predicate=SH.pattern):
        assert not nested.search(str(pattern)), pattern


def test_only_known_terms_are_used() -> None:
    """A shape on a class or key that the ontology lacks would pass everything."""
    used = {node for triple in shapes() for node in triple if str(node).startswith(TKG)}
    assert used - set(ontology().subjects()) == set()


def test_every_file_says_what_it_demands_and_why() -> None:
    for path in sorted(SHAPES.glob("*.ttl")):
        head = path.read_text().split("@prefix")[0]
        assert head.startswith("# "), path.name
        assert path.stem == "kind" or ("# Demands: " in head and "# Why: " in head), path.name
