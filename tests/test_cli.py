"""The command line: what people type, what they see, and what a script gets back."""

import csv
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest
import rdflib

import treatkg
from treatkg import cli, graph, namespaces, queries, resources

TARGET = "<https://w3id.org/treatkg/ontology#hasTarget> <http://purl.uniprot.org/uniprot/P24394>"
BLOCKERS = ["query", "drugs-blocking-cytokine", "cytokine=uniprot:P35225"]
SELECT = "SELECT ?drug WHERE { ?drug tkg:indicatedFor MONDO:0004980 } ORDER BY ?drug"
VIOLATION = "<x/indication/us-2020> a <https://w3id.org/treatkg/ontology#Indication> ."
IMPORTS_AFTER = """
import sys
from treatkg.cli import main
sys.argv = ["treatkg", *sys.argv[1:]]
try:
    main()
except SystemExit as done:
    code = done.code
print(code, *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


DATED = """
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix tkg: <https://w3id.org/treatkg/ontology#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix : <http://example.org/> .
tkg:Indication rdfs:subClassOf tkg:Fact ; rdfs:label "indication" .
:drug a tkg:Treatment ; rdfs:label "drug" .
:fact a tkg:Fact , tkg:Indication ; rdfs:label "example" ; tkg:treatment :drug ; tkg:evidence :evidence ;
  tkg:validFrom "2019-08-01"^^xsd:date ; tkg:validFromPrecision tkg:Month ;
  tkg:validUntil "2022-01-01"^^xsd:date ; tkg:validUntilPrecision tkg:Year .
:evidence prov:wasDerivedFrom :source ; tkg:locator "page 1" ; tkg:finding "example" ;
  tkg:evidenceDirection tkg:Supports .
:source dcterms:title "title" ; dcterms:date "2021-01-01"^^xsd:date ; tkg:datePrecision tkg:Year .
"""


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs the command line in this process, as its entry point does."""

    def call(*arguments: str, stdin: str = "") -> Done:
        monkeypatch.setattr(sys, "argv", ["treatkg", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        with pytest.raises(SystemExit) as done:
            cli.main()
        captured = capsys.readouterr()
        return Done(int(done.value.code or 0), captured.out, captured.err)

    return call


@pytest.fixture
def ambiguous(tmp_path: Path) -> str:
    file = tmp_path / "ambiguous.ttl"
    label = f"<{namespaces.RDFS}label>"
    file.write_text(f'<cream> {label} "calm" . <enzyme> {label} "Calm" . <odd> {label} "odd" .', encoding="utf-8")
    return str(file)


def start(*arguments: str, **options: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "treatkg", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)  # type: ignore[call-overload,no-any-return]


def assert_refused(done: Done, code: int, *said: str) -> None:
    """Check that a command failed with one message that says what is wrong, and no traceback."""
    assert done.code == code, done.err
    assert done.err.startswith(("treatkg: ", "Usage: "))
    assert "Traceback" not in done.err
    for text in said:
        assert text in done.err


# --- query ---------------------------------------------------------------------------------------------------------


def test_query_lists_every_stored_query(run: Run) -> None:
    done = run("query")
    assert done.code == 0
    for query in queries.catalogue().values():
        assert re.search(rf"^  {query.name} +{re.escape(query.summary)}$", done.out, re.MULTILINE)


def test_query_prints_a_table(run: Run, kg: treatkg.Knowledge) -> None:
    done = run(*BLOCKERS)
    rows = len(kg.query("drugs-blocking-cytokine", cytokine="uniprot:P35225"))
    assert done.code == 0
    assert "cytokine" in done.out
    assert re.search(rf"^{rows} rows?$", done.out, re.MULTILINE)


@pytest.mark.parametrize(("output", "separator"), [("csv", ","), ("tsv", "\t")])
def test_query_prints_separated_values(run: Run, kg: treatkg.Knowledge, output: str, separator: str) -> None:
    expected = kg.query("drugs-blocking-cytokine", cytokine="uniprot:P35225")
    rows = list(csv.reader(io.StringIO(run(*BLOCKERS, "--format", output).out), delimiter=separator))
    assert tuple(rows[0]) == expected.columns
    assert [row[0] for row in rows[1:]] == [row["drug"] for row in expected.to_dicts()]
    assert len(rows) > 1


def test_query_prints_json(run: Run, kg: treatkg.Knowledge) -> None:
    expected = kg.query("drugs-blocking-cytokine", cytokine="uniprot:P35225")
    assert json.loads(run(*BLOCKERS, "-f", "json").out) == json.loads(expected.to_json())


def test_query_prints_markdown(run: Run, kg: treatkg.Knowledge) -> None:
    expected = kg.query("drugs-blocking-cytokine", cytokine="uniprot:P35225")
    assert run(*BLOCKERS, "-f", "markdown").out == expected.to_markdown()


def test_query_takes_names_of_things(run: Run) -> None:
    by_name = run("query", "licensed-biologics", "jurisdiction=US", "asOf=2023-10-01", "-f", "csv")
    by_id = run("query", "licensed-biologics", "jurisdiction=tkg:US", "asOf=2023-10-01", "-f", "csv")
    assert by_name.code == 0
    assert by_name.out == by_id.out
    assert "dupilumab" in by_name.out


def test_a_repeated_key_gives_several_values(run: Run) -> None:
    def results_of(*parameters: str) -> list[dict[str, object]]:
        done = run("query", "trial-results", *parameters, "-f", "json")
        assert done.code == 0, done.err
        rows: list[dict[str, object]] = json.loads(done.out)
        return rows

    one, other = results_of("treatment=dupilumab"), results_of("treatment=tralokinumab")
    both = results_of("treatment=dupilumab", "treatment=tralokinumab")
    assert one
    assert other
    assert sorted(map(str, both)) == sorted(map(str, one + other))


def test_query_prints_its_text(run: Run) -> None:
    done = run(*BLOCKERS, "--text")
    assert "VALUES ?cytokine { <http://purl.uniprot.org/uniprot/P35225>" in done.out
    assert isinstance(ox.Store().query(done.out), ox.QuerySolutions)


def test_query_says_what_it_takes(run: Run) -> None:
    query = queries.find("licensed-biologics")
    done = run("query", query.name, "--about")
    assert query.summary in done.out
    for name in (*query.params, *query.returns):
        assert f"\n  {name}" in done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["drugs-blocking-cytokin"], 'did you mean "drugs-blocking-cytokine"'),
        (["../../etc/passwd"], "no stored query"),
        (["drugs-blocking-cytokine", "cytokin=IL-13"], 'did you mean "cytokine"'),
        (["drugs-blocking-cytokine", "cytokine"], "is not KEY=VALUE"),
        (["drugs-blocking-cytokine", "cytokine=MONDO:4980"], "not the form"),
        (["drugs-blocking-cytokine", "cytokine=unipro:P35225"], 'did you mean "uniprot"'),
        (["drugs-blocking-cytokine", "cytokine=nothing at all"], "nothing at all"),
        (["drugs-blocking-cytokine", "cytokine="], "1 to 300 characters"),
        (["drugs-blocking-cytokine", "cytokine=http://[x"], "is not an IRI"),
        (["drugs-blocking-cytokine", "cytokine=IL-4", "cytokine=IL-13"], "takes one value"),
        (["licensed-biologics", "jurisdiction=Atlantis"], "nothing of the class Jurisdiction"),
        (["licensed-biologics", "asOf=2021-02-29"], "not a day of the calendar"),
        (["licensed-biologics", "asOf=1 June"], "a date such as"),
        (["drugs-blocking-cytokine", "-f", "excel"], "excel"),
        (["drugs-blocking-cytokine", "--nonsense"], "--nonsense"),
    ],
)
def test_what_query_refuses(run: Run, arguments: list[str], said: str) -> None:
    assert_refused(run("query", *arguments), 2, said)


def test_an_unknown_term_gets_a_suggestion(run: Run) -> None:
    done = run("query", "approval-history", "treatment=dupilumb")
    assert_refused(done, 2, "nothing of the class Treatment", 'did you mean "dupilumab"')


def test_a_value_outside_the_list_gets_the_list(run: Run) -> None:
    query = next(query for query in queries.catalogue().values() if any(p.allowed for p in query.params.values()))
    parameter = next(p for p in query.params.values() if p.allowed)
    assert_refused(run("query", query.name, f"{parameter.name}=nonsense"), 2, "is not one of", *parameter.allowed)


# --- sparql --------------------------------------------------------------------------------------------------------


def test_sparql_from_text_file_and_standard_input(run: Run, tmp_path: Path, kg: treatkg.Knowledge) -> None:
    file = tmp_path / "é query.rq"
    file.write_text(SELECT, encoding="utf-8")
    expected = kg.select(SELECT).to_csv()
    assert run("sparql", SELECT, "-f", "csv").out == expected
    assert run("sparql", str(file), "-f", "csv").out == expected
    assert run("sparql", "-", "-f", "csv", stdin=SELECT).out == expected
    assert "dupilumab" in expected


@pytest.mark.parametrize(("query", "answer"), [("ASK { <dupilumab> ?p ?o }", "true"), ("ASK { <x> ?p ?o }", "false")])
def test_sparql_ask(run: Run, query: str, answer: str) -> None:
    assert run("sparql", query).out == f"{answer}\n"


@pytest.mark.parametrize("query", ["DESCRIBE <dupilumab>", "CONSTRUCT { <dupilumab> ?p ?o } { <dupilumab> ?p ?o }"])
def test_sparql_graphs(run: Run, query: str) -> None:
    done = run("sparql", query)
    assert done.code == 0, done.err
    found = {quad.triple for quad in ox.parse(done.out.encode(), format=ox.RdfFormat.N_TRIPLES)}
    about = ox.NamedNode(namespaces.expand("dupilumab"))
    assert found == {triple for triple in graph.parse_file(resources.TRIPLES) if triple.subject == about}


def test_sparql_without_rows(run: Run) -> None:
    assert "No rows." in run("sparql", "SELECT ?x WHERE { FILTER(false) }").out


def test_a_syntax_error_has_a_caret(run: Run) -> None:
    done = run("sparql", "SELECT ?x\nWHERE { ?x }")
    assert_refused(done, 2, "line 2, column")
    *_, line, caret = done.err.splitlines()
    assert line == "  WHERE { ?x }"
    assert re.fullmatch(r" +\^", caret)


@pytest.mark.parametrize(
    ("query", "code", "said"),
    [
        ("ASK { ?s nope:x ?o }", 2, "known without declaring"),
        ("SELECT * { FILTER(<http://example.org/f>(1)) }", 2, "function"),
        ("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", 2, "add --online"),
        ("SELECT * { SERVICE SILENT ?where { ?s ?p ?o } }", 2, "add --online"),
        ("INSERT DATA { <a> <b> <c> }", 2, "not valid SPARQL"),
        ("ASK { ?s ?p '\udcff' }", 2, "not"),
        ("/no/such/file.rq", 5, "/no/such/file.rq"),
        ("\x00", 5, "neither a query nor a file"),
        (str(resources.ROOT), 5, "neither a query nor a file"),
    ],
)
def test_what_sparql_refuses(run: Run, query: str, code: int, said: str) -> None:
    assert_refused(run("sparql", query), code, said)


def test_an_endpoint_that_a_query_asks_does_not_answer(run: Run) -> None:
    query = "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }"
    assert_refused(run("sparql", query, "--online"), 5, "endpoint")


def test_a_query_may_ask_an_endpoint_when_it_is_let(run: Run, server_url: str) -> None:
    query = f"SELECT ?drug {{ SERVICE <{server_url}/sparql> {{ ?drug {TARGET} }} }}"
    done = run("sparql", query, "--online", "-f", "csv")
    assert "dupilumab" in done.out.splitlines()


def test_standard_input_that_is_not_utf8() -> None:
    with start("sparql", "-", stdin=subprocess.PIPE, env={**os.environ, "PYTHONUTF8": "1"}) as process:
        _, error = process.communicate(b"ASK { ?s ?p '\xff' }")
    assert process.returncode in (2, 5)
    assert error.startswith(b"treatkg: ")


# --- another graph -------------------------------------------------------------------------------------------------


def test_an_endpoint_gives_the_same_rows(run: Run, server_url: str) -> None:
    there = run(*BLOCKERS, "-f", "csv", "--on", f"{server_url}/sparql")
    assert there.code == 0, there.err
    assert there.out == run(*BLOCKERS, "-f", "csv").out
    assert len(there.out.splitlines()) > 1


def test_an_endpoint_answers_every_form(run: Run, server_url: str) -> None:
    for query in (SELECT, "ASK { <dupilumab> ?p ?o }", "DESCRIBE <dupilumab>"):
        there = run("sparql", query, "-f", "json", "--on", f"{server_url}/sparql")
        assert there == run("sparql", query, "-f", "json")


def test_another_file(run: Run, ambiguous: str) -> None:
    assert run("sparql", "SELECT ?x { ?x ?p 'odd' }", "-f", "csv", "--on", ambiguous).out == "x\nodd\n"
    assert_refused(run("show", "calm", "--on", ambiguous), 2, "can mean several things", "cream", "enzyme")


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("file:///etc/hostname", 2),
        ("ftp://127.0.0.1/x", 2),
        ("gopher://127.0.0.1:9/x", 2),
        ("http://", 2),
        ("http://[::1", 2),
        ("http://127.0.0.1:9/sparql", 5),
        ("/no/such/graph.ttl", 5),
        ("/etc/hostname", 5),
    ],
)
def test_what_cannot_be_asked(run: Run, source: str, code: int) -> None:
    assert_refused(run("sparql", "ASK {}", "--on", source), code, source)


def test_an_address_that_is_no_endpoint(run: Run, server_url: str) -> None:
    assert_refused(run("sparql", "ASK {}", "--on", f"{server_url}/nowhere"), 2, "nowhere")
    assert_refused(run("sparql", "ASK {}", "--on", f"{server_url}/queries"), 5, "405")


def test_a_broken_graph_names_its_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "broken.ttl"
    file.write_text("<a> <b> <c> .\n<a> <b> oops .\n", encoding="utf-8")
    assert_refused(run("sparql", "ASK {}", "--on", str(file)), 3, f"{file}:2:")


# --- show ----------------------------------------------------------------------------------------------------------


def test_show_a_treatment(run: Run) -> None:
    done = run("show", "Dupixent")
    assert done.code == 0
    assert done.out.startswith("dupilumab ")
    assert "https://w3id.org/treatkg/id/dupilumab" in done.out
    assert re.search(r"^indication \([1-9]", done.out, re.MULTILINE)


def test_show_a_target(run: Run) -> None:
    done = run("show", "uniprot:P35225")
    assert done.code == 0
    assert "http://purl.uniprot.org/uniprot/P35225" in done.out
    assert run("show", "il13").out == done.out


def test_show_a_fact_with_its_evidence(run: Run, kg: treatkg.Knowledge) -> None:
    fact = str(kg.select("SELECT (MIN(?f) AS ?fact) { ?f a tkg:Indication }").to_dicts()[0]["fact"])
    done = run("show", fact)
    assert done.code == 0
    assert namespaces.expand(fact) in done.out.replace("\n", "")
    assert "\nEvidence\n  Supports: " in done.out


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("dupilumb", "did you mean"),
        ("https://example.org/x", "says nothing"),
        ("MONDO:4980", "not the form"),
        ("", "1 to"),
    ],
)
def test_what_show_refuses(run: Run, name: str, said: str) -> None:
    assert_refused(run("show", name), 2, said)


def test_show_gives_dates_as_exactly_as_the_source(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "dates.ttl"
    file.write_text(DATED, encoding="utf-8")
    shown = run("show", "http://example.org/drug", "--on", str(file)).out
    assert "from 2019-08 to 2022" in shown
    assert "2019-08-01" not in shown
    evidence = run("show", "http://example.org/fact", "--on", str(file)).out
    assert "title, page 1, 2021\n" in evidence


def test_show_prints_brackets_as_they_are(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "brackets.ttl"
    file.write_text(f'<x> a <y> ; <{namespaces.RDFS}label> "[red]x[/red] [/]" .', encoding="utf-8")
    assert "[red]x[/red] [/]" in run("show", "x", "--on", str(file)).out


# --- export --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["turtle", "ntriples", "jsonld"])
def test_export_to_standard_output_and_to_a_file(run: Run, tmp_path: Path, name: str) -> None:
    file = tmp_path / "out"
    file.write_text("before", encoding="utf-8")
    written = run("export", name, "--out", str(file))
    assert (written.code, written.out) == (0, "")
    assert str(file) in written.err
    assert file.read_text(encoding="utf-8") == run("export", name).out
    assert list(tmp_path.iterdir()) == [file]


def test_export_of_one_subject(run: Run) -> None:
    assert json.loads(run("export", "jsonld", "--subject", "dupilumab").out)["id"] == "dupilumab"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["turtel"], 2, 'did you mean "turtle"'),
        (["jsonld", "--subject", "dupilumb"], 2, 'did you mean "dupilumab"'),
        (["turtle", "--subject", "dupilumab"], 2, "--subject goes with jsonld"),
        (["ntriples", "--out", "/no/such/folder/x"], 5, "/no/such/folder/x"),
        (["--all"], 2, "--out FOLDER"),
        (["turtle", "--all", "--out", "x"], 2, "leave the format"),
        (["--all", "--out", "/dev/null"], 5, "/dev/null"),
    ],
)
def test_what_export_refuses(run: Run, arguments: list[str], code: int, said: str) -> None:
    assert_refused(run("export", *arguments), code, said)


def test_export_alone_lists_the_formats(run: Run) -> None:
    assert "turtle" in run("export").out


def test_a_closed_pipe_is_no_error() -> None:
    with start("export", "ntriples") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().endswith(b" .\n")
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() in (0, 1)


# --- info, doctor, serve -------------------------------------------------------------------------------------------


def test_info(run: Run, kg: treatkg.Knowledge) -> None:
    done = run("info")
    triples = kg.select("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }").to_dicts()[0]["n"]
    assert done.code == 0
    assert re.search(rf"^ *{triples} triples$", done.out, re.MULTILINE)
    assert re.search(r"^sha256 [0-9a-f]{64}$", done.out, re.MULTILINE)
    assert "no medical advice" in done.out
    assert "CC BY 4.0" in done.out


def test_doctor(run: Run) -> None:
    done = run("doctor")
    assert done.code == 0
    assert "MISSING" not in done.out
    assert f"pyoxigraph {ox.__version__}" in done.out
    assert "7878" in done.out


def test_serve_answers_until_it_is_interrupted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with start("serve", "--port", str(port)) as process:
        address = f"http://127.0.0.1:{port}"
        while process.poll() is None:
            try:
                answer = httpx.get(f"{address}/sparql", params={"query": "ASK {}"})
                break
            except httpx.TransportError:
                time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, error = process.communicate()
    assert answer.json()["boolean"] is True
    assert f"triples at {address}".encode() in out
    assert b"no medical advice" in out
    assert b"Traceback" not in error
    assert process.returncode in (0, 130)


def test_serve_on_a_port_in_use(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert_refused(run("serve", "--port", str(port)), 5, str(port), "--port")


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_serve_on_no_port(run: Run, port: str) -> None:
    assert_refused(run("serve", "--port", port), 2, "--port")


# --- validate ------------------------------------------------------------------------------------------------------


@pytest.fixture
def curated(tmp_path: Path) -> Callable[[str, str], Path]:
    """Return a function that copies a curated file, with one text of it replaced by another."""

    def copy(old: str, new: str) -> Path:
        text = (resources.CURATED / "treatments" / "emollients.yaml").read_text(encoding="utf-8")
        assert old in text
        file = tmp_path / "treatments" / "emollients.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text.replace(old, new, 1), encoding="utf-8")
        return file

    return copy


def test_the_graph_is_valid(run: Run) -> None:
    done = run("validate", "--quiet")
    assert done.code == 0, done.out
    assert re.search(r"[1-9][0-9,]* triples, [1-9][0-9]* shapes, .*: 0 violations", done.out)


def test_a_good_curated_file_is_valid(run: Run, curated: Callable[[str, str], Path]) -> None:
    done = run("validate", str(curated("type: Treatment", "type: Treatment")))
    assert done.code == 0, done.out + done.err
    assert "0 violations" in done.out


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("modality:", "modalty:", 'unknown key "modalty"; did you mean "modality"'),
        ("EmollientModality", "EmolientModality", 'did you mean "EmollientModality"'),
        ("type: Treatment", "type: Treatmnt", 'no class "Treatmnt"; did you mean "Treatment"'),
        ("mesh:D004643", "mesh:4643", "not the form of a mesh identifier"),
        ("mesh:D004643", "meesh:D004643", 'did you mean "mesh"'),
        ("label: emollients", "label: emollients\nlabel: again", "stands twice"),
        ("type: Treatment", "type: Treatment\nvalidFrom: 2020-01-01", 'quote the date: "2020-01-01"'),
        ("type: Treatment", "type: Treatment\nvalidFrom: '2021-02-29'", "not a day of the calendar"),
        ("id: emollients\n", "id: moisturizers\n", "does not belong in emollients.yaml"),
        ("type: Treatment", "type: [Treatment", "not valid YAML"),
        ("source: source/", "source: source/nobody-", "no file defines"),
    ],
)
def test_a_broken_curated_file(run: Run, curated: Callable[[str, str], Path], old: str, new: str, said: str) -> None:
    file = curated(old, new)
    done = run("validate", str(file))
    assert_refused(done, 3, said)
    assert re.search(rf"{re.escape(str(file))}:[0-9]+: ", done.err)


def test_a_problem_names_its_line(run: Run, curated: Callable[[str, str], Path]) -> None:
    file = curated("modality:", "modalty:")
    lines = file.read_text(encoding="utf-8").splitlines()
    number = next(number for number, line in enumerate(lines, start=1) if line.startswith("modalty:"))
    assert f"{file}:{number}: unknown key" in run("validate", str(file)).err


def test_a_curated_file_that_breaks_a_shape(run: Run, curated: Callable[[str, str], Path]) -> None:
    done = run("validate", str(curated("modality: EmollientModality\n", "")))
    assert done.code == 1, done.out + done.err
    assert re.search(r"^Violation: .*\n  emollients ", done.out, re.MULTILINE)


@pytest.fixture
def violating(tmp_path: Path) -> str:
    file = tmp_path / "violating.ttl"
    file.write_text(VIOLATION, encoding="utf-8")
    return str(file)


def test_a_violation_as_text(run: Run, violating: str) -> None:
    done = run("validate", violating)
    assert done.code == 1
    assert re.search(r"^Violation: .+ \(1\)\n  x/indication/us-2020", done.out, re.MULTILINE)
    assert re.search(r": [1-9][0-9]* violations?,", done.out)


def test_a_violation_as_json(run: Run, violating: str) -> None:
    done = run("validate", violating, "--format", "json")
    findings = json.loads(done.out)
    assert done.code == 1
    assert {"severity", "message", "focus", "path", "check", "value"} == set(findings[0])
    assert {finding["focus"] for finding in findings} == {"x/indication/us-2020"}
    assert "Violation" in {finding["severity"] for finding in findings}


def test_a_violation_as_turtle(run: Run, violating: str) -> None:
    report = rdflib.Graph().parse(data=run("validate", violating, "-f", "turtle").out, format="turtle")
    found = set(report.objects(None, rdflib.SH.focusNode))
    assert found == {rdflib.URIRef(namespaces.expand("x/indication/us-2020"))}
    assert rdflib.Literal(lexical_or_value=False) in set(report.objects(None, rdflib.SH.conforms))


def test_several_files_are_one_report(run: Run, violating: str, tmp_path: Path) -> None:
    other = tmp_path / "other.ttl"
    other.write_text(VIOLATION.replace("<x/", "<y/"), encoding="utf-8")
    findings = json.loads(run("validate", violating, str(other), "-f", "json").out)
    assert {finding["focus"][0] for finding in findings} == {"x", "y"}


def test_a_violation_at_a_blank_node_is_found(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "blank.ttl"
    file.write_text("[] a <https://w3id.org/treatkg/ontology#Indication> .", encoding="utf-8")
    done = run("validate", str(file), "-f", "json")
    assert done.code == 1
    assert all(finding["focus"].startswith("_:") for finding in json.loads(done.out))


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("missing.ttl", None, 5),
        ("treatments/missing.yaml", None, 5),
        ("broken.ttl", "<a> <b> oops .", 3),
        ("text.txt", "hello", 3),
        ("bomb.rdf", "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/hostname'>]><x>&a;</x>", 3),
        ("remote.jsonld", '{"@context": "http://127.0.0.1:9/context", "@id": "http://a"}', 3),
    ],
)
def test_what_validate_cannot_read(run: Run, tmp_path: Path, name: str, content: str | None, code: int) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_text(content, encoding="utf-8")
    assert_refused(run("validate", str(file)), code, str(file))


def test_curated_files_are_checked_together(run: Run, tmp_path: Path) -> None:
    """A fact may rest on a source that stands in another of the files."""
    source = tmp_path / "sources" / "examplumab.yaml"
    recommendation = tmp_path / "guidelines" / "example.yaml"
    for file in (source, recommendation):
        file.parent.mkdir()
    source.write_text(
        """\
id: source/example-guideline
type: Source
label: "Example guideline"
title: "Example guideline"
sourceType: Guideline
publisher: "Example society"
date: "2024-01-01"
url: https://example.org/guideline
retrievedOn: "2026-11-21"
""",
        encoding="utf-8",
    )
    recommendation.write_text(
        """\
id: dupilumab/recommendation/example-guideline
treatment: dupilumab
type: Recommendation
label: "Example guideline: for dupilumab"
guideline: source/example-guideline
recommendationDirection: ForUse
recommendationStrength: UngradedRecommendation
disease: MONDO:0004980
evidence:
  - type: Evidence
    source: source/example-guideline
    locator: "page 1"
    finding: "Dupilumab is recommended."
    direction: Supports
    evidenceType: ECO:0006017
""",
        encoding="utf-8",
    )
    assert_refused(run("validate", str(recommendation)), 3, "source/example-guideline")
    done = run("validate", str(recommendation), str(source))
    assert (done.code, "0 violations" in done.out) == (0, True), done.out


# --- the command itself --------------------------------------------------------------------------------------------


def test_version(run: Run) -> None:
    assert run("--version").out == f"treatkg {treatkg.__version__}\n"


def test_help_names_every_command(run: Run) -> None:
    done = run("--help")
    for command in ("query", "sparql", "show", "build", "validate", "export", "info", "serve", "doctor"):
        assert re.search(rf"^ +{command}\b", done.out, re.MULTILINE)
    assert "no medical advice" in done.out


def test_an_unknown_command(run: Run) -> None:
    assert_refused(run("querry"), 2, "querry")


def test_debug_shows_a_traceback() -> None:
    with start("--debug", "show", "nothing at all") as process:
        _, error = process.communicate()
    assert process.returncode != 0
    assert b"Traceback (most recent call last)" in error
    assert b"UsageError" in error


@pytest.mark.parametrize(
    ("arguments", "slow"),
    [
        (["query"], {"rdflib", "pyshacl", "owlready2", "pandas", "SPARQLWrapper", "starlette", "uvicorn", "rich"}),
        ([*BLOCKERS, "-f", "csv"], {"rdflib", "pyshacl", "owlready2", "pandas", "SPARQLWrapper", "starlette"}),
        (["--version"], {"rdflib", "pyshacl", "owlready2", "pandas", "jinja2"}),
    ],
)
def test_a_command_imports_only_what_it_needs(arguments: list[str], slow: set[str]) -> None:
    command = [sys.executable, "-c", IMPORTS_AFTER, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    code, *modules = done.stderr.split()
    assert code in ("0", "None")
    assert done.stdout
    assert slow & set(modules) == set()
    assert "treatkg" in modules
