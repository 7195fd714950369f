"""The page in a real browser: no request, no error, readable on a phone, usable by keyboard."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from flows.report.page import render
from tests.flows.report.sample import report_data

_CHROMIUM = shutil.which("chromium")
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(_CHROMIUM is None, reason="no chromium on this machine"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("report") / "report.html"
    written.write_text(render(report_data()), encoding="utf-8", newline="")
    return written


@pytest.fixture(scope="module")
def hostile_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("report") / "hostile.html"
    written.write_text(render(report_data(hostile=True)), encoding="utf-8", newline="")
    return written


class _Opened:
    """A page opened from its file, with all that it asked for and complained about."""

    def __init__(self, browser: Browser, file: Path, width: int) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page: Page = browser.new_page(viewport={"width": width, "height": 900})
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.goto(file.as_uri())
        self.page.wait_for_function("document.querySelectorAll('[data-chart] svg').length === 4")


@pytest.mark.parametrize("width", [1280, 390])
def test_it_opens_without_a_request_or_a_complaint(
    browser: Browser, file: Path, width: int
) -> None:
    opened = _Opened(browser, file, width)
    assert opened.requests == [file.as_uri()]
    assert opened.complaints == []


@pytest.mark.parametrize("width", [1280, 390])
def test_hostile_values_do_nothing(browser: Browser, hostile_file: Path, width: int) -> None:
    opened = _Opened(browser, hostile_file, width)
    opened.page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    for mark in opened.page.locator("[data-chart=map] path[aria-roledescription=point]").all()[:3]:
        mark.hover(force=True)
    opened.page.wait_for_selector("#vg-tooltip-element.visible")
    assert opened.page.locator("img").count() == 0
    assert opened.requests == [hostile_file.as_uri()]
    assert opened.complaints == []


@pytest.mark.parametrize("name", ["file", "hostile_file"])
def test_a_phone_never_scrolls_sideways(
    browser: Browser, name: str, request: pytest.FixtureRequest
) -> None:
    page = _Opened(browser, request.getfixturevalue(name), 390).page
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_the_keyboard_opens_a_card(browser: Browser, file: Path) -> None:
    page = _Opened(browser, file, 1280).page
    reasons = page.locator("#finding-1 .reasons")
    assert not reasons.is_visible()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#finding-1') !== null"):
            break
    page.keyboard.press("Enter")
    assert reasons.is_visible()
    assert page.locator("#finding-1 .reasons li").count() >= 3


def test_a_click_on_a_mark_opens_its_card(browser: Browser, file: Path) -> None:
    page = _Opened(browser, file, 1280).page
    page.locator("[data-chart=time] path[aria-roledescription=point]").last.click(force=True)
    page.wait_for_selector("details.card[open]")


def test_an_address_that_names_a_finding_opens_it(browser: Browser, file: Path) -> None:
    page = browser.new_page()
    page.goto(f"{file.as_uri()}#finding-7")
    page.wait_for_selector("#finding-7[open]")


def test_charts_take_the_colours_of_the_dark_scheme(browser: Browser, file: Path) -> None:
    page = _Opened(browser, file, 1280).page
    label = "getComputedStyle(document.querySelector('[data-chart=time] text')).fill"
    light = page.evaluate(label)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(label) != light
