"""The pages about treatments over HTTP: sections, pictures with tables, days, and what must not happen."""

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

import treatkg
from treatkg.server import create_app

SECTIONS = {
    "Indication": "licences",
    "RegulatoryEvent": "licences",
    "MechanismOfAction": "mechanism",
    "PotencyMeasurement": "mechanism",
    "Contraindication": "safety",
    "BoxedWarning": "boxed",
    "UseRestriction": "restrictions",
    "Screening": "checks",
    "Monitoring": "checks",
    "Recommendation": "recommendations",
    "AdverseReaction": "reactions",
    "TrialResult": "trials",
    "DoseRegimen": "dosing",
    "DrugInteraction": "interactions",
    "ReproductiveSafety": "pregnancy",
    "Warning": "warnings",
    "Precaution": "warnings",
    "ComparativeResult": "comparisons",
    "TreatmentEffect": "effects",
    "ReportedUse": "use",
    "DevelopmentStatus": "development",
    "PotencyRating": "potency",
    "DefinitionStatement": "statements",
    "ClassStatement": "statements",
    "SourceStatement": "statements",
    "NameStatement": "names",
    "LabelCheck": "label-checks",
}
LIMIT = 250_000
HIDDEN = ("script", "style", "title")


class Page(HTMLParser):
    """What a page holds: ids, headings, links, the text that people read, and what is in its figures."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.headings: list[int] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.figures: list[list[str]] = []
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        given = {name: value or "" for name, value in attrs}
        self.attributes |= given.keys()
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if tag == "a" else []
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "figure":
            self.figures.append([])
        if tag in ("svg", "table") and "figure" in self.open:
            assert tag == "table" or given["role"] == "img"
            self.figures[-1].append(tag)
        if tag not in ("meta", "link", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element without content."""
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Keep the words that people read."""
        if not self.open or self.open[-1] not in HIDDEN:
            self.words.append(data)


def all_treatments() -> list[str]:
    return [str(row[0]) for row in treatkg.open().select("SELECT ?t WHERE { ?t a tkg:Treatment } ORDER BY ?t")]


@pytest.mark.parametrize("name", all_treatments())
def test_every_treatment_has_its_sections(client: TestClient, kg: treatkg.Knowledge, name: str) -> None:
    answer = client.get(f"/page/{name}")
    assert answer.status_code == 200
    assert len(gzip.compress(answer.content, 5)) < LIMIT
    page = Page(answer.text)
    classes = kg.select(
        f"""SELECT DISTINCT ?class WHERE {{
          {{ ?fact tkg:treatment <{name}> }} UNION {{ <{name}> tkg:subjectTo ?fact }}
          UNION {{ <{name}> tkg:activeSubstance/^tkg:treatment ?fact }}
          ?fact a ?class . FILTER(?class NOT IN (tkg:Fact, tkg:TreatmentFact)) }}"""
    )
    wanted = {SECTIONS[str(cls).removeprefix("tkg:")] for (cls,) in classes}
    assert wanted <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    missing = {href[1:] for href in page.links if href.startswith("#")} - set(page.ids)
    assert not missing


@pytest.mark.parametrize("name", all_treatments())
def test_every_picture_has_its_table(client: TestClient, name: str) -> None:
    page = Page(client.get(f"/page/{name}").text)
    for figure in page.figures:
        assert "table" in figure
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    assert "style" not in page.attributes  # the content security policy forbids it


@pytest.mark.parametrize("name", all_treatments())
def test_no_bare_iri_is_shown(client: TestClient, name: str) -> None:
    words = " ".join(Page(client.get(f"/page/{name}").text).words).replace(f"https://w3id.org/treatkg/id/{name}", "")
    assert not re.findall(r"https?://\S*|\b(?:tkg|MONDO|HP|GO|CL|uniprot|UCUM):\w+", words)


def test_evidence_opens_with_a_link_to_the_passage(client: TestClient) -> None:
    page = Page(client.get("/page/upadacitinib").text)
    passages = [href for href in page.links if ":~:text=" in href]
    assert "https://docslib.org/doc/919855/prescribing-information#:~:text=CONTRAINDICATIONS" in passages
    assert all(href.startswith(("http://", "https://", "/", "#")) for href in page.links)


def test_a_day_in_the_past(client: TestClient) -> None:
    then = client.get("/page/dupilumab?asOf=2019-03-10").text
    assert 'value="2019-03-10"' in then
    assert "not yet in force" in then
    assert "Back to today" in then
    now = client.get("/page/dupilumab").text
    assert "not yet in force" not in now
    (before,) = re.findall(r"Licensed for atopic dermatitis</h2>(.*?)</section>", then, re.DOTALL)
    (after,) = re.findall(r"Licensed for atopic dermatitis</h2>(.*?)</section>", now, re.DOTALL)
    assert before.count("chip yes") == 4
    assert after.count("chip yes") == 6


@pytest.mark.parametrize("path", ["/page/dupilumab", "/treatments"])
@pytest.mark.parametrize(
    "query",
    [
        "asOf=soon",
        "asOf=2023-02-30",
        "asOf=2020-01-01&asOf=2021-01-01",
        "asOf=%00",
        "asOf=" + "9" * 10_000,
        "asOf=%3Cb%3E",
    ],
)
def test_a_bad_day(client: TestClient, path: str, query: str) -> None:
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 400
    assert "asOf" in answer.text
    assert len(answer.text) < 1000


@pytest.mark.parametrize("day", ["0001-01-01", "1900-02-28", "9999-12-31"])
def test_a_day_far_away(client: TestClient, day: str) -> None:
    for path in ("/page/dupilumab", "/page/bathing", "/treatments"):
        assert client.get(f"{path}?asOf={day}").status_code == 200


@pytest.mark.parametrize("local", ["nothing", "x" * 10_000, "a%20b", "%3Cscript%3E", "%00"])
def test_no_such_treatment(client: TestClient, local: str) -> None:
    answer = client.get(f"/page/{local}")
    assert answer.status_code == 404
    assert "<script>" not in answer.text


def test_what_is_no_treatment_has_another_page(client: TestClient) -> None:
    assert "Licensed for atopic dermatitis" not in client.get("/page/source/oetjen-2017").text


def test_text_of_the_graph_is_no_markup(tmp_path: Path) -> None:
    mischief = '<script>alert(1)</script>\\" onload=\\"x'
    file = tmp_path / "graph.ttl"
    file.write_text(
        f"""@prefix tkg: <https://w3id.org/treatkg/ontology#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        @prefix prov: <http://www.w3.org/ns/prov#> . @prefix dcterms: <http://purl.org/dc/terms/> .
        @prefix schema: <https://schema.org/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        @base <https://w3id.org/treatkg/id/> .
        <evil> a tkg:Treatment ; rdfs:label "{mischief}"@en .
        <evil/adverse-reaction/x> a tkg:AdverseReaction, tkg:Fact ; rdfs:label "{mischief}"@en ; tkg:treatment <evil> ;
          tkg:effect <harm> ; tkg:percent 12.5 ; tkg:comparatorPercent 0.0 ; tkg:exposure "{mischief}"@en ;
          tkg:evidence <e> .
        <harm> rdfs:label "{mischief}"@en .
        <e> prov:wasDerivedFrom <source/s> ; tkg:locator "{mischief}" ; tkg:finding "{mischief}" ;
          tkg:anchorText "{mischief}" ; tkg:evidenceDirection tkg:Supports .
        <source/s> dcterms:title "{mischief}" ; dcterms:date "2020-01-01"^^xsd:date ; schema:url "javascript:alert(1)" .
        """,
        encoding="utf-8",
    )
    answer = TestClient(create_app(treatkg.open(file))).get("/page/evil")
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "javascript:" not in answer.text
    assert "onload" not in Page(answer.text).attributes
    assert "&lt;script&gt;alert(1)" in answer.text


@pytest.mark.parametrize("day", ["2016-12-31", "2022-06-01", "2026-11-28"])
def test_the_list_of_treatments(client: TestClient, kg: treatkg.Knowledge, day: str) -> None:
    answer = client.get(f"/treatments?asOf={day}")
    assert answer.status_code == 200
    page = Page(answer.text)
    hrefs = [href.partition("?")[0] for href in page.links]
    assert [f"/page/{name}" for name in all_treatments()] == sorted(href for href in hrefs if href.startswith("/page/"))
    pairs = kg.select(
        f"""SELECT DISTINCT ?treatment ?place WHERE {{ ?fact a tkg:Indication ; tkg:treatment ?treatment ;
          tkg:jurisdiction ?place ; tkg:disease MONDO:0004980 ; tkg:validFrom ?from . ?treatment a tkg:Treatment .
          MINUS {{ ?fact tkg:validUntil ?until . FILTER(?until <= "{day}"^^xsd:date) }}
          FILTER(?from <= "{day}"^^xsd:date) }}"""
    )
    assert answer.text.count('class="chip yes"') == len(pairs)
    assert f"asOf={quote(day)}" in answer.text or day == "2026-11-28"


def test_the_page_that_is_open_is_marked(client: TestClient) -> None:
    page = client.get("/treatments").text
    assert page.count("aria-current") == 1
    assert '<a href="/treatments" aria-current="page">' in page
    assert page.index('<a class="skip" href="#content">') < page.index("<header>") < page.index('<main id="content"')


def test_the_form_of_a_day_keeps_the_other_parameters(client: TestClient) -> None:
    page = client.get("/treatments?asOf=2020-01-01&x=%22%3Cb%3E").text
    assert '<input type="hidden" name="x" value="&#34;&lt;b&gt;">' in page
    assert 'href="/treatments?x=%22%3Cb%3E">Back to today' in page
    assert page.count('name="asOf"') == 1
