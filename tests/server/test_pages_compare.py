"""The comparison over HTTP."""

import gzip
import re
import time

import pytest
from starlette.testclient import TestClient

TWO = "/compare?treatment=dupilumab&treatment=upadacitinib&asOf=2026-11-28"
FIVE = "/compare?" + "&".join(
    f"treatment={name}" for name in ("dupilumab", "upadacitinib", "abrocitinib", "baricitinib", "tralokinumab")
)


def test_a_picker_without_treatments(client: TestClient) -> None:
    page = client.get("/compare")
    assert page.status_code == 200
    assert 'name="treatment" value="dupilumab"' in page.text


def test_side_by_side(client: TestClient) -> None:
    page = client.get(TWO)
    assert page.status_code == 200
    for words in ("Licensed for", "Acts on", "Contraindications", "Checks before treatment", "Recommendations"):
        assert words in page.text
    assert 'class="differing"' in page.text
    assert "/id/dupilumab?asOf=2026-11-28" in page.text
    assert re.search(r'value="dupilumab" checked', page.text)


def test_only_what_differs(client: TestClient) -> None:
    every, some = client.get(TWO).text, client.get(f"{TWO}&only=differences").text
    assert some.count('<th scope="row">') < every.count('<th scope="row">')
    assert some.count('<tr class="differing">') == every.count('<tr class="differing">')


@pytest.mark.parametrize(
    "query",
    [
        "treatment=dupilumab",
        "treatment=dupilumab&treatment=%00",
        "treatment=a&treatment=" + "x" * 10_000,
        "treatment=%3Cb%3E",
    ],
)
def test_bad_input_is_explained(client: TestClient, query: str) -> None:
    page = client.get(f"/compare?{query}")
    assert page.status_code == 400
    assert 'role="alert"' in page.text
    assert "<b>" not in page.text
    assert client.get("/compare?asOf=x").status_code == 400


@pytest.mark.parametrize("path", [TWO, FIVE])
def test_light_and_quick(client: TestClient, path: str) -> None:
    client.get(path)
    took = []
    for _ in range(5):
        begin = time.process_time()
        page = client.get(path)
        took.append(time.process_time() - begin)
    assert min(took) < 0.3
    assert len(gzip.compress(page.content)) < 250_000


def test_the_queries_behind_it_are_there(client: TestClient) -> None:
    addresses = re.findall(r'href="(/queries/[^"]+)"', client.get(TWO).text)
    assert len(addresses) == 9
    for address in addresses:
        assert client.get(address.replace("&amp;", "&"), headers={"Accept": "text/csv"}).status_code == 200, address
