"""Pages about targets, diseases and sources over HTTP."""

import gzip
import re
import time
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

IL13 = "/describe?iri=" + quote("http://purl.uniprot.org/uniprot/P35225", safe="")
ECZEMA = "/describe?iri=" + quote("http://purl.obolibrary.org/obo/MONDO_0004980", safe="")
TUBERCULOSIS = "/describe?iri=" + quote("http://purl.obolibrary.org/obo/MONDO_0018076", safe="")
LEAFLET = "/page/source/olumiant-pil-eu"
AS_PEOPLE = {"Accept": "text/html"}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (IL13, ("Interleukin-13", "Treatments that block its signalling", "T-helper 2 cell", "dupilumab")),
        (ECZEMA, ("atopic dermatitis", "eczema", "Licensed treatments", "What is known of it")),
        (TUBERCULOSIS, ("Treatments that it bars", "Looked for before or during treatment")),
        (LEAFLET, ("What rests on it", "baricitinib", "prescribing information")),
    ],
)
def test_a_page_of_its_own(client: TestClient, path: str, words: tuple[str, ...]) -> None:
    page = client.get(path, headers=AS_PEOPLE)
    assert page.status_code == 200
    assert all(word in page.text for word in words), [word for word in words if word not in page.text]
    assert page.text.count("<h1") == 1
    assert "style=" not in page.text
    assert "<script>" not in page.text


@pytest.mark.parametrize("path", [IL13, ECZEMA, LEAFLET])
def test_its_links_lead_somewhere(client: TestClient, path: str) -> None:
    page = client.get(path, headers=AS_PEOPLE)
    main = page.text.split("<main")[1]
    links = sorted(set(re.findall(r'href="(/(?:id|describe|queries)[^"]+)"', main)))
    assert len(links) > 8
    for link in links[:: max(1, len(links) // 12)]:
        assert client.get(link.replace("&amp;", "&"), headers=AS_PEOPLE).status_code == 200, link


def test_a_day_changes_the_licences_and_stays_in_the_links(client: TestClient) -> None:
    then = client.get(f"{ECZEMA}&asOf=2018-01-01", headers=AS_PEOPLE).text
    assert "/id/dupilumab?asOf=2018-01-01" in then
    assert "/id/upadacitinib?asOf" not in then
    assert client.get(f"{ECZEMA}&asOf=soon", headers=AS_PEOPLE).status_code == 400


def test_the_data_are_still_there(client: TestClient) -> None:
    assert client.get(IL13, headers={"Accept": "text/turtle"}).headers["content-type"].startswith("text/turtle")


@pytest.mark.parametrize("path", [IL13, ECZEMA, TUBERCULOSIS, LEAFLET])
def test_light_and_quick(client: TestClient, path: str) -> None:
    client.get(path, headers=AS_PEOPLE)
    took = []
    for _ in range(5):
        begin = time.process_time()
        page = client.get(path, headers=AS_PEOPLE)
        took.append(time.process_time() - begin)
    assert min(took) < 0.2
    assert len(gzip.compress(page.content)) < 250_000
