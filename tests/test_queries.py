"""Stored queries: heads, parameters, equal rows in both engines, and golden results."""

import functools
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib
import yaml

import treatkg
from treatkg import namespaces, queries, resources, sparql_text
from treatkg.errors import BadInputError
from treatkg.knowledge import Embedded
from treatkg.queries import StoredQuery
from treatkg.results import to_text

# Queries that ask other endpoints are tested in tests/linking/test_linking_federation.py, against such endpoints.
CATALOGUE = {name: query for name, query in queries.catalogue().items() if not query.online and not query.loaded}
EXPECTED = Path(__file__).parent / "queries" / "expected"
TOPICS = {"approvals", "mechanisms", "safety", "selection", "evidence", "coverage", "qc"}


def cases() -> list[tuple[str, int, dict[str, Any]]]:
    """Every golden case as (query, number, case)."""
    found = []
    for file in sorted(EXPECTED.glob("*.yaml")):
        for number, case in enumerate(yaml.safe_load(file.read_text(encoding="utf-8")), start=1):
            found.append((file.stem, number, case))
    return found


CASES = cases()
ALL = pytest.mark.parametrize("query", CATALOGUE.values(), ids=list(CATALOGUE))
EACH_CASE = pytest.mark.parametrize(("name", "number", "case"), CASES, ids=[f"{n}-{i}" for n, i, _ in CASES])


@functools.cache
def knowledge() -> treatkg.Knowledge:
    return treatkg.open()


# rdflib joins in time that grows with the square of the graph, so that it answers about the facts of some treatments,
# which hold every class of facts; all groups, sources, axes and terms stand beside them.
SLICE = {
    "baricitinib",
    "bleach-baths",
    "crisaborole",
    "dupilumab",
    "lebrikizumab",
    "mometasone-furoate",
    "nemolizumab",
    "prednisone",
}


@functools.cache
def slice_of_the_graph() -> list[ox.Triple]:
    whole = [quad.triple for quad in ox.parse(path=str(resources.TRIPLES), format=ox.RdfFormat.TURTLE)]
    left_out = tuple(
        f"{namespaces.BASE}{file.stem}/"
        for file in (resources.CURATED / "treatments").glob("*.yaml")
        if file.stem not in SLICE
    )
    return [triple for triple in whole if not getattr(triple.subject, "value", "").startswith(left_out)]


@functools.cache
def rdflib_slice() -> rdflib.Graph:
    document = ox.serialize(slice_of_the_graph(), format=ox.RdfFormat.N_TRIPLES)
    return rdflib.Graph().parse(data=document, format="nt")


@functools.cache
def slice_knowledge() -> treatkg.Knowledge:
    engine = Embedded(resources.TRIPLES)
    engine.store.clear()
    engine.store.extend(ox.Quad(t.subject, t.predicate, t.object) for t in slice_of_the_graph())
    return treatkg.Knowledge(engine)


@functools.cache
def rdflib_graph() -> rdflib.Graph:
    return rdflib.Graph().parse(resources.TRIPLES, format="turtle")


def test_there_are_enough_queries_in_every_topic() -> None:
    assert len(CATALOGUE) >= 25
    assert {query.topic for query in CATALOGUE.values()} == TOPICS


@ALL
def test_head_says_what_people_need(query: StoredQuery) -> None:
    assert query.summary
    assert query.description or query.topic == "qc"
    assert query.returns
    for parameter in query.params.values():
        assert parameter.description, parameter.name
        assert parameter.example, parameter.name


@ALL
def test_head_names_the_columns(query: StoredQuery) -> None:
    answer = ox.Store().query(query.text)
    assert isinstance(answer, ox.QuerySolutions)
    assert [variable.value for variable in answer.variables] == list(query.returns)


@ALL
def test_parameter_blocks_of_one_name_are_equal_and_mean_what_the_head_says(query: StoredQuery) -> None:
    blocks = sparql_text.parameter_blocks(query.text)
    for name, parameter in query.params.items():
        texts = {query.text[start:end].strip() for start, end in blocks[name]}
        assert len(texts) == 1, name
        if parameter.absent in ("any", "today"):
            assert texts == {"UNDEF"}, name
        elif parameter.absent == "none":
            assert texts == {"rdf:nil"}, name
        elif parameter.absent == "default":
            assert not texts & {"UNDEF", ""}, name


@ALL
def test_query_names_no_treatment(query: StoredQuery) -> None:
    body = "".join(token.text for token in sparql_text.tokens(query.text) if token.kind != "comment")
    for file in (resources.CURATED / "treatments").glob("*.yaml"):
        defaults = [
            query.text[start:end] for spans in sparql_text.parameter_blocks(query.text).values() for start, end in spans
        ]
        rest = functools.reduce(lambda text, default: text.replace(default, " "), defaults, body)
        assert not re.search(rf"\b{re.escape(file.stem)}\b", rest)


@ALL
def test_query_has_a_golden_case(query: StoredQuery) -> None:
    if query.name.endswith("-violation"):
        assert knowledge().query(query.name).to_dicts() == []
        return
    arguments = [case.get("arguments", {}) for name, _, case in CASES if name == query.name]
    assert arguments
    assert all("asOf" in given for given in arguments if "asOf" in query.params), "pin the date"


def rows(name: str, arguments: dict[str, Any]) -> list[list[str]]:
    return [[to_text(term) for term in row] for row in knowledge().query(name, **arguments).terms]


@EACH_CASE
def test_golden_rows(name: str, number: int, case: dict[str, Any]) -> None:
    found = rows(name, case.get("arguments", {}))
    bag = Counter(map(tuple, found))
    if "rows" in case:
        assert bag == Counter(tuple(map(str, row)) for row in case["rows"])
    for row in case.get("contains", []):
        assert tuple(map(str, row)) in bag
    for row in case.get("excludes", []):
        assert tuple(map(str, row)) not in bag
    if "count" in case:
        assert len(found) == case["count"]
    assert {"rows", "contains", "count", "excludes"} & set(case)


@EACH_CASE
def test_both_engines_give_equal_rows(name: str, number: int, case: dict[str, Any]) -> None:
    text = CATALOGUE[name].bind(case.get("arguments", {}), knowledge().terms)
    theirs = rdflib_slice().query(text)
    ours = slice_knowledge().select(text)
    assert bag_of(theirs) == Counter(tuple(value(term) for term in row) for row in ours.terms)


# Queries that find nothing in the slice, each with a case that finds something in the whole graph.
NOT_IN_SLICE = {"head-to-head": 2, "targets-without-path": 3}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "case"), [(n, case) for n, i, case in CASES if NOT_IN_SLICE.get(n) == i])
def test_both_engines_give_equal_rows_on_the_whole_graph(name: str, case: dict[str, Any]) -> None:
    text = CATALOGUE[name].bind(case.get("arguments", {}), knowledge().terms)
    ours = knowledge().select(text)
    assert len(ours) > 0
    assert bag_of(rdflib_graph().query(text)) == Counter(tuple(value(term) for term in row) for row in ours.terms)


def test_every_other_query_finds_something_in_the_slice() -> None:
    found = {
        name
        for name, _, case in CASES
        if len(slice_knowledge().select(CATALOGUE[name].bind(case.get("arguments", {}), knowledge().terms)))
    }
    assert found == {name for name, *_ in CASES} - set(NOT_IN_SLICE)


def test_the_slice_holds_every_class_of_facts() -> None:
    classes = "SELECT DISTINCT ?class WHERE { ?class rdfs:subClassOf+ tkg:Fact . ?fact a ?class }"
    assert {str(row[0]) for row in slice_knowledge().select(classes).terms} == {
        str(row[0]) for row in knowledge().select(classes).terms
    }


@pytest.mark.parametrize("name", [name for name in CATALOGUE if name.endswith("-violation")])
def test_quality_queries_are_quiet_in_both_engines(name: str) -> None:
    assert len(knowledge().query(name)) == 0
    assert len(slice_knowledge().query(name)) == len(rdflib_slice().query(CATALOGUE[name].text))


def bag_of(result: rdflib.query.Result) -> Counter[tuple[str | None, ...]]:
    return Counter(tuple(None if term is None else number(str(term)) for term in row) for row in result)  # type: ignore[union-attr]


def value(term: ox.NamedNode | ox.Literal | ox.BlankNode | ox.Triple | None) -> str | None:
    return None if term is None else number(getattr(term, "value", str(term)))


def number(text: str) -> str:
    """Write numbers one way: engines spell 14.0 and 14 differently."""
    return f"{float(text):.10g}" if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) else text


# Values that matter beside the facts of the fixture: the graph has no ended fact or second disease there yet.
ON_THE_FIXTURE: dict[str, dict[str, Any]] = {
    "cautions-for-conditions": {"condition": "MONDO:0004979", "asOf": "2001-01-01"},
    "comorbidities": {"disease": "MONDO:0005083"},
    "development-status": {"disease": "MONDO:0005083", "asOf": "2023-06-01"},
    "dosing": {"asOf": "2001-01-01"},
    "facts-with-one-source": {"sourceType": "PressRelease"},
    "interactions": {"interactsWith": "tkg:LiveVaccination", "asOf": "2001-01-01"},
    "monitoring-during-treatment": {"jurisdiction": "EU", "asOf": "2001-01-01"},
    "must-be-combined": {"disease": "MONDO:0005083", "asOf": "2001-01-01"},
    "outdated-statements": {"source": "source/article-immunotherapy-2023"},
    "reproductive-safety": {"asOf": "2001-01-01"},
    "screening-before-treatment": {"looksFor": "MONDO:0005344", "asOf": "2001-01-01"},
    "uses-reported": {"asOf": "2001-01-01"},
    "warnings": {"asOf": "2001-01-01"},
}


@functools.cache
def with_fixture() -> treatkg.Knowledge:
    engine = Embedded(resources.TRIPLES)
    engine.store.load(path=str(EXPECTED.parent / "fixture.ttl"), format=ox.RdfFormat.TURTLE)
    return treatkg.Knowledge(engine)


@pytest.mark.parametrize("name", [query.name for query in CATALOGUE.values() if query.params])
def test_each_parameter_changes_the_rows(name: str) -> None:
    tried = [case.get("arguments", {}) for other, _, case in CASES if other == name]
    tried += [ON_THE_FIXTURE[name]] if name in ON_THE_FIXTURE else []
    unshown = [p for p in CATALOGUE[name].params if not any(matters(name, p, given) for given in tried if p in given)]
    assert not unshown, "nothing shows that these parameters matter"


def matters(name: str, parameter: str, arguments: dict[str, Any]) -> bool:
    """Say whether there are other rows without the parameter, or with its example where it is needed."""
    spec = CATALOGUE[name].params[parameter]
    other = {key: given for key, given in arguments.items() if key != parameter}
    if spec.absent == "required":
        other[parameter] = spec.example
    given, left_out = (list(with_fixture().query(name, **each)) for each in (arguments, other))
    return given != left_out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT * WHERE { ?s ?p ?o }", "needs at least"),
        ("#+ summary: a\n#+ sumary: b\nSELECT * WHERE { ?s ?p ?o }", 'unknown key "sumary"'),
        ("#+ summary: [\nSELECT * WHERE { ?s ?p ?o }", "not valid YAML"),
        ("#+ summary: !!python/object:os.system {}\nSELECT * {}", "not valid YAML"),
        ("#+ summary: a\n#+ params: {x: {type: iri}}\nSELECT * WHERE { ?s ?p ?o }", "no `VALUES ?x"),
        ("#+ summary: a\n#+ params: {x: {type: colour}}\nSELECT * { VALUES ?x { UNDEF } }", "type is one of"),
        ("#+ summary: a\n#+ params: {x: 3}\nSELECT * { VALUES ?x { UNDEF } }", "takes the keys"),
    ],
)
def test_bad_head_is_an_error_that_says_why(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "question.rq"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadInputError, match=re.escape(message)):
        queries.read_query(file)


def test_any_lifts_a_default() -> None:
    """Licences for other diseases stand in the graph, and come only when they are asked for."""
    given = {"treatment": "dupilumab", "asOf": "2026-01-01"}
    limited = knowledge().query("age-ranges-by-jurisdiction", **given).to_dicts()
    lifted = knowledge().query("age-ranges-by-jurisdiction", disease="any", **given).to_dicts()
    assert {row["disease"] for row in limited} == {"MONDO:0004980"}
    assert {"MONDO:0004980", "MONDO:0004979"} <= {row["disease"] for row in lifted}


def test_two_biologics_in_2023_and_four_in_2025() -> None:
    """The question that no peer answers: what was licensed when."""
    licensed = {
        day: {
            row["treatment"] for row in knowledge().query("licensed-biologics", jurisdiction="US", asOf=day).to_dicts()
        }
        for day in ("2017-03-27", "2023-10-01", "2025-01-01")
    }
    assert licensed["2017-03-27"] == set()
    assert licensed["2023-10-01"] == {"dupilumab", "tralokinumab"}
    assert licensed["2025-01-01"] == {"dupilumab", "tralokinumab", "lebrikizumab", "nemolizumab"}


def counts(graph: treatkg.Knowledge, name: str) -> dict[str, list[int]]:
    """Read a query whose rows are a name and numbers."""
    return {to_text(row[0]): [int(float(to_text(cell))) for cell in row[1:]] for row in graph.query(name).terms}


def test_counts_of_the_release() -> None:
    """Counts that change with every release: their relations hold, and a fact on a web article is no primary one."""
    counted, shares = counts(knowledge(), "graph-in-numbers"), counts(knowledge(), "primary-sources")
    assert counted["facts"][0] == shares["tkg:Fact"][0]
    assert counted["causal links"][0] == shares["tkg:CausalLink"][0]
    assert counted["licensed treatments"] <= counted["treatments"] < counted["facts"] < counted["pieces of evidence"]
    for facts, on_primary, percent in shares.values():
        assert 0 <= on_primary <= facts
        assert percent == 100 * on_primary // facts
    before, after = shares["tkg:ReportedUse"], counts(with_fixture(), "primary-sources")["tkg:ReportedUse"]
    assert after[0] > before[0]
    assert after[1] == before[1]
    assert counts(with_fixture(), "graph-in-numbers")["treatments"] > counted["treatments"]
