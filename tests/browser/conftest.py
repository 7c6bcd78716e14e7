"""A real browser, and pages that are watched: an error on the console or a request to another host fails the test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

FRONTEND = Path(__file__).parents[2] / "src" / "treatkg" / "server" / "frontend"
AXE = FRONTEND / "node_modules" / "axe-core" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome")
# CodeMirror scrolls with the cursor in its own field beside it, which axe does not see.
# Rows and items behind the fourth are like those before, and would cost minutes; what is folded is read as well.
_THIN_OUT = """() => {
  for (const each of document.querySelectorAll(":is(tbody, ul, ol) > :nth-child(n + 5)")) each.remove();
  for (const each of document.querySelectorAll("details")) each.open = true;
}"""
_RUN_AXE = """
async (rules) => {
  const found = await axe.run({ exclude: [[".CodeMirror-scroll"]] }, { resultTypes: ["violations"], ...rules });
  return found.violations.filter((each) => ["serious", "critical"].includes(each.impact))
    .map((each) => `${each.id}: ${each.nodes.map((node) => node.html.slice(0, 200)).slice(0, 3).join(" | ")}`);
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("no Chromium: install the Debian package chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


@dataclass
class Watch:
    """Opens pages of the server and remembers what went wrong in them; `allowed` is a part of what may go wrong."""

    browser: Browser
    server: str
    allowed: tuple[str, ...] = ()
    asked: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def open(self, path: str, **settings: Any) -> Page:  # noqa: ANN401 (of the browser's context)
        """Open a page in a context of its own."""
        context = self.browser.new_context(
            base_url=self.server, **{"viewport": {"width": 1400, "height": 900}, **settings}
        )
        page = context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._problem(f"script: {error}"))
        page.on("requestfailed", self._failed)
        context.on("request", self._request)
        response = page.goto(path)
        assert response is not None
        assert response.status == 200, f"{path}: {response.status}"
        return page

    def _problem(self, text: str) -> None:
        if not any(part in text for part in self.allowed):
            self.problems.append(text)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._problem(f"console: {message.text}")

    def _failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # a download ends the loading of a page so
            self._problem(f"failed: {request.url} {request.failure}")

    def _request(self, request: Request) -> None:
        self.asked.append(request.url)
        if urlsplit(request.url).netloc != urlsplit(self.server).netloc and not request.url.startswith("data:"):
            self._problem(f"another host: {request.url}")


@pytest.fixture
def watch(browser: Browser, server_url: str) -> Iterator[Watch]:
    watching = Watch(browser, server_url)
    yield watching
    for context in browser.contexts:
        context.close()
    assert watching.problems == []


@pytest.fixture(scope="session")
def violations() -> Callable[[Page], list[str]]:
    """Return a function that names the serious rules of accessibility that a page breaks, in light or dark."""
    if not AXE.exists():
        pytest.skip("no axe-core: `make frontend` brings it from npm")
    source = AXE.read_text(encoding="utf-8")

    def run(page: Page) -> list[str]:
        page.evaluate(_THIN_OUT)
        page.evaluate(source)
        found: list[str] = page.evaluate(_RUN_AXE, {})
        page.emulate_media(color_scheme="dark")
        dark: list[str] = page.evaluate(_RUN_AXE, {"runOnly": ["color-contrast"]})
        page.emulate_media(color_scheme="light")
        return [*found, *(f"dark: {each}" for each in dark)]

    return run
