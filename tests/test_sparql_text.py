"""SPARQL as text: tokens, binding of parameters, and the gate for queries from outside."""

import socket
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import example, given
from hypothesis import strategies as st
from rdflib.query import ResultRow

from treatkg import graph, queries, sparql_text
from treatkg.errors import LimitError, TreatKGError, UsageError
from treatkg.queries import StoredQuery
from treatkg.results import to_text
from treatkg.sparql_text import ForbiddenQueryError, check_untrusted

ADDRESS = "<http://127.0.0.1:9/>"
PREFIXES = f"PREFIX ex: {ADDRESS} PREFIX : {ADDRESS}\n"
STORED = """\
#+ summary: "Who has this name?"
#+ params:
#+   name: {type: string, absent: any, example: "x", many: true}
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?thing ?name WHERE {
  { VALUES ?name { UNDEF } ?thing rdfs:label ?name }
  UNION
  { VALUES ?name { UNDEF } ?thing rdfs:comment ?name }
}
"""
HOSTILE = [
    'x" } UNION { ?s ?p ?o } #',
    "x' } UNION { ?s ?p ?o } #",
    '""" } UNION { ?s ?p ?o } #',
    "} VALUES ?name { 1",
    "?name",
    "UNDEF",
    "<http://a>",
    "a\nb # c",
    "# } \r }",
    '"^^<http://a>',
    '"@en',
    "$name {}",
    "é 🙂 \u202e",
]
PIECES = [
    *["SERVICE", "service", "FROM", "true", "1e5", "ex:a", "ex:", ":", "a", "?x", "?s ?p ?o", "FILTER(1<", "'", '"'],
    *['"""', "'''", "\\", "\\#", "\\'", "\\u0022", "\\u0053", "#", "\n", "\r", " ", ".", ";", ")", "(", "{", "}"],
    *["<", ">", ADDRESS, "<http://x/\\u0041#>", "SILENT", "\u00b7", "OPTIONAL{", "_:b", "@en", "1"],
]


class Literally:
    """Reads a name as it stands."""

    def resolve(self, text: str, cls: str | None = None) -> str:  # noqa: ARG002 (the protocol's)
        """Return it."""
        return text


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> StoredQuery:
    file = tmp_path_factory.mktemp("topic") / "who-has-this-name.rq"
    file.write_text(STORED, encoding="utf-8")
    return queries.read_query(file)


def labelled(*names: str) -> list[ox.Triple]:
    label = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
    return [
        ox.Triple(ox.NamedNode(f"http://example.org/{number}"), label, ox.Literal(name))
        for number, name in enumerate(names)
    ]


def in_oxigraph(query: str, triples: list[ox.Triple]) -> list[tuple[str, ...]]:
    store = ox.Store()
    store.extend(ox.Quad(*triple) for triple in triples)
    answer = store.query(query)
    assert isinstance(answer, ox.QuerySolutions)
    return sorted((graph.iri_of(row["thing"]), to_text(row["name"])) for row in answer)


def in_rdflib(query: str, triples: list[ox.Triple]) -> list[tuple[str, ...]]:
    copy = rdflib.Graph().parse(data=graph.canonical_ntriples(triples), format="nt")
    return sorted((str(row[0]), str(row[1])) for row in copy.query(query) if isinstance(row, ResultRow))


# --- tokens --------------------------------------------------------------------------------------------------------


@given(st.text() | st.lists(st.sampled_from(PIECES)).map("".join))
def test_tokens_rejoin_to_the_text(text: str) -> None:
    found = list(sparql_text.tokens(text))
    assert "".join(token.text for token in found) == text
    assert all(text[token.start : token.end] == token.text for token in found)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("?x", ["variable"]),
        ("$x", ["variable"]),
        ("ex:a", ["word"]),
        (":a", ["word"]),
        ("ex:", ["word"]),
        (r"ex:a\#b\'c", ["word"]),
        ("ex:.a", ["word", "mark", "word"]),
        ("1.5e3", ["number"]),
        ("1e5SERVICE", ["number", "word"]),
        ("1.", ["number", "mark"]),
        ("<http://a#b>", ["iri"]),
        (r"<http://a\u0041#b>", ["iri"]),
        ("'it''s'", ["string", "string"]),
        ('"""a"b""c"""', ["string"]),
        (r'"a\"b"', ["string"]),
        ("#x\ny", ["comment", "space", "word"]),
        ("<a b>", ["mark", "word", "space", "word", "mark"]),
    ],
)
def test_kinds_of_tokens(text: str, kinds: list[str]) -> None:
    assert [token.kind for token in sparql_text.tokens(text)] == kinds


def test_comments_go_and_what_looks_like_one_stays() -> None:
    text = 'ASK { <http://a#b> ?p "#c" } # SELECT\n'
    assert sparql_text.without_comments(text) == 'ASK { <http://a#b> ?p "#c" } \n'


# --- binding -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "# VALUES ?x { 1 }\nASK {}",
        'ASK { ?s ?p "VALUES ?x { 1 }" }',
        "ASK { ?s ?p '''VALUES ?x {\n1 }''' }",
        "ASK { ?s <http://a/VALUES?x{> ?o }".replace("{>", "%7B>"),
        "ASK { VALUES (?x) { (1) } }",
        "ASK { ?VALUES ?x ?y }",
        "ASK { VALUES ?x { 1",
    ],
)
def test_what_is_no_parameter_block(text: str) -> None:
    assert sparql_text.parameter_blocks(text) == {}


def test_a_block_may_hold_comments_and_any_case() -> None:
    text = "ASK { values $x # why }\n { 1 # } \n 2 } }"
    (start, end) = sparql_text.parameter_blocks(text)["x"][0]
    assert text[start:end] == " 1 # } \n 2 "


@given(st.text(), st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\\")))
def test_binding_changes_the_blocks_and_nothing_else(around: str, value: str) -> None:
    comment = "#" + around.replace("\n", " ").replace("\r", " ") + "\n"
    before, after = f"{comment}SELECT * {{ VALUES ?x {{", f"}} ?s ?p ?x . {comment} }}"
    bound = sparql_text.bind(f"{before} UNDEF {after}", {"x": [ox.Literal(value)]})
    assert bound.startswith(before)
    assert bound.endswith(after)
    assert bound == f"{before} {ox.Literal(value)} {after}"


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\\\x00")))
@example('x" } UNION { ?s ?p ?o } #')
def test_a_bound_string_never_changes_the_structure(value: str) -> None:
    def shape(text: str) -> list[str]:
        return [token.kind if token.kind == "string" else token.text for token in sparql_text.tokens(text)]

    text = "SELECT * { VALUES ?x { UNDEF } ?s ?p ?x }"
    harmless = sparql_text.bind(text, {"x": [ox.Literal("harmless")]})
    assert shape(sparql_text.bind(text, {"x": [ox.Literal(value)]})) == shape(harmless)


@pytest.mark.parametrize("run", [in_oxigraph, in_rdflib])
@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_finds_only_itself(stored: StoredQuery, run: object, value: str) -> None:
    assert callable(run)
    triples = labelled(value, "other", "x", "c")
    assert run(stored.bind({"name": value}, Literally()), triples) == [("http://example.org/0", value.strip())]


def test_the_default_finds_everything(stored: StoredQuery) -> None:
    assert len(in_oxigraph(stored.text, labelled(*HOSTILE))) == len(HOSTILE)


def test_several_values_are_rows_of_the_block(stored: StoredQuery) -> None:
    query = stored.bind({"name": ["a", "b"]}, Literally())
    assert [name for _, name in in_oxigraph(query, labelled("a", "b", "c"))] == ["a", "b"]


@pytest.mark.parametrize("value", ["a\\", "\\u0022", 'x\\" } #'])
def test_a_backslash_is_refused(stored: StoredQuery, value: str) -> None:
    with pytest.raises(UsageError, match="backslash"):
        stored.bind({"name": value}, Literally())


def test_a_value_that_is_not_unicode_is_refused(stored: StoredQuery) -> None:
    with pytest.raises(UsageError, match="not Unicode"):
        stored.bind({"name": "\udcff"}, Literally())


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("integer", "1 OR 1=1"),
        ("integer", "１２"),  # noqa: RUF001 (full-width digits)
        ("integer", "1e999"),
        ("integer", "9" * 19),
        ("decimal", "NaN"),
        ("decimal", "1."),
        ("boolean", "yes"),
        ("date", "2020-1-1"),
        ("date", "2021-02-29"),
        ("date", "2020-01-01Z"),
        ("date", "2020-01-01T00:00:00"),
    ],
)
def test_a_value_of_the_wrong_form_is_refused(tmp_path: Path, kind: str, value: str) -> None:
    file = tmp_path / "typed.rq"
    head = f'#+ summary: "?"\n#+ params:\n#+   x: {{type: {kind}}}\n'
    file.write_text(head + "SELECT * { VALUES ?x { UNDEF } }", encoding="utf-8")
    with pytest.raises(UsageError, match="x="):
        queries.read_query(file).bind({"x": value}, Literally())


# --- the gate ------------------------------------------------------------------------------------------------------


@given(st.text() | st.lists(st.sampled_from(PIECES)).map("".join))
@example("\\UFFFFFFFF")
@example("\\ud800")
@example("\ud800")
def test_the_gate_raises_nothing_else(text: str) -> None:
    try:
        check_untrusted(text)
    except TreatKGError as error:
        assert str(error)  # noqa: PT017 (most texts pass)


@pytest.mark.parametrize(
    "query",
    [
        'SELECT * { ?service ?from "SERVICE <http://a> FROM LOAD" }',
        "SELECT * { ?s tkg:from ?o ; tkg:service ?x } # SERVICE FROM LOAD",
        "SELECT * { ?s <http://a/SERVICE/FROM> '''LOAD\nSERVICE''' }",
        "SELECT * { <dupilumab/mechanism/x> ?p <https://doi.org/10.1/S0140(16)31191-X#FROM> }",
        "SELECT ?x { ?x ?p 1.5 FILTER(?x < 3 && 4 > ?x) } ORDER BY ?x",
        r"SELECT * { ex:a\/b ?p 'it\'s' }",
    ],
)
def test_harmless_words_pass(query: str) -> None:
    check_untrusted(query)


@pytest.mark.parametrize("query", queries.catalogue().values(), ids=list(queries.catalogue()))
def test_every_stored_query_passes_unless_it_asks_others(query: StoredQuery) -> None:
    if query.online:
        with pytest.raises(ForbiddenQueryError, match="SERVICE"):
            check_untrusted(query.text)
    else:
        check_untrusted(query.text)


@pytest.mark.parametrize("word", ["INSERT DATA {}", "delete where {}", "LOAD <http://a>", "Clear ALL", "DROP ALL"])
def test_updates_are_forbidden(word: str) -> None:
    with pytest.raises(ForbiddenQueryError, match="read-only"):
        check_untrusted(word)


# Each of these is read by Oxigraph as a federated query; the gate must not be led to see a string, comment or IRI.
SMUGGLED = {
    "plain": "{ SERVICE @ { ?s ?p ?o } }",
    "lower case": "{ service silent @ { ?s ?p ?o } }",
    "after an escaped #": r"{ OPTIONAL{?s ex:a\#b ?o} SERVICE @ { ?s ?p ?o } " + "\n}",
    "after an escaped '": r"{ OPTIONAL{?s ex:a\'b ?o} SERVICE @ { ?s ?p 'z' } }",
    "after an escape and a middle dot": "{ OPTIONAL{?s ex:a\u00b7\\#b ?o} SERVICE @ { ?s ?p ?o } \n}",
    "in what looks like an IRI": "{ ?s ?p ?o FILTER(1<2)SERVICE#>\n@ { ?s ?p ?o } }",
    "after a string in what looks like an IRI": "{ ?s ?p ?o FILTER(1<'#>')SERVICE @ { ?s ?p 'z' } }",
    "after a comment in what looks like an IRI": "{ ?s ?p ?o FILTER(1<ex:a#>'''\n)SERVICE @ { ?s ?p '''z''' } }",
    "after an escape in an IRI": r'{ OPTIONAL{?s <http://x/\u0041#> "\u0022"} SERVICE @ { ?s ?p "z" } }',
    "after an escaped quote": r'{ OPTIONAL{?s ?p "\u0022"} SERVICE @ { ?s ?p "z" } }',
    "glued to a number": "{ ?s ?p ?o . OPTIONAL { ?s ?q 1e5SERVICE @ { ?s ?p ?o }} }",
    "glued to a boolean": "{ ?s ?p ?o . OPTIONAL { ?s ?q trueSERVICE @ { ?s ?p ?o }} }",
    "glued to an empty local name": "{ ?s ?p ?o . OPTIONAL { ?s ?q ex:.SERVICE @ { ?s ?p ?o }} }",
    "glued to its address": "{ SERVICEex:a { ?s ?p ?o } }",
    "glued to an address without prefix": "{ SERVICE:a { ?s ?p ?o } }",
    "glued to SILENT": "{ SERVICESILENTex:a { ?s ?p ?o } }",
    "in a comment that ends": "{ # \rSERVICE @ { ?s ?p ?o } }",
}


@pytest.mark.parametrize("pattern", SMUGGLED.values(), ids=list(SMUGGLED))
def test_a_federated_query_is_forbidden_however_it_is_written(pattern: str) -> None:
    query = PREFIXES + "SELECT * " + pattern.replace("@", ADDRESS)
    ox.Store().query(query)  # valid, or this raises
    with pytest.raises(ForbiddenQueryError):
        check_untrusted(query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM @ {}",
        "ASKFROM @ {}",
        "SELECT * FROM:a {}",
        "select * from named @ {}",
        r"ASK { \u0053ERVICE @ {} }",
    ],
)
def test_other_datasets_are_forbidden(query: str) -> None:
    with pytest.raises(ForbiddenQueryError):
        check_untrusted(PREFIXES + query.replace("@", ADDRESS))


@pytest.fixture(scope="module")
def visits() -> Iterator[tuple[str, list[bytes]]]:
    """Return an address of this machine that hangs up, and a list of those who came."""
    came: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def hang_up() -> None:
            while True:
                connection, _ = listening.accept()
                with connection:
                    came.append(connection.recv(9))
                if came[-1] == b"stop here":
                    return

        thread = threading.Thread(target=hang_up)
        thread.start()
        yield f"<http://127.0.0.1:{listening.getsockname()[1]}/>", came
        with socket.create_connection(listening.getsockname()) as last:
            last.sendall(b"stop here")
        thread.join()


def run(query: str) -> None:
    try:
        ox.Store().query(query)
    except (SyntaxError, OSError, RuntimeError):
        return


def test_the_engine_does_call_out_when_nothing_stops_it(visits: tuple[str, list[bytes]]) -> None:
    address, came = visits
    before = len(came)
    with pytest.raises(OSError, match=r"(?i)request|connection"):
        list(ox.Store().query(f"SELECT * {{ SERVICE {address} {{ ?s ?p ?o }} }}"))  # type: ignore[arg-type]
    assert len(came) > before


@given(pieces=st.lists(st.sampled_from(PIECES), min_size=1, max_size=8))
@example(pieces=["OPTIONAL{", "?s ", "ex:a", "\\#", " ?o}"])
@example(pieces=["?s ?p ?o", "FILTER(1<", "'", "#", ">", "'", ")"])
def test_what_passes_the_gate_calls_nobody(visits: tuple[str, list[bytes]], pieces: list[str]) -> None:
    address, came = visits
    body = "".join(pieces).replace(ADDRESS, address)
    before = len(came)
    for end in ("", "'", '"', "'''", "\n", ">"):
        query = f"PREFIX ex: {address}\nSELECT * {{ {body}SERVICE {address} {{ ?s ?p ?o }} {end} }}"
        try:
            check_untrusted(query)
        except TreatKGError:
            continue
        run(query)
    assert len(came) == before


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { FILTER" + "(" * 200 + "1" + ")" * 200 + "}",
        "SELECT * " + "{" * 200 + "}" * 200,
        "SELECT * { FILTER(" + "!" * 200 + "true) }",
        "SELECT * { FILTER(" + "STR(" * 200 + "1" + ")" * 200 + ") }",
        "SELECT * {" * 200 + "}" * 200,
        "SELECT * { FILTER(1<" + "(" * 200 + "#>\n1" + ")" * 200 + ")}",
        "SELECT * { {}" + "UNION{}" * 200 + "}",
        "SELECT * { ?s a" + "/a" * 200 + " ?o }",
        "SELECT * { ?s ?p ?a" + ",?b" * 200 + "}",
        "SELECT * { ?s ?p (" + "1 " * 200 + ") }",
        "SELECT * { " + "?s ?p ?o ." * 200 + "}",
        "SELECT * { FILTER(1" + "*1" * 7000 + ") }",
        "SELECT * { FILTER(1" + "||1" * 600 + ") }",
        "SELECT * { " + "<< " * 200 + "?s ?p ?o" + ">> ?p ?o" * 200 + " }",
        "SELECT * { # " + "x" * (64 * 1024) + "\n}",
    ],
)
def test_what_could_exhaust_the_engine_is_refused(query: str) -> None:
    with pytest.raises((LimitError, ForbiddenQueryError)):
        check_untrusted(query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { VALUES ?x { " + "<http://a> " * 2000 + "} }",
        "SELECT * { VALUES (?x ?y) { " + "(<http://a> 1) " * 600 + "} }",
        "SELECT * { ?s ?p ?x FILTER(?x IN (" + ", ".join(["1.5"] * 400) + ")) }",
        "SELECT * { " + "?s ?p ?o . " * 100 + "}",
    ],
)
def test_long_lists_of_data_pass(query: str) -> None:
    check_untrusted(query)


def test_a_syntax_error_shows_line_column_and_caret() -> None:
    explained = sparql_text.explain_syntax_error("ASK {\n  ?s ex:a ?o }", "error at 2:6: Prefix not found")
    assert textwrap.dedent(explained).splitlines()[:3] == ["line 2, column 6", "    ?s ex:a ?o }", "       ^"]
    assert "known without declaring are" in explained
    assert "MONDO" in explained
