"""The stored queries as RDF: whoever reads only that can run them and gets the same rows."""

from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib

import treatkg
from treatkg import graph, knowledge, namespaces, publishing, queries
from treatkg.errors import BadInputError
from treatkg.publishing import Content, questions

PREFIXES = f"""PREFIX sh: <{namespaces.SHACL}> PREFIX rdfs: <{namespaces.RDFS}> PREFIX schema: <https://schema.org/>
PREFIX spex: <https://purl.expasy.org/sparql-examples/ontology#> """
RUN = ["drugs-blocking-cytokine", "contraindications", "unblocked-cytokines", "graph-in-numbers", "age-unit-violation"]


@pytest.fixture(scope="module")
def text(content: Content) -> bytes:
    return publishing.single("queries", content)


@pytest.fixture(scope="module")
def store(text: bytes) -> ox.Store:
    made = ox.Store()
    made.bulk_load(text, format=ox.RdfFormat.TURTLE)
    return made


def ask(store: ox.Store, query: str) -> list[tuple[str, ...]]:
    found = graph.rows(store.query(PREFIXES + query))
    return [tuple("" if value is None else str(getattr(value, "value", value)) for value in row) for row in found]


def runnable(store: ox.Store, name: str) -> str:
    """Return the query of a name as SHACL says it is run: the declared prefixes, then the text."""
    ((body,),) = ask(store, f"SELECT ?text {{ <{questions.QUERIES}{name}> sh:select ?text }}")
    declared = ask(
        store,
        f"""SELECT ?prefix ?iri {{ <{questions.QUERIES}{name}> sh:prefixes/sh:declare ?d .
        ?d sh:prefix ?prefix ; sh:namespace ?iri }}""",
    )
    return "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in declared) + body


def test_every_stored_query_is_there(store: ox.Store) -> None:
    found = ask(store, "SELECT ?name ?asks { ?q a sh:SPARQLExecutable ; rdfs:label ?name ; rdfs:comment ?asks }")
    assert sorted(found) == sorted((query.name, query.summary) for query in queries.catalogue().values())


def test_the_text_is_that_of_the_file(store: ox.Store) -> None:
    for query in queries.catalogue().values():
        ((body,),) = ask(store, f"SELECT ?text {{ <{questions.QUERIES}{query.name}> sh:select ?text }}")
        assert query.text.endswith(body)
        prefixes, _ = questions.split(query.text)
        rest = query.text.removesuffix(body).splitlines()
        left = [line for line in rest if line.strip() and not line.startswith("#")]
        assert left == [f"PREFIX {prefix}: <{iri}>" for prefix, iri in prefixes.items()]


@pytest.mark.parametrize("name", RUN)
def test_it_runs_from_the_rdf_alone_with_the_same_rows(name: str, store: ox.Store, kg: treatkg.Knowledge) -> None:
    assert isinstance(kg.engine, knowledge.Embedded)
    bare = kg.engine.store  # asked without the prefixes that the project adds by itself
    found = [list(map(str, row)) for row in graph.rows(bare.query(runnable(store, name)))]
    assert found == [list(map(str, row)) for row in graph.rows(bare.query(queries.find(name).text))]
    assert found or name.endswith("-violation")


def test_parameters_are_described(store: ox.Store) -> None:
    found = ask(
        store,
        f"""SELECT ?name ?type ?low ?high ?optional {{ <{questions.QUERIES}options-for-patient> sh:parameter ?p .
        ?p sh:name ?name ; sh:optional ?optional OPTIONAL {{ ?p sh:datatype|sh:class ?type }}
        OPTIONAL {{ ?p sh:minInclusive ?low }} OPTIONAL {{ ?p sh:maxInclusive ?high }} }}""",
    )
    described = {name: rest for name, *rest in found}
    assert described.keys() == queries.find("options-for-patient").params.keys()
    assert described["ageMonths"] == [namespaces.XSD + "integer", "0", "1800", "false"]
    allowed = ask(
        store,
        f"""PREFIX rdf: <{namespaces.RDF}> SELECT ?value {{
        <{questions.QUERIES}unmapped-treatments> sh:parameter/sh:in/rdf:rest*/rdf:first ?value }}""",
    )
    assert {value for (value,) in allowed} == set(queries.find("unmapped-treatments").params["kind"].allowed)


def test_tools_for_such_examples_find_what_they_look_for(text: bytes) -> None:
    copy = rdflib.Graph().parse(data=text, format="turtle")
    wanted = "?q sh:select ?text ; rdfs:comment ?question ; schema:target ?endpoint ; schema:keywords ?word"
    assert len(list(copy.query(f"{PREFIXES} SELECT DISTINCT ?q {{ {wanted} }}"))) == len(queries.catalogue())
    assert not any(isinstance(node, rdflib.BNode) for triple in copy for node in triple)


def test_a_query_that_asks_elsewhere_says_where(tmp_path: Path) -> None:
    folder = tmp_path / "topic"
    folder.mkdir()
    file = folder / "elsewhere.rq"
    file.write_text(
        '#+ summary: "Elsewhere?"\n#+ online: [uniprot]\nprefix ex: <http://example.org/> # SERVICE <http://no.example/>\n'
        "ASK { ?s ex:p ?o SERVICE SILENT <https://sparql.uniprot.org/sparql> { ?o ex:q ?r } }\n",
        encoding="utf-8",
    )
    said = {t.predicate.value: str(t.object) for t in questions.describe(queries.read_query(file))}
    assert (
        said["https://purl.expasy.org/sparql-examples/ontology#federatesWith"] == "<https://sparql.uniprot.org/sparql>"
    )
    assert said[namespaces.SHACL + "ask"].startswith('"ASK {')
    file.write_text('#+ summary: "An update"\nINSERT DATA { <http://e/s> <http://e/p> 1 }\n', encoding="utf-8")
    with pytest.raises(BadInputError, match="expected SELECT"):
        list(questions.describe(queries.read_query(file)))
