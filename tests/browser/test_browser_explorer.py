"""Finder, search, comparison, maps, coverage and the pages about things, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from treatkg.server import vendor

if TYPE_CHECKING:
    from tests.browser.conftest import Watch

pytestmark = pytest.mark.slow


def test_the_finder_is_filled_in_and_answers(watch: Watch) -> None:
    page = watch.open("/finder")
    page.get_by_label("Age, years").fill("30")
    page.get_by_label("Where").select_option(label="European Union")
    page.get_by_label("pregnancy state").check()
    page.get_by_role("button", name="Find", exact=True).last.click()
    page.wait_for_url("**/finder?**")
    barred = page.locator("section.barred article h3").all_inner_texts()
    assert barred == ["abrocitinib", "baricitinib", "upadacitinib"]
    evidence = page.locator("section.barred details.evidence").first
    evidence.locator("summary").click()
    assert evidence.locator("a[href^='http']").first.is_visible()


def test_a_question_that_is_not_answered_keeps_what_was_typed(watch: Watch) -> None:
    watch.allowed = ("400",)
    page = watch.open("/finder")
    page.get_by_label("Age, years").fill("30")
    page.get_by_label("asthma", exact=True).check()
    page.get_by_role("button", name="Find", exact=True).last.click()
    page.wait_for_selector("[role=alert]")
    assert page.get_by_label("Age, years").input_value() == "30"
    assert page.get_by_label("asthma", exact=True).is_checked()
    assert page.locator("#jurisdiction[aria-invalid=true]").count() == 1


def test_the_neighbourhood_answers_the_keyboard(watch: Watch) -> None:
    if not vendor.address("cytoscape.esm.min.mjs"):
        pytest.skip("the third-party files of the pages are not built")
    page = watch.open("/map/neighbourhood?thing=IL-13")
    graph = page.locator("#graph")
    graph.wait_for(state="visible")
    assert graph.locator("canvas").count() >= 1
    graph.focus()
    page.keyboard.press("ArrowRight")
    assert "has target" in page.locator("#graph-said").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url("**thing=https*")
    assert page.locator("h1").inner_text() == "Around lebrikizumab"


def test_the_neighbourhood_is_a_table_without_scripts(watch: Watch) -> None:
    page = watch.open("/map/neighbourhood?thing=IL-13", java_script_enabled=False)
    assert page.locator("#graph").count() == 0 or page.locator("#graph").is_hidden()
    assert page.locator("tbody tr").count() > 20


def test_only_rows_that_differ(watch: Watch) -> None:
    page = watch.open("/compare?treatment=tralokinumab&treatment=lebrikizumab")
    every = page.locator("tbody tr").count()
    page.get_by_role("link", name="Show only the rows that differ").click()
    page.wait_for_url("**only=differences")
    assert 0 < page.locator("tr.differing").count() == page.locator("tbody th").count() < every


def test_a_day_in_the_past_on_the_page_of_the_disease(watch: Watch) -> None:
    page = watch.open("/describe?iri=http%3A%2F%2Fpurl.obolibrary.org%2Fobo%2FMONDO_0004980")
    page.locator("#asof").fill("2018-01-01")
    page.get_by_role("button", name="Show that day").click()
    page.wait_for_url("**asOf=2018-01-01*")
    table = page.locator("table.grid").inner_text()
    assert "dupilumab" in table
    assert "upadacitinib" not in table
