"""What became of the identifiers, asked of real endpoints that hold a slice: our own server, and Virtuoso."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest

from treatkg import endpoints, namespaces, resources, sparql_text
from treatkg.endpoints import Endpoint
from treatkg.linking.check import Finding, Identifiers, known_identifiers
from treatkg.linking.client import Client, Policy
from treatkg.linking.refresh import BATCH, Report, refresh

NOT_PUBLIC = Policy(timeout=20, attempts=1)


@pytest.fixture(scope="session")
def identifiers() -> Identifiers:
    return known_identifiers()


def asked(cache: Path, urls: dict[str, str], identifiers: Identifiers, *, online: bool = True) -> Report:
    chosen = endpoints.choose([f"{name}={url}" for name, url in urls.items()])
    whom = {name: chosen[name] for name in urls}
    return refresh(Client(cache, online=online, policy=NOT_PUBLIC), whom, identifiers)


def check_uniprot(report: Report) -> None:
    findings = {(f.severity, f.identifier, f.message) for f in report.findings}
    assert ("Violation", "uniprot:P23458", "uniprot says it is obsolete: uniprot:P24394") in findings
    assert ("Info", "uniprot:P24394", "uniprot also links it to hgnc:99999") in findings
    assert not [f for f in findings if f[1] == "uniprot:P24394" and "hgnc:6015" in f[2]], "that one is mapped"
    (renamed,) = [f for f in report.findings if f.severity == "Warning"]
    assert renamed.identifier == "uniprot:P35225"
    assert '"A new name for interleukin thirteen", here "' in renamed.message
    unknown = {f.identifier for f in report.findings if "does not know it" in f.message}
    assert "uniprot:O60674" in unknown
    assert not unknown & {"uniprot:P24394", "uniprot:P23458", "uniprot:P35225"}
    assert report.asked == report.answered


def check_wikidata(report: Report) -> None:
    findings = {(f.severity, f.identifier, f.message) for f in report.findings}
    assert ("Info", "DOID:3310", "wikidata also links it to wikidata:Q990000001") in findings
    assert ("Info", "unii:420K487FSG", "wikidata also links it to wikidata:Q990000004") in findings
    assert not report.violations
    assert not [f for f in report.findings if f.severity == "Warning"]


def test_our_own_server(tmp_path: Path, own_endpoints: dict[str, str], identifiers: Identifiers) -> None:
    check_uniprot(asked(tmp_path, {"uniprot": own_endpoints["uniprot"]}, identifiers))
    check_wikidata(asked(tmp_path, {"wikidata": own_endpoints["wikidata"]}, identifiers))


@pytest.mark.slow
def test_virtuoso(tmp_path: Path, virtuoso: str, identifiers: Identifiers) -> None:
    check_uniprot(asked(tmp_path, {"uniprot": virtuoso}, identifiers))
    check_wikidata(asked(tmp_path, {"wikidata": virtuoso}, identifiers))


def test_it_asks_in_batches_and_goes_on_from_the_cache(
    tmp_path: Path, own_endpoints: dict[str, str], identifiers: Identifiers
) -> None:
    chosen = {"uniprot": endpoints.choose([f"uniprot={own_endpoints['uniprot']}"])["uniprot"]}
    count = len(identifiers.by_prefix()["uniprot"])
    first = Client(tmp_path, online=True, policy=NOT_PUBLIC)
    report = refresh(first, chosen, identifiers)
    assert first.requests == -(-count // BATCH) > 1
    # As if it had been interrupted before the last batch.
    max(tmp_path.rglob("*.json")).unlink()
    again = Client(tmp_path, online=True, policy=NOT_PUBLIC)
    assert refresh(again, chosen, identifiers) == report
    assert again.requests == 1
    offline = Client(tmp_path, policy=NOT_PUBLIC)
    assert refresh(offline, chosen, identifiers) == report
    assert offline.requests == 0


def test_an_endpoint_that_fails_keeps_no_other_from_being_asked(
    tmp_path: Path, own_endpoints: dict[str, str], identifiers: Identifiers
) -> None:
    report = asked(
        tmp_path, {"wikidata": "http://127.0.0.1:9/sparql", "uniprot": own_endpoints["uniprot"]}, identifiers
    )
    assert set(report.failures) == {"wikidata diseases", "wikidata substances"}
    assert "uniprot proteins" in report.answered


@pytest.mark.parametrize("endpoint", endpoints.load().values(), ids=list(endpoints.load()))
def test_every_question_is_a_query_with_the_columns_that_are_read(endpoint: Endpoint) -> None:
    import rdflib.plugins.sparql

    assert endpoint.url.startswith("https://")
    for question in endpoint.questions:
        text = sparql_text.bind(question.text, {"id": [ox.Literal("x"), ox.NamedNode("http://x")]})
        answer = ox.Store().query(text)
        assert isinstance(answer, ox.QuerySolutions)
        assert [v.value for v in answer.variables] == ["id", "label", "obsolete", "replacedBy", "match"]
        rdflib.plugins.sparql.prepareQuery(text)


def test_the_terms_of_a_question_are_what_the_converter_knows() -> None:
    """An identifier that is sent as an IRI comes back as the same identifier."""
    from treatkg.linking import prefixes

    for endpoint in endpoints.load().values():
        for question in endpoint.questions:
            if question.term.startswith("<"):
                assert prefixes.curie(question.term.format("X1")[1:-1]) == f"{question.prefix}:X1"


# --- the command line ------------------------------------------------------------------------------------------------


def treatkg(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "treatkg", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONUTF8": "1"})


def test_offline_by_default(tmp_path: Path) -> None:
    done = treatkg("link", "refresh", "--cache", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "Add --online to ask" in done.stdout
    assert "0 requests" in done.stdout


def test_online_with_a_report_that_touches_nothing_else(tmp_path: Path, own_endpoints: dict[str, str]) -> None:
    before = {file: file.read_bytes() for file in (resources.ONTOLOGY / "mappings").iterdir()}
    out = tmp_path / "report.json"
    url = f"uniprot={own_endpoints['uniprot']}"
    done = treatkg(
        "link", "refresh", "--online", "--only", "uniprot", "--endpoint", url, "--cache", str(tmp_path), "-o", str(out)
    )
    assert done.returncode == 1, done.stderr
    assert "Violation: uniprot:P23458 uniprot says it is obsolete: uniprot:P24394" in done.stdout
    report = json.loads(out.read_text(encoding="utf-8"))
    assert Finding(**report["findings"][0]).severity == "Violation"
    assert {file: file.read_bytes() for file in (resources.ONTOLOGY / "mappings").iterdir()} == before


def test_an_endpoint_that_does_not_answer_is_exit_5(tmp_path: Path) -> None:
    arguments = ["--online", "--only", "mesh", "--endpoint", "mesh=http://127.0.0.1:9/", "--cache", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-c", f"{PATIENCE}; from treatkg.cli import app; app({['link', 'refresh', *arguments]!r})"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 5
    assert "did not answer" in done.stderr


# One attempt, so that the test need not wait as a person would.
PATIENCE = "import treatkg.linking.client as c; c.Policy.__init__.__defaults__ = (5.0, 1, 0.1, 10**6)"


@pytest.mark.parametrize("arguments", [["--only", "unprot"], ["--endpoint", "uniprot=nothing"]])
def test_wrong_use_is_exit_2(tmp_path: Path, arguments: list[str]) -> None:
    done = treatkg("link", "refresh", "--cache", str(tmp_path), *arguments)
    assert done.returncode == 2
    assert "uniprot" in done.stderr


def test_known_identifiers_come_from_graph_and_mappings(identifiers: Identifiers) -> None:
    assert "3310" in identifiers.by_prefix()["DOID"]
    assert namespaces.expand("DOID:3310") in identifiers.neighbours(namespaces.expand("MONDO:0004980"))
    assert "atopic dermatitis" in identifiers.all_names(namespaces.expand("DOID:3310"))
