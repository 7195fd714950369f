"""The page in a real browser: no request, no error, readable on a phone, usable by keyboard."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from flows.report.index import render_index
from flows.report.page import render
from flows.storage.verdicts.store import read_verdicts
from tests.flows.end_to_end.test_recurring import erasing, run_of
from tests.flows.report.sample import of_sessions, report_data
from tests.flows.report.test_page import of_nights, of_run

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
def session_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("report") / "sessions.html"
    written.write_text(render(of_sessions(report_data())), encoding="utf-8", newline="")
    return written


@pytest.fixture(scope="module")
def hostile_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("report") / "hostile.html"
    data = of_sessions(report_data(hostile=True), hostile=True)
    written.write_text(render(data), encoding="utf-8", newline="")
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
        self.page.locator("[data-chart] svg").nth(4).wait_for()


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_to_mend(browser: Browser, file: Path, width: int, scheme: Any) -> None:
    page = _Opened(browser, file, width).page
    page.emulate_media(color_scheme=scheme)
    page.evaluate("document.querySelectorAll('.card, .fold').forEach(fold => fold.open = true)")
    page.locator("#incident-1").get_by_label("It is").select_option("malicious")
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert not found.response["violations"], found.generate_report()


def test_axe_finds_nothing_to_mend_in_the_index(browser: Browser, tmp_path: Path) -> None:
    runs = [report_data().manifest, report_data(hostile=True).manifest]
    (tmp_path / "index.html").write_text(render_index(runs, more=2), encoding="utf-8")
    for width, scheme in ((1280, "light"), (390, "dark")):
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.goto((tmp_path / "index.html").as_uri())
        found = Axe().run(page, options={"resultTypes": ["violations"]})
        assert not found.response["violations"], found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_an_open_card_has_a_ring_on_the_map_and_in_its_lane(browser: Browser, file: Path) -> None:
    page = _Opened(browser, file, 1280).page
    rings = "[data-chart=map] path[aria-roledescription=point][stroke-width='4']"
    assert page.locator(rings).count() == 0
    page.locator("#incident-1 > summary").click()
    page.wait_for_selector(rings, state="attached")
    assert page.locator(rings).count() == page.locator("#incident-1 [id^=finding-]").count()
    page.locator("#incident-1 > summary").click()
    page.wait_for_selector(rings, state="detached")


def test_a_thousand_findings_open_within_seconds(browser: Browser, tmp_path: Path) -> None:
    written = tmp_path / "report.html"
    written.write_text(render(report_data(1_000)), encoding="utf-8", newline="")
    page = browser.new_page()
    page.goto(written.as_uri())
    timing = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
    taken = page.evaluate(timing) / 1_000
    print(f"{written.stat().st_size / 1e6:.1f} MB, read and usable after {taken:.2f} s")
    assert taken < 10  # one on a quiet machine


def test_the_keyboard_opens_a_card(browser: Browser, file: Path) -> None:
    page = _Opened(browser, file, 1280).page
    reasons = page.locator("#incident-1 .reasons")
    assert not reasons.is_visible()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#incident-1') !== null"):
            break
    page.keyboard.press("Enter")
    assert reasons.is_visible()
    assert page.locator("#incident-1 .reasons li").count() >= 3


def test_a_click_on_a_mark_opens_its_card(browser: Browser, file: Path) -> None:
    page = _Opened(browser, file, 1280).page
    mark = page.locator("[data-chart=time] path[aria-roledescription=point]").last
    opened = page.locator("details.card[open]")
    for _ in range(20):  # a mark that is drawn may still move, and not listen yet
        if not opened.count():
            mark.click(force=True)
            page.wait_for_timeout(500)
    assert opened.count() == 1


def test_an_address_that_names_a_finding_opens_it(browser: Browser, file: Path) -> None:
    page = browser.new_page()
    page.goto(f"{file.as_uri()}#finding-7")
    page.wait_for_selector("details.card[open] #finding-7")


def _field(page: Page, label: str) -> Locator:
    return page.locator("#filters").get_by_label(label)


def _shown(page: Page) -> list[str]:
    """The titles that are shown, in their order."""
    return page.locator("#cards > li:not([hidden]) .what h3").all_inner_texts()


def test_the_list_can_be_filtered_and_sorted(browser: Browser, file: Path) -> None:
    opened = _Opened(browser, file, 1280)
    page, data = opened.page, report_data()
    rows = data.incidents.to_pylist()
    assert page.locator("#filters output").inner_text() == "26 of 26"

    _field(page, "Status").select_option("worse")
    assert len(_shown(page)) == sum(row["status"] == "worse" for row in rows)
    _field(page, "Status").select_option("")

    _field(page, "Entity").select_option("svc-deploy")
    assert len(_shown(page)) == sum(row["entity"] == "svc-deploy" for row in rows)
    _field(page, "Column").select_option("bytes_out")
    both = [
        row
        for row in rows
        if row["entity"] == "svc-deploy"
        and "bytes_out" in [reason["column"] for reason in row["reasons"]]
    ]
    assert len(_shown(page)) == len(both)
    _field(page, "Entity").select_option("")
    _field(page, "Column").select_option("")

    _field(page, "Search").fill("SVC-backup deletetrail")
    searched = _shown(page)
    assert 0 < len(searched) < 26
    _field(page, "Search").fill("nothing of the kind")
    assert _shown(page) == []
    assert page.get_by_text("No incident answers to this filter.").is_visible()
    _field(page, "Search").fill("")

    _field(page, "Sort by").select_option("records")
    most = max(rows, key=lambda row: row["records"])
    assert page.locator("#cards > li").first.get_attribute("data-rank") == str(most["rank"])
    _field(page, "Sort by").select_option("rank")
    ranks = [item.get_attribute("data-rank") for item in page.locator("#cards > li").all()]
    assert ranks == [str(row["rank"]) for row in rows]
    assert opened.complaints == []
    assert opened.requests == [file.as_uri()]


@pytest.fixture(scope="module")
def alarm_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("report") / "alarms.html"
    written.write_text(render(of_nights(28, 1)), encoding="utf-8", newline="")
    return written


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_alarm_is_open_and_a_lead_is_shown_on_demand(
    browser: Browser, alarm_file: Path, scheme: Any
) -> None:
    opened = _Opened(browser, alarm_file, 1280)
    page, leads = opened.page, opened.page.locator("#leads")
    page.emulate_media(color_scheme=scheme)
    assert page.locator("#incident-1 .body").is_visible()
    assert not page.locator("#incident-2 summary").first.is_visible()
    results = Axe().run(page).response
    assert [each["id"] for each in results["violations"]] == []
    leads.locator("summary").first.click()
    assert page.locator("#incident-2 summary").first.is_visible()
    assert opened.complaints == []


def test_a_filter_and_an_address_open_the_leads(browser: Browser, alarm_file: Path) -> None:
    page = _Opened(browser, alarm_file, 1280).page
    _field(page, "Search").fill("nothing of the kind")
    assert page.get_by_text("No incident answers to this filter.").is_visible()
    assert page.locator("#filters output").inner_text() == "0 of 4"
    _field(page, "Search").fill("")
    assert page.locator("#leads").get_attribute("open") is not None
    page = _Opened(browser, alarm_file, 1280).page
    page.evaluate("location.hash = 'incident-3'")
    page.wait_for_selector("#leads[open] #incident-3[open]")


def test_hostile_names_can_be_filtered_by(browser: Browser, hostile_file: Path) -> None:
    opened = _Opened(browser, hostile_file, 1280)
    for label in ("Column", "Entity"):
        _field(opened.page, label).select_option(index=1)
        assert len(_shown(opened.page)) == 26
    assert opened.complaints == []


def test_an_address_that_names_a_finding_opens_it_though_a_filter_hides_it(
    browser: Browser, file: Path
) -> None:
    page = _Opened(browser, file, 1280).page
    _field(page, "Search").fill("nothing of the kind")
    page.evaluate("location.hash = 'finding-7'")
    page.wait_for_selector("details.card[open] #finding-7")
    assert page.locator("#finding-7").is_visible()


def test_a_verdict_goes_from_the_page_into_the_next_run(browser: Browser, tmp_path: Path) -> None:
    first = run_of(0, tmp_path)
    on = erasing(first)
    page = browser.new_page()
    page.goto((first.folder / "report.html").as_uri())
    card = page.locator(f".card:has([data-incident={on['incident']}])")
    gathered = page.locator("#gathered")
    assert not gathered.is_visible()
    card.locator("summary").first.click()
    card.get_by_label("It is").select_option("expected")
    card.get_by_label("Until").fill("2026-12-31")
    card.get_by_label("Why").fill('=a "drill", every year')
    assert gathered.locator("output").inner_text() == "1 verdict"
    gathered.get_by_label("Your name").fill("Ann, of the night shift")
    with page.expect_download() as download:
        gathered.get_by_role("button").click()
    assert download.value.suggested_filename == f"verdicts-{first.manifest.run_id}.csv"
    folder = tmp_path / "out/log/verdicts"
    download.value.save_as(folder / "mine.csv")

    again = run_of(0, tmp_path)
    (verdict,) = read_verdicts(tmp_path / "out/log")
    assert (verdict.label, f"{verdict.until}") == ("expected", "2026-12-31")
    assert (verdict.note, verdict.who) == ('=a "drill", every year', "Ann, of the night shift")
    assert again.manifest.incidents.refused_verdicts == []
    assert again.manifest.incidents.suppressed == 1
    (effect,) = again.manifest.incidents.verdicts
    assert (effect.verdict, effect.suppressed) == (verdict.verdict, 1)


def test_a_verdict_that_is_taken_back_is_not_gathered(browser: Browser, file: Path) -> None:
    page = _Opened(browser, file, 1280).page
    page.locator("#incident-1 > summary").click()
    said = page.locator("#incident-1").get_by_label("It is")
    said.select_option("malicious")
    assert page.locator("#gathered").is_visible()
    said.select_option("")
    assert not page.locator("#gathered").is_visible()


def test_charts_take_the_colours_of_the_dark_scheme(browser: Browser, file: Path) -> None:
    page = _Opened(browser, file, 1280).page
    label = "getComputedStyle(document.querySelector('[data-chart=time] text')).fill"
    light = page.evaluate(label)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(label) != light


def test_a_command_is_copied_with_the_chosen_label(browser: Browser, file: Path) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{file.as_uri()}#i-000000")
    page.wait_for_selector("#incident-1[open]")
    card = page.locator("#incident-1")
    card.get_by_label("It is").select_option("expected")
    card.get_by_text("Queries and commands").click()
    card.locator(".command", has_text="Verdict").get_by_role("button").click()
    card.get_by_text("Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "outfield verdict i-000000 --label expected --output ."


def test_the_keys_go_through_the_list_and_say_what_an_incident_is(
    browser: Browser, file: Path
) -> None:
    page = _Opened(browser, file, 1280).page
    for key in ("j", "j", "j", "k", "m"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.parentElement.id") == "incident-2"
    assert page.locator("#incident-2 .mine").inner_text() == "malicious"
    page.keyboard.press("b")
    assert page.locator("#incident-2 .mine").inner_text() == "benign"
    _field(page, "Search").press("m")
    assert page.locator("#incident-2 .mine").inner_text() == "benign"
    assert page.locator("#gathered output").inner_text() == "1 verdict"


def test_marks_and_verdicts_survive_a_reload_of_the_same_run_alone(
    browser: Browser, tmp_path: Path
) -> None:
    data = report_data()
    pages = {"one": data, "two": of_run(data, "another-run")}
    for name, shown in pages.items():
        (tmp_path / f"{name}.html").write_text(render(shown), encoding="utf-8", newline="")
    page = browser.new_context().new_page()
    page.goto((tmp_path / "one.html").as_uri())
    page.locator("#incident-3 > summary").click()
    page.locator("#incident-3").get_by_label("It is").select_option("expected")
    page.locator("#incident-3").get_by_label("Why").fill("CHG-114")
    page.locator("#incident-4 > summary").click()
    page.locator("#incident-4").get_by_label("Looked at").uncheck()
    page.reload()
    assert page.locator("#gathered output").inner_text() == "1 verdict"
    assert page.locator("#incident-3 .mine").text_content() == "expected"
    assert page.locator("#incident-3").get_by_label("Why").input_value() == "CHG-114"
    assert page.locator(".seen:not([hidden])").count() == 1
    assert page.locator("#incident-3 .seen").get_attribute("hidden") is None
    page.goto((tmp_path / "two.html").as_uri())
    assert page.locator(".seen:not([hidden])").count() == 0
    assert not page.locator("#gathered").is_visible()


def test_one_verdict_can_be_set_on_all_that_the_filters_leave(browser: Browser, file: Path) -> None:
    page = browser.new_context().new_page()
    page.goto(file.as_uri())
    assert not page.locator("#bulk").is_visible()
    _field(page, "Status").select_option("worse")
    left = len(_shown(page))
    page.locator("#bulk select").select_option("expected")
    page.locator("#bulk").get_by_role("button").click()
    assert page.locator("#bulk output").inner_text() == f"{left} set"
    assert page.locator("#gathered output").inner_text() == f"{left} verdicts"
    assert page.locator(".mine:not([hidden])").count() == left
    _field(page, "Status").select_option("")
    assert page.locator(".mine:not([hidden])").count() == left
    assert not page.locator("#bulk").is_visible()


def test_times_on_the_axis_are_of_24_hours(browser: Browser, tmp_path: Path) -> None:
    data = report_data()
    place = data.findings.column_names.index("time")
    start = datetime(2026, 1, 1, 3, tzinfo=UTC)
    times = pa.array(
        [start + timedelta(minutes=20 * i) for i in range(40)], pa.timestamp("us", "UTC")
    )
    findings = data.findings.set_column(place, data.findings.field("time"), times)
    (tmp_path / "report.html").write_text(render(replace(data, findings=findings)), "utf-8")
    page = _Opened(browser, tmp_path / "report.html", 1280).page
    labels = page.locator("[data-chart=time] .role-axis-label text").all_text_contents()
    assert "12:00" in labels
    assert not [label for label in labels if "AM" in label or "PM" in label]
    titles = page.locator("[data-chart=time] .role-axis-title text").all_text_contents()
    assert "Time of the event (UTC)" in titles
    titles = page.locator("[data-chart=scores] .role-axis-title text").all_text_contents()
    assert "Records (log scale)" in titles


def test_the_filters_also_filter_the_map_and_the_time_lines(browser: Browser, file: Path) -> None:
    page = _Opened(browser, file, 1280).page
    rows = report_data().findings.to_pylist()
    worse = {row["incident"] for row in report_data().incidents.to_pylist()
             if row["status"] == "worse"}  # fmt: skip
    pale = "[data-chart={}] path[aria-roledescription=point][opacity='0.08']"
    assert page.locator(pale.format("map")).count() == 0
    _field(page, "Status").select_option("worse")
    left_out = sum(row["incident"] not in worse for row in rows)
    page.wait_for_selector(pale.format("map"), state="attached")
    assert page.locator(pale.format("map")).count() == left_out > 0
    page.wait_for_selector(pale.format("time"), state="attached")
    page.wait_for_selector(pale.format("lanes"), state="attached")
    _field(page, "Status").select_option("")
    page.wait_for_selector(pale.format("map"), state="detached")


@pytest.mark.parametrize("width", [1280, 768, 390])
def test_the_steps_of_a_session_stand_beside_those_of_a_normal_one(
    browser: Browser, session_file: Path, width: int
) -> None:
    opened = _Opened(browser, session_file, width)
    page = opened.page
    page.locator("#incident-1 > summary").click()
    steps = page.locator("#incident-1 .steps")
    lines = [line.inner_text().split() for line in steps.locator("tbody tr").all()]
    assert " ".join(lines[0]) == "5 same steps"
    told = {" ".join(line[:2]): " ".join(line) for line in lines[1:]}
    assert {"exchanged", "only", "moved:"} <= {line[0] for line in lines}
    assert "odd: in 3 of 4,000 sessions" in told["only here"]
    assert "7 burn" in told["only here"]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert not found.response["violations"], found.generate_report()
    assert opened.complaints == []


@pytest.mark.parametrize("name", ["file", "session_file"])
def test_the_usual_card_is_at_most_three_screens_of_a_phone(
    browser: Browser, name: str, request: pytest.FixtureRequest
) -> None:
    page = _Opened(browser, request.getfixturevalue(name), 390).page
    page.evaluate("document.querySelectorAll('.card').forEach(card => card.open = true)")
    heights = page.locator(".card").evaluate_all("cards => cards.map(card => card.offsetHeight)")
    assert len(heights) > 7
    assert sorted(heights)[len(heights) // 2] <= 3 * 844
    assert sum(height <= 3 * 844 for height in heights[:7]) >= 6


def test_a_narrow_screen_folds_the_lesser_parts_and_a_link_opens_them(
    browser: Browser, file: Path
) -> None:
    page = _Opened(browser, file, 390).page
    page.locator("#incident-2 > summary").click()
    near = page.locator("#incident-2 .near table")
    assert not near.is_visible()
    page.locator("#incident-2 .near > summary").click()
    assert near.is_visible()
    member = page.locator("#incident-1 .members tr[id]").first
    assert not member.is_visible()
    page.evaluate(f"location.hash = '{member.get_attribute('id')}'")
    member.wait_for(state="visible")
    wide = _Opened(browser, file, 1280).page
    wide.locator("#incident-2 > summary").click()
    assert wide.locator("#incident-2 .near table").is_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_chart_of_an_odd_window_is_told_and_its_days_are_a_table(
    browser: Browser, file: Path, width: int
) -> None:
    page = _Opened(browser, file, width).page
    page.locator("#incident-1 > summary").click()
    drawn = page.locator("#incident-1 .days svg")
    assert drawn.evaluate("box => box.clientWidth") > width / 2
    assert (
        drawn.locator("desc").text_content() in page.locator("#incident-1 figcaption").inner_text()
    )
    table = page.locator("#incident-1 .days table")
    assert not table.is_visible()
    page.locator("#incident-1 .days details > summary").click()
    assert table.locator("tbody tr").count() == 15
    assert table.locator("tr.odd").count() == 1
    odd = [drawn.locator(f"path.{name}").get_attribute("d") for name in ("at", "odd", "expected")]
    assert all(odd)


def test_the_steps_are_printed_whole(browser: Browser, session_file: Path) -> None:
    page = _Opened(browser, session_file, 1280).page
    page.locator("#incident-1 > summary").click()
    page.emulate_media(media="print")
    low = page.locator("#incident-1 .low")
    assert low.evaluate("box => box.scrollHeight - box.clientHeight") <= 1
    assert low.get_by_text("burn").is_visible()


def _colours_of_marks(page: Page) -> set[str]:
    marks = page.locator("[data-chart=map] path[aria-roledescription=point]")
    return set(marks.evaluate_all("marks => marks.map((mark) => mark.getAttribute('fill'))"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_map_takes_the_colours_of_a_column_with_a_legend(
    browser: Browser, file: Path, scheme: Any
) -> None:
    opened = _Opened(browser, file, 1280)
    page = opened.page
    page.emulate_media(color_scheme=scheme)
    by_severity = _colours_of_marks(page)
    page.get_by_label("Colour by").select_option("api.operation")
    page.wait_for_function(
        "document.querySelector('[data-chart=map] path[aria-roledescription=point]')"
        ".getAttribute('fill').includes('value')"
    )
    assert _colours_of_marks(page) == {"var(--value-a)", "var(--value-other)"}
    legend = page.locator(".values:not([hidden])")
    assert legend.count() == 1
    assert legend.locator("li").count() == 7
    assert "ListBuckets" in legend.inner_text()
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert not found.response["violations"], found.generate_report()
    page.emulate_media(media="print")
    assert legend.is_visible()
    assert not page.get_by_label("Colour by").is_visible()
    page.emulate_media(media="screen")
    page.get_by_label("Colour by").select_option("severity")
    assert page.locator(".values:not([hidden])").count() == 0
    page.wait_for_function(
        "!document.querySelector('[data-chart=map] path[aria-roledescription=point]')"
        ".getAttribute('fill').includes('value')"
    )
    assert _colours_of_marks(page) == by_severity
    assert opened.complaints == []


def test_a_card_leads_to_the_part_of_its_entity_and_back(browser: Browser, file: Path) -> None:
    page = _Opened(browser, file, 390).page
    page.locator("#incident-2 > summary").click()
    page.locator("#incident-2 .whole a").first.click()
    part = page.locator("details.entity[open]")
    part.wait_for()
    user = report_data().incidents.to_pylist()[1]["entity"]
    assert user in part.locator("summary").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    part.locator("a[href='#incident-2']").click()
    page.wait_for_function("location.hash === '#incident-2'")
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert not found.response["violations"], found.generate_report()


def _in_span(first: datetime, last: datetime) -> int:
    """Count the incidents of which any time lies in a span."""
    rows = [row for row in report_data().incidents.to_pylist() if row["first_time"]]
    return sum(row["last_time"] >= first and row["first_time"] <= last for row in rows)


def test_a_span_of_time_filters_list_and_map_by_keyboard(browser: Browser, file: Path) -> None:
    opened = _Opened(browser, file, 1280)
    page = opened.page
    first, last = datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 7, 12, tzinfo=UTC)
    assert not page.get_by_role("button", name="All times").is_visible()
    _field(page, "From (UTC)").fill("2026-03-05T00:00")
    _field(page, "To (UTC)").fill("2026-03-07T12:00")
    n = _in_span(first, last)
    assert 0 < n < 26
    assert page.locator("#filters output").inner_text() == f"{n} of 26"
    pale = "[data-chart=map] path[aria-roledescription=point][opacity='0.08']"
    page.wait_for_selector(pale, state="attached")
    page.wait_for_function(
        "document.querySelector('[data-chart=time] .span_brush path')"
        "?.getBoundingClientRect().width > 20"
    )
    assert _field(page, "From (UTC)").input_value() == "2026-03-05T00:00"
    page.get_by_role("button", name="All times").press("Enter")
    assert page.locator("#filters output").inner_text() == "26 of 26"
    page.wait_for_selector(pale, state="detached")
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert not found.response["violations"], found.generate_report()
    assert opened.complaints == []


def test_a_brush_on_the_time_line_filters_the_list(browser: Browser, file: Path) -> None:
    opened = _Opened(browser, file, 1280)
    page = opened.page
    chart = page.locator("[data-chart=time] svg")
    chart.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    box = chart.bounding_box()
    assert box
    page.mouse.move(box["x"] + 200, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 60, steps=4)
    page.mouse.move(box["x"] + 400, box["y"] + 60, steps=4)
    page.mouse.up()
    page.wait_for_function("document.getElementById('filters').from.value !== ''")
    ends = [
        datetime.fromisoformat(_field(page, f"{name} (UTC)").input_value()).replace(tzinfo=UTC)
        for name in ("From", "To")
    ]
    n = _in_span(*ends)
    assert 0 < n < 26
    assert page.locator("#filters output").inner_text() == f"{n} of 26"
    page.get_by_role("button", name="All times").click()
    assert page.locator("#filters output").inner_text() == "26 of 26"
    assert opened.complaints == []
