"""Stored queries as an API: every format by header, parameter or ending; arguments that do not fit are explained."""

from pathlib import Path
from typing import Any

import httpx
import pyoxigraph as ox
import pytest
from starlette.testclient import TestClient

import treatkg
from treatkg import namespaces, queries
from treatkg.errors import BadInputError
from treatkg.server.negotiation import GRAPHS, ROWS, Offer

BLOCKERS = "/queries/drugs-blocking-cytokine"
PROBLEM = {"Accept": "application/problem+json, */*;q=0.1"}
GRAPH = """#+ summary: "What are the labels of treatments?"
#+ params:
#+   treatment: {type: iri, class: Treatment, absent: any, example: "dupilumab"}
PREFIX tkg: <https://w3id.org/treatkg/ontology#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
CONSTRUCT { ?treatment rdfs:label ?label }
WHERE { VALUES ?treatment { UNDEF } ?treatment a tkg:Treatment ; rdfs:label ?label }
"""


def problem(client: TestClient, path: str, status: int = 400) -> dict[str, Any]:
    answer = client.get(path, headers=PROBLEM)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    said: dict[str, Any] = answer.json()
    assert said["status"] == status
    text = client.get(path, headers={"Accept": "text/csv"})
    assert text.status_code == status
    assert text.headers["content-type"].startswith("text/plain")
    assert text.text == said["detail"] + "\n"
    return said


@pytest.mark.parametrize("offer", ROWS, ids=lambda offer: offer.names[0])
def test_a_format_by_header_parameter_and_ending(client: TestClient, offer: Offer) -> None:
    asked = {"cytokine": "IL-13"}
    by_header = client.get(BLOCKERS, params=asked, headers={"Accept": offer.media_type})
    by_parameter = client.get(BLOCKERS, params={**asked, "format": offer.names[0]})
    by_ending = client.get(f"{BLOCKERS}.{offer.names[0]}", params=asked, headers={"Accept": "image/png"})
    assert by_header.status_code == 200
    assert by_header.content == by_parameter.content == by_ending.content
    for answer in (by_header, by_parameter, by_ending):
        assert answer.headers["content-type"] == offer.content_type
        assert answer.headers["etag"] == by_header.headers["etag"]
    again = client.get(
        f"{BLOCKERS}.{offer.names[0]}", params=asked, headers={"If-None-Match": by_ending.headers["etag"]}
    )
    assert again.status_code == 304


def test_a_page_by_ending(client: TestClient) -> None:
    page = client.get(f"{BLOCKERS}.html?cytokine=il13")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert f"{BLOCKERS}?cytokine=il13&amp;format=csv" in page.text
    assert '<option value="uniprot:P35225" selected>' in page.text


def test_an_ending_that_is_none(client: TestClient) -> None:
    assert ".json, .xml, .csv, .tsv, .html" in problem(client, f"{BLOCKERS}.pdf", 404)["detail"]
    assert "drugs-blocking-cytokine" in problem(client, "/queries/drugs-blocking-cytokin.csv", 404)["detail"]


@pytest.fixture
def graph_query(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    file = tmp_path / "labels" / "labels-of-treatments.rq"
    file.parent.mkdir()
    file.write_text(GRAPH, encoding="utf-8")
    monkeypatch.setattr(treatkg.resources, "QUERIES", tmp_path)
    return file.stem


@pytest.mark.parametrize("offer", GRAPHS, ids=lambda offer: offer.names[0])
def test_a_query_for_a_graph(client: TestClient, kg: treatkg.Knowledge, graph_query: str, offer: Offer) -> None:
    asked = {"treatment": "dupilumab"}
    answer = client.get(f"/queries/{graph_query}.{offer.names[0]}", params=asked)
    assert answer.headers["content-type"] == offer.content_type
    assert (
        client.get(f"/queries/{graph_query}", params=asked, headers={"Accept": offer.media_type}).content
        == answer.content
    )
    said = kg.sparql("CONSTRUCT { <dupilumab> rdfs:label ?l } WHERE { <dupilumab> rdfs:label ?l }")
    assert isinstance(said, list)
    assert {quad.triple for quad in ox.parse(answer.content, format=GRAPHS[offer])} == set(said) != set()


def test_a_query_for_a_graph_has_a_page_and_no_rows(client: TestClient, graph_query: str) -> None:
    page = client.get(f"/queries/{graph_query}", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "format=turtle" in page.text
    assert client.get(f"/queries/{graph_query}?format=csv").status_code == 406


# --- arguments -----------------------------------------------------------------------------------------------------


def test_an_unknown_parameter(client: TestClient) -> None:
    said = problem(client, f"{BLOCKERS}?cytokin=IL-13")
    assert said["parameter"] == "cytokin"
    assert said["allowed"] == list(queries.find("drugs-blocking-cytokine").params)
    assert 'did you mean "cytokine"' in said["detail"]


def test_a_parameter_given_twice(client: TestClient) -> None:
    assert problem(client, f"{BLOCKERS}?cytokine=IL-4&cytokine=IL-13")["parameter"] == "cytokine"


def test_a_missing_parameter(client: TestClient) -> None:
    said = problem(client, "/queries/options-for-patient")
    assert said["parameter"] == "ageMonths"
    assert "for example" in said["detail"]


def test_a_label_that_nothing_has(client: TestClient) -> None:
    said = problem(client, "/queries/licensed-biologics?jurisdiction=Atlantis")
    assert said["parameter"] == "jurisdiction"
    assert set(said["allowed"]) >= {"tkg:EU", "tkg:US"}
    assert "tkg:EU (European Union)" in said["detail"]
    near = problem(client, f"{BLOCKERS}?cytokine=interleukin-133")
    assert "Interleukin-13" in near["detail"]
    assert "uniprot:P35225" in near["allowed"]


def test_a_label_that_many_have(client: TestClient, kg: treatkg.Knowledge) -> None:
    said = problem(client, "/queries/contraindications?treatment=Zoryve")
    assert said["parameter"] == "treatment"
    assert len(said["allowed"]) > 1
    for candidate in said["allowed"]:
        assert candidate in said["detail"]
        assert kg.terms.resolve(candidate)


@pytest.mark.parametrize(
    ("query", "name", "value", "why"),
    [
        ("options-for-patient", "ageMonths", "1 OR 1=1", "whole number"),
        ("options-for-patient", "ageMonths", "１２", "whole number"),  # noqa: RUF001
        ("options-for-patient", "ageMonths", "1e2", "whole number"),
        ("options-for-patient", "ageMonths", "-1", "outside 0 to 1800"),
        ("options-for-patient", "ageMonths", "1801", "outside 0 to 1800"),
        ("age-ranges-by-jurisdiction", "belowAgeMonths", "9" * 5_000, "whole number"),
        ("dosing", "weightKg", "1e999", "outside 0 to 500"),
        ("dosing", "weightKg", "500.000000000000000000000000000001", "outside 0 to 500"),
        ("dosing", "weightKg", "NaN", "a number"),
        ("dosing", "weightKg", "1_0", "a number"),
        ("licensed-biologics", "asOf", "2021-02-29", "calendar"),
        ("licensed-biologics", "asOf", "20210201", "a date"),
        ("licensed-biologics", "asOf", "2021-02-01Z", "a date"),
        ("contraindications", "about", "http://a> . <b", "not an IRI"),
        ("contraindications", "about", "nope:1", "unknown prefix"),
        ("contraindications", "about", 'x" } UNION { ?s ?p ?o } #', "is called"),
        ("unmapped-treatments", "kind", "drugbonk", "drugbank"),
    ],
)
def test_a_value_that_does_not_fit(client: TestClient, query: str, name: str, value: str, why: str) -> None:
    needed = {p.name: p.example for p in queries.find(query).params.values() if p.absent == "required"}
    answer = client.get(f"/queries/{query}", params={**needed, name: value}, headers=PROBLEM)
    assert answer.status_code == 400
    said = answer.json()
    assert said["parameter"] == name
    assert why in said["detail"]
    assert len(said["detail"]) < 2000
    assert client.get("/queries/drugs-blocking-cytokine.csv").status_code == 200


@pytest.mark.parametrize(
    ("given", "bound"), [("70", "70"), ("1e-5", "0.00001"), ("5e-324", "0"), ("7E1", "70"), ("0.10", "0.1")]
)
def test_a_number_as_programs_write_it(kg: treatkg.Knowledge, given: str, bound: str) -> None:
    text = queries.find("dosing").bind({"weightKg": given}, kg.terms)
    assert f'"{bound}"^^<{namespaces.XSD}decimal>' in text


def test_a_reserved_name(tmp_path: Path) -> None:
    file = tmp_path / "topic" / "question.rq"
    file.parent.mkdir()
    file.write_text(
        '#+ summary: "?"\n#+ params:\n#+   format: {type: string}\nASK { VALUES ?format { UNDEF } }', encoding="utf-8"
    )
    with pytest.raises(BadInputError, match="choose another"):
        queries.read_query(file)


def test_an_unknown_query_for_a_browser(client: TestClient) -> None:
    page = client.get("/queries/<script>", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.status_code == 404
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "&lt;script&gt;" in page.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["/queries", BLOCKERS, f"{BLOCKERS}.csv", "/openapi.json", "/api"])
def test_other_methods_are_refused(client: TestClient, method: str, path: str) -> None:
    answer = client.request(method, path)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}


def test_the_default_graph_takes_no_value(client: TestClient) -> None:
    assert client.get("/rdf-graphs?default").status_code == 200
    answer = client.get("/rdf-graphs?default=x")
    assert answer.status_code == 400
    assert "no value" in answer.text


def test_a_page_shows_the_first_rows_and_says_how_many_there_are(client: TestClient, kg: treatkg.Knowledge) -> None:
    count = len(kg.query("facts-with-one-source"))
    assert count > 1000
    page = client.get("/queries/facts-with-one-source", headers={"Accept": "text/html"}).text
    assert f"The first 1000 of {count} rows." in page
    assert page.count("<tr>") == 1001
    assert len(client.get("/queries/facts-with-one-source.csv").text.splitlines()) == count + 1


def test_a_page_asks_as_a_client_does(server_url: str, client: TestClient) -> None:
    address = f"{BLOCKERS}?cytokine=il13"
    browser = {"Accept": "text/html"}
    apart = httpx.get(f"{server_url}{address}", headers=browser)
    assert apart.status_code == 200
    assert apart.text.count("<tr>") == client.get(address, headers=browser).text.count("<tr>") > 4
