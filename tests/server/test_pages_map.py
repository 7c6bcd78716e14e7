"""The maps over HTTP."""

import gzip
import time

import pytest
from starlette.testclient import TestClient


def test_the_matrix(client: TestClient) -> None:
    page = client.get("/map")
    assert page.status_code == 200
    assert "not blocked by a licensed treatment" in page.text
    assert 'href="/id/dupilumab/mechanism/' in page.text
    assert client.get("/map?asOf=2016-01-01").text.count("not licensed for the disease") > page.text.count(
        "not licensed for the disease"
    )
    assert client.get("/map?asOf=never").status_code == 400


def test_the_table_says_what_the_picture_says(client: TestClient) -> None:
    page = client.get("/map/neighbourhood?thing=IL-13")
    found = client.get("/map/neighbourhood.json?thing=IL-13").json()
    assert page.status_code == 200
    assert page.text.count("<tr>") - 1 == len(found["edges"])
    for node in found["nodes"][:5]:
        assert client.get(node["page"], headers={"Accept": "text/html"}).status_code == 200


def test_without_a_thing_it_asks_for_one(client: TestClient) -> None:
    assert client.get("/map/neighbourhood").status_code == 200
    assert client.get("/map/neighbourhood.json").status_code == 400


@pytest.mark.parametrize("thing", ["nothing at all", "x" * 10_000, "\x00", "<script>", "MONDO:9999999", "http://[x"])
def test_bad_input_is_explained(client: TestClient, thing: str) -> None:
    page = client.get("/map/neighbourhood", params={"thing": thing})
    assert page.status_code == 404
    assert 'role="alert"' in page.text
    assert "<script>" not in page.text
    assert client.get("/map/neighbourhood.json", params={"thing": thing}).status_code == 404
    assert client.get("/map/neighbourhood?thing=IL-13&thing=IL-4").status_code == 404


@pytest.mark.parametrize("path", ["/map", "/map/neighbourhood?thing=dupilumab", "/map/neighbourhood?thing=eczema"])
def test_light_and_quick(client: TestClient, path: str) -> None:
    client.get(path)
    took = []
    for _ in range(5):
        begin = time.process_time()
        page = client.get(path)
        took.append(time.process_time() - begin)
    assert min(took) < 0.15
    assert len(gzip.compress(page.content)) < 250_000
