"""The pages about ontology, lists and shapes, served."""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin

import pytest
from starlette.testclient import TestClient

from treatkg import resources
from treatkg.server.pages import docs


@pytest.fixture(scope="module")
def index(client: TestClient) -> str:
    answer = client.get("/docs")
    assert (answer.status_code, answer.url.path) == (200, "/docs/index.html")
    return str(answer.text)


def test_every_file_of_shapes_has_a_page(client: TestClient, index: str) -> None:
    links = re.findall(r'href="(shapes/[^"]+)"', index)
    assert len(links) == len(list(resources.SHAPES.glob("*.ttl")))
    assert [link for link in links if client.get(f"/docs/{link}").status_code != 200] == []


@pytest.mark.parametrize("name", ["index.html", "ontology.html", "vocabulary.html", "shapes/contraindication.html"])
def test_pages_need_no_exception_from_the_policy(client: TestClient, name: str) -> None:
    page = client.get(f"/docs/{name}")
    assert (page.status_code, "unsafe" in page.headers["content-security-policy"]) == (200, False)
    assert re.findall(r"<style|<script|\sstyle=|\son\w+=", page.text) == []
    assert '<a class="brand" href="/">' in page.text
    for address in re.findall(r'<link rel="[^"]+" href="([^"]+)"', page.text):
        assert client.get(urljoin(f"/docs/{name}", address)).status_code == 200, address


def test_the_ontology_says_what_its_terms_mean(client: TestClient) -> None:
    page = client.get("/docs/ontology.html").text
    assert "https://w3id.org/treatkg/ontology#Contraindication" in page
    assert 'href="#classes"' in page
    assert 'id="classes"' in page


@pytest.mark.parametrize(
    "name", ["nothing.html", "shapes/", "../style.css", "%00", "x" * 10_000, "shapes/../index.html"]
)
def test_other_names_are_not_found(client: TestClient, name: str) -> None:
    answer = client.get(f"/docs/{name}")
    assert answer.status_code == 404 or answer.url.path in ("/docs/index.html", "/style.css")


def test_without_pylode_the_others_are_still_there(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., Any] = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:  # noqa: ANN401 (as __import__)
        if name == "pylode":
            raise ImportError(name)
        return real(name, *rest, **more)

    docs.ontology_page.cache_clear()
    monkeypatch.setattr(builtins, "__import__", without)
    refused = client.get("/docs/ontology.html")
    assert (refused.status_code, "pip install" in refused.text) == (503, True)
    assert client.get("/docs/index.html").status_code == 200
