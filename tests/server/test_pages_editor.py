"""The page of the query editor and what it completes from."""

from __future__ import annotations

import html
import json
import re

import pytest
from starlette.testclient import TestClient

import treatkg
from treatkg import namespaces, queries


def query_of(page: str) -> str:
    (text,) = re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    return html.unescape(text)


def test_the_example_is_answered(client: TestClient, kg: treatkg.Knowledge) -> None:
    text = query_of(client.get("/editor").text)
    answer = client.post("/sparql", data={"query": text, "format": "csv"})
    assert len(answer.text.splitlines()) == 1 + len(kg.select(text))
    assert ",Dupilumab" in answer.text or ",dupilumab" in answer.text


def test_a_stored_query_comes_with_its_parameters(client: TestClient, kg: treatkg.Knowledge) -> None:
    page = client.get("/editor", params={"stored": "drugs-blocking-cytokine", "cytokine": "IL-13"})
    text = query_of(page.text)
    assert "VALUES ?cytokine { <http://purl.uniprot.org/uniprot/P35225> }" in text
    assert "#+" not in text
    assert len(kg.select(text)) == len(kg.query("drugs-blocking-cytokine", cytokine="IL-13"))
    assert 'value="IL-13"' in page.text


@pytest.mark.parametrize("name", [q.name for q in queries.catalogue().values() if not q.online and not q.loaded])
def test_every_stored_query_opens_and_is_listed(client: TestClient, name: str) -> None:
    page = client.get("/editor", params={"stored": name})
    assert page.status_code == 200
    assert f'href="/editor?stored={name}" aria-current="true"' in page.text
    assert "WHERE" in query_of(page.text)


def test_the_page_of_a_stored_query_leads_to_it_with_its_parameters(client: TestClient) -> None:
    address = "/queries/drugs-blocking-cytokine?cytokine=IL-13&format=html"
    (link,) = re.findall(r'href="(/editor[^"]*stored[^"]*)"', client.get(address, headers={"Accept": "text/html"}).text)
    assert html.unescape(link) == "/editor?stored=drugs-blocking-cytokine&cytokine=IL-13"


def test_queries_that_ask_others_are_not_offered(client: TestClient) -> None:
    page = client.get("/editor").text
    others = [q.name for q in queries.catalogue().values() if q.online or q.loaded]
    assert others
    assert [name for name in others if f"stored={name}" in page] == []


@pytest.mark.parametrize(
    ("parameters", "status", "reason"),
    [
        ([("stored", "nothing-of-the-kind")], 404, "no stored query"),
        ([("stored", "x" * 10_000)], 404, "no stored query"),
        ([("stored", "\x00\x1b[31m")], 404, "no stored query"),
        ([("stored", "licensed-biologics"), ("stored", "drug-targets")], 404, "more than one"),
        ([("stored", "licensed-biologics"), ("asOf", "tomorrow")], 400, "is not a date"),
        ([("stored", "licensed-biologics"), ("asOf", "2023-01-01"), ("asOf", "2024-01-01")], 400, "takes one value"),
        ([("stored", "drugs-blocking-cytokine"), ("cytokin", "IL-13")], 400, "did you mean"),
        ([("stored", "drugs-blocking-cytokine"), ("cytokine", "<script>alert(1)</script>")], 400, "&lt;script&gt;"),
    ],
)
def test_bad_input_is_refused_with_a_reason(
    client: TestClient, parameters: list[tuple[str, str]], status: int, reason: str
) -> None:
    page = client.get("/editor", params=parameters)
    assert (page.status_code, "<script>alert" in page.text) == (status, False)
    (said,) = re.findall(r'role="alert">(.*?)</p>', page.text, re.DOTALL)
    assert reason in said


def test_terms_are_those_in_use_the_most_used_first(client: TestClient, kg: treatkg.Knowledge) -> None:
    answer = client.get("/editor/terms.json").json()
    assert answer["prefixes"] == namespaces.prefixes()
    classes = kg.select("SELECT ?c (COUNT(?s) AS ?n) WHERE { ?s a ?c } GROUP BY ?c")
    properties = kg.select("SELECT ?p (COUNT(*) AS ?n) WHERE { ?s ?p ?o } GROUP BY ?p")
    assert {namespaces.shorten(iri): n for iri, _, n in answer["classes"]} == {str(c): int(str(n)) for c, n in classes}
    assert {namespaces.shorten(iri): n for iri, _, n in answer["properties"]} == {
        str(p): int(str(n)) for p, n in properties
    }
    assert ["https://w3id.org/treatkg/ontology#Indication", "indication"] in [term[:2] for term in answer["classes"]]
    counts = [count for _, _, count in answer["classes"]]
    assert counts == sorted(counts, reverse=True)


def test_the_page_is_small_and_asks_no_other_host(client: TestClient) -> None:
    page = client.get("/editor")
    assert page.headers["content-security-policy"].startswith("default-src 'self'; ")
    assert "unsafe" not in page.headers["content-security-policy"]
    loaded = re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=\"([^\"]*)", page.text)
    assert loaded
    assert [address for address in loaded if not address.startswith("/static/")] == []
    assert re.findall(r"<script(?![^>]*src=)|\sstyle=|\son\w+=", page.text) == []
    assert len(json.dumps(client.get("/editor/terms.json").json())) < 60_000
