"""The query editor in a real browser."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from playwright.sync_api import Page

import treatkg
from treatkg.server import vendor

if TYPE_CHECKING:
    from tests.browser.conftest import Watch

pytestmark = pytest.mark.slow

DRUGS = "SELECT ?drug ?label WHERE { ?drug tkg:indicatedFor MONDO:0004980 ; rdfs:label ?label } ORDER BY ?label"
# Every kind of quote, and what quoting in shell, Python and R is broken by.
NASTY = """# a "quoted" comment, 100 % of it: \\ ' $HOME `id`
PREFIX x: <https://w3id.org/treatkg/ontology#>
SELECT ?drug WHERE {
  ?drug x:indicatedFor MONDO:0004980 .
  FILTER(STR(?drug) != "it's \\"so\\" \\\\ $HOME" && STR(?drug) != \"\"\"a 'b' é\"\"\")
}
ORDER BY ?drug
"""


@pytest.fixture
def editor(watch: Watch) -> Page:
    if not vendor.address("yasqe.min.js"):
        pytest.skip("the editor was not built: `make frontend` brings it from npm")
    return ready(watch.open("/editor"))


def ready(page: Page) -> Page:
    page.wait_for_selector("html[data-editor=ready]")
    return page


def write(page: Page, query: str) -> None:
    page.locator(".CodeMirror").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(query)


def written(page: Page) -> str:
    value: str = page.evaluate("document.querySelector('.CodeMirror').CodeMirror.getValue()")
    return value


def answered(page: Page) -> list[list[str]]:
    page.get_by_role("button", name="Run").click()
    page.wait_for_selector("#answer table")
    rows: list[list[str]] = page.evaluate(
        "[...document.querySelectorAll('#answer tbody tr')].map((r) => [...r.cells].map((cell) => cell.textContent))"
    )
    return rows


def test_rows_are_those_of_the_graph(editor: Page, kg: treatkg.Knowledge) -> None:
    write(editor, DRUGS)
    expected = [[str(label)] for _, label in kg.select(DRUGS)]
    rows = answered(editor)
    assert len(rows) > 20
    assert [[label] for _, label in rows] == expected
    assert editor.locator("#answer a").first.get_attribute("href") == f"/id/{rows[0][0]}"


def test_control_enter_runs(editor: Page) -> None:
    write(editor, "ASK { dupilumab: a tkg:Treatment }".replace("dupilumab:", "<https://w3id.org/treatkg/id/dupilumab>"))
    editor.keyboard.press("Control+Enter")
    editor.wait_for_selector("#answer .truth")
    assert editor.locator("#answer").inner_text() == "Yes."


def test_markup_in_an_answer_is_text(editor: Page) -> None:
    markup = "<img src=x onerror=document.title=1><b>bold</b>"
    write(editor, f'SELECT ("{markup}" AS ?text) (IRI("javascript:alert(1)") AS ?iri) {{}}')
    assert answered(editor) == [[markup, "javascript:alert(1)"]]
    assert editor.locator("#answer img, #answer b").count() == 0
    assert editor.locator("#answer a").get_attribute("href") == "/describe?iri=javascript%3Aalert(1)"


def test_a_graph_is_shown_as_turtle(editor: Page) -> None:
    write(editor, "CONSTRUCT { ?s a ?c } WHERE { VALUES ?s { <https://w3id.org/treatkg/id/dupilumab> } ?s a ?c }")
    editor.get_by_role("button", name="Run").click()
    editor.wait_for_selector("#answer pre")
    assert "Biologic" in editor.locator("#answer pre").inner_text()


def test_what_the_endpoint_refuses_is_said(editor: Page, watch: Watch) -> None:
    watch.allowed = ("400 (Bad Request)",)
    write(editor, "SELECT ?x WHERE { ?x nowhere:at ?y }")
    editor.get_by_role("button", name="Run").click()
    assert "nowhere" in editor.locator("#answer [role=alert]").inner_text()


def test_a_link_opens_the_same_query_and_reaches_no_log(editor: Page, watch: Watch) -> None:
    editor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    write(editor, NASTY)
    editor.get_by_role("button", name="Copy link").click()
    editor.wait_for_function("document.getElementById('said').textContent === 'Link copied.'")
    link = editor.evaluate("navigator.clipboard.readText()")
    other = ready(watch.open(link))
    assert written(other) == NASTY
    assert len(answered(other)) > 20
    assert [url for url in watch.asked if "indicatedFor" in unquote(url.partition("#")[0])] == []


def test_the_address_keeps_the_query_that_ran(editor: Page) -> None:
    write(editor, DRUGS)
    rows = answered(editor)
    editor.reload()
    assert written(ready(editor)) == DRUGS
    assert answered(editor) == rows


@pytest.mark.parametrize(
    ("language", "program"),
    [("curl", ["sh", "-e"]), ("wrapper", [sys.executable]), ("treatkg", [sys.executable]), ("r", ["Rscript"])],
)
def test_the_code_for_elsewhere_runs(
    editor: Page, kg: treatkg.Knowledge, tmp_path: Path, language: str, program: list[str]
) -> None:
    needed = {"curl": "curl", "r": "Rscript"}.get(language, sys.executable)
    if shutil.which(needed) is None:
        pytest.skip(f"{needed} is not installed")
    write(editor, NASTY)
    editor.get_by_text("Copy as curl, Python or R").click()
    editor.get_by_label("Language").select_option(language)
    file = tmp_path / "code"
    file.write_text(editor.locator("#code").inner_text() + "\n", encoding="utf-8")
    done = subprocess.run([*program, str(file)], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    expected = [str(drug).rpartition("/")[2] for (drug,) in kg.select(NASTY)]
    assert len(expected) > 20
    shown = expected[:6] if language == "r" else expected  # head()
    assert [drug for drug in shown if not re.search(rf"\b{re.escape(drug)}\b", done.stdout)] == []


@pytest.mark.parametrize(
    ("typed", "name"), [("tkg:Indic", "tkg:Indication"), ("ind", "tkg:Indication"), ("boxed", "tkg:BoxedWarning")]
)
def test_classes_are_completed_by_name_or_label(editor: Page, typed: str, name: str) -> None:
    write(editor, "PREFIX tkg: <https://w3id.org/treatkg/ontology#>\nSELECT * WHERE { ?x a ")
    editor.keyboard.type(typed)
    editor.keyboard.press("Control+Space")
    hint = editor.locator("li.CodeMirror-hint").first
    hint.wait_for()
    assert hint.inner_text().startswith(f"{name} ")
    editor.keyboard.press("Enter")
    assert written(editor).endswith(f"?x a {name}")


def test_completed_properties_bring_their_prefix(editor: Page) -> None:
    write(editor, "SELECT * WHERE { ?x ")
    editor.keyboard.type("indicat")
    editor.keyboard.press("Control+Space")
    editor.locator("li.CodeMirror-hint", has_text=re.compile("^tkg:indicatedFor ")).click()
    assert written(editor).startswith("PREFIX tkg: <https://w3id.org/treatkg/ontology#>")
    assert written(editor).endswith("?x tkg:indicatedFor")


def test_csv_is_downloaded(editor: Page, kg: treatkg.Knowledge) -> None:
    write(editor, DRUGS)
    with editor.expect_download() as download:
        editor.get_by_role("button", name="Download").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert lines[0] == "drug,label"
    assert len(lines) == 1 + len(kg.select(DRUGS))


def test_a_stored_query_is_put_into_the_editor_with_its_parameters(editor: Page, kg: treatkg.Knowledge) -> None:
    editor.get_by_label("Filter").fill("block the signalling of a cytokine")
    editor.get_by_role("link", name="Which drugs block the signalling of a cytokine").click()
    editor.get_by_label("cytokine", exact=True).fill("IL-13")
    editor.get_by_role("button", name="Put into the query").click()
    editor.wait_for_url("**cytokine=IL-13*")
    assert "VALUES ?cytokine { <http://purl.uniprot.org/uniprot/P35225> }" in written(ready(editor))
    assert len(answered(editor)) == len(kg.query("drugs-blocking-cytokine", cytokine="IL-13"))
    editor.reload()
    assert editor.get_by_label("cytokine", exact=True).input_value() == "IL-13"


def test_the_form_works_without_scripts(watch: Watch, kg: treatkg.Knowledge) -> None:
    page = watch.open("/editor", java_script_enabled=False)
    assert not page.get_by_role("button", name="Run").is_visible()
    page.get_by_label("SPARQL query").fill(DRUGS)
    page.get_by_label("Format").select_option("tsv")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert len(Path(download.value.path()).read_text(encoding="utf-8").splitlines()) == 1 + len(kg.select(DRUGS))


def test_the_page_works_where_the_editor_was_not_built(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendor, "address", lambda _: "")
    page = ready(watch.open("/editor"))
    page.get_by_label("SPARQL query").fill(DRUGS)
    assert len(answered(page)) > 20
    assert [url for url in watch.asked if "/vendor/" in url] == []
