"""Pages about the ontology and the shapes: everything stands there, and no page asks another host."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import rdflib
from rdflib.namespace import OWL, RDF, RDFS, SH

from treatkg import resources

TKG = "https://w3id.org/treatkg/ontology#"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("new") / "site"
    done = write_pages(folder)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


def write_pages(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "treatkg", "docs", "--out", str(folder)]
    return subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False)


def text(page: Path) -> str:
    return html.unescape(page.read_text(encoding="utf-8"))


def test_each_file_of_shapes_has_a_page_with_every_message(site: Path) -> None:
    files = sorted(resources.SHAPES.glob("*.ttl"))
    assert {page.stem for page in (site / "shapes").glob("*.html")} == {file.stem for file in files}
    for file in files:
        page = text(site / "shapes" / f"{file.stem}.html")
        for message in rdflib.Graph().parse(file).objects(None, SH.message):
            assert str(message) in page, file.stem


def test_a_page_says_where_the_shapes_look_and_what_they_demand(site: Path) -> None:
    page = text(site / "shapes" / "contraindication.html")
    assert "every tkg:Contraindication" in page
    assert "<dt>minCount</dt><dd><code>1</code></dd>" in page
    assert "One of them lost turns it into a contraindication of psoriasis." in page


def test_the_index_leads_to_every_page(site: Path) -> None:
    links = re.findall(r'href="([^"#]+)"', text(site / "index.html"))
    assert {link for link in links if link.startswith("shapes/")} == {
        f"shapes/{page.name}" for page in (site / "shapes").iterdir()
    }
    assert [link for link in links if not (site / link).exists()] == []


@pytest.mark.parametrize(
    ("page", "file", "kinds"),
    [
        ("ontology.html", "treatkg.ttl", (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty)),
        ("vocabulary.html", "vocabulary.ttl", (OWL.NamedIndividual,)),
    ],
)
def test_every_term_has_its_place(site: Path, page: str, file: str, kinds: tuple[rdflib.URIRef, ...]) -> None:
    shown, ontology = text(site / page), rdflib.Graph().parse(resources.ONTOLOGY / file)
    terms = {str(term) for kind in kinds for term in ontology.subjects(RDF.type, kind) if str(term).startswith(TKG)}
    assert len(terms) > 100
    assert [term for term in sorted(terms) if term.removeprefix(TKG) not in shown] == []
    assert [term for term in sorted(terms) if str(ontology.value(rdflib.URIRef(term), RDFS.label)) not in shown] == []


def test_defined_classes_say_in_words_what_defines_them(site: Path) -> None:
    assert re.search(
        r"Members are found by reasoning: .*blocks signalling of Interleukin-13", text(site / "ontology.html")
    )


@pytest.mark.parametrize("name", ["index.html", "ontology.html", "vocabulary.html", "shapes/fact.html"])
def test_no_page_asks_another_host(site: Path, name: str) -> None:
    page = (site / name).read_text(encoding="utf-8")
    loaded = re.findall(r"<(?:script|img|iframe)[^>]+src=\"([^\"]+)|<link[^>]+href=\"([^\"]+)|@import|url\(http", page)
    assert [each for pair in loaded for each in pair if each.startswith(("http", "//"))] == []


def test_pages_that_cannot_be_written_are_refused() -> None:
    refused = write_pages(Path("/dev/null"))
    assert (refused.returncode, "Traceback" in refused.stderr) == (5, False)
