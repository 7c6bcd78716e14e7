"""Every page in a real browser: quiet, accessible in light and dark, no sideways scrolling, and without scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page

PAGES = [
    "/",
    "/queries/drugs-blocking-cytokine?cytokine=IL-13",
    "/editor",
    "/editor?stored=drugs-blocking-cytokine&cytokine=IL-13",
    "/describe?iri=http%3A%2F%2Fpurl.uniprot.org%2Funiprot%2FP35225",
    "/docs/index.html",
    "/docs/vocabulary.html",
    "/docs/shapes/contraindication.html",
    "/treatments",
    "/page/dupilumab",
    "/page/upadacitinib?asOf=2021-06-01",
    "/finder",
    "/finder?years=30&jurisdiction=tkg:EU&condition=tkg:PregnancyState&condition=MONDO:0005344",
    "/search?q=dupilumap",
    "/compare",
    "/compare?treatment=dupilumab&treatment=tralokinumab&treatment=upadacitinib",
    "/describe?iri=http%3A%2F%2Fpurl.obolibrary.org%2Fobo%2FMONDO_0004980",
    "/page/source/aad-2014-systemic",
    "/map",
    "/map/neighbourhood?thing=dupilumab",
    "/coverage",
    "/describe?iri=http%3A%2F%2Fpurl.uniprot.org%2Funiprot%2FP23458",
]
WIDTHS = (390, 820, 1400)

if TYPE_CHECKING:
    from tests.browser.conftest import Watch

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("path", PAGES)
def test_page_is_quiet_and_accessible_at_every_width(
    watch: Watch, violations: Callable[[Page], list[str]], path: str
) -> None:
    page = watch.open(path)
    assert (page.locator("h1").count(), page.locator("main").count()) == (1, 1)
    assert {width: over for width in WIDTHS if (over := sideways(page, width)) > 0} == {}
    assert violations(page) == []


def sideways(page: Page, width: int) -> int:
    page.set_viewport_size({"width": width, "height": 900})
    over: int = page.evaluate("document.documentElement.scrollWidth") - width
    return over


@pytest.mark.parametrize("path", PAGES)
def test_page_says_what_it_has_to_say_without_scripts(watch: Watch, path: str) -> None:
    page = watch.open(path, java_script_enabled=False)
    assert page.locator("h1").inner_text()
    assert len(page.locator("main").inner_text()) > 80


def test_dark_pages_are_dark(watch: Watch) -> None:
    page = watch.open("/", color_scheme="dark")
    channels = page.evaluate(
        "getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g).slice(0, 3).map(Number)"
    )
    assert max(channels) < 64


def test_a_picture_or_a_script_of_another_host_would_be_seen(watch: Watch) -> None:
    page = watch.open("/")
    page.evaluate("document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.2:9/picture.png'}))")
    page.wait_for_timeout(300)
    assert any("127.0.0.2" in problem for problem in watch.problems)
    watch.problems.clear()


def test_the_header_leads_to_a_thing_by_name(watch: Watch) -> None:
    page = watch.open("/")
    page.get_by_role("searchbox").first.fill("Adbry")
    page.keyboard.press("Enter")
    page.wait_for_url("**/page/tralokinumab")
    assert page.locator("h1").inner_text().lower() == "tralokinumab"


def test_a_stored_query_answers_what_its_form_asks(watch: Watch) -> None:
    page = watch.open("/queries/drugs-blocking-cytokine")
    page.get_by_label("cytokine", exact=False).first.select_option(label="interleukin 31")
    page.get_by_role("button", name="Ask").click()
    page.wait_for_url("**cytokine=uniprot*")
    assert "nemolizumab" in page.locator("table").inner_text().lower()
    assert "tralokinumab" not in page.locator("table").inner_text().lower()


def test_the_day_of_a_page_is_moved_by_the_slider(watch: Watch) -> None:
    page = watch.open("/page/dupilumab")
    slider = page.locator(".asof input[type=range]").first
    slider.focus()
    page.keyboard.press("Home")
    page.locator(".asof button").first.click()
    page.wait_for_url("**asOf=*")
    assert page.locator("h1").inner_text().lower() == "dupilumab"
    assert "licensed" in page.locator("main").inner_text().lower()


def test_a_finding_opens_and_leads_to_its_passage(watch: Watch) -> None:
    page = watch.open("/page/dupilumab")
    evidence = page.locator("details.evidence:visible", has=page.locator("a[href*=':~:text=']")).first
    evidence.locator("summary").click()
    link = evidence.locator("a[href*=':~:text=']").first
    assert link.is_visible()
    assert str(link.get_attribute("href")).startswith("http")
