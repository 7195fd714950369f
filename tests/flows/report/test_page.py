"""The content of the page, for ordinary and for hostile logs."""

import json
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import numpy as np
import pyarrow as pa
import pytest

from flows.report.data import ReportData
from flows.report.overview import review_sentence
from flows.report.page import render
from schemas.job.partition import Partition
from schemas.outputs.manifest import EarlierIncident, VerdictCount, VerdictEffect
from schemas.outputs.tables import SEVERITIES, STATUSES
from tests.flows.report.sample import HOSTILE, report_data

_VOID = {"meta", "link", "img", "br", "path", "circle", "use", "input", "hr"}


class _Page(HTMLParser):
    """The page as a browser takes it apart: tags, attributes, text, scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self._inside: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside.append(tag)
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        inside = self._inside[-1] if self._inside else ""
        if inside == "script":
            self.scripts[-1] += data
        elif inside != "style":
            self.texts.append(data)

    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def charts(self) -> dict[str, dict[str, object]]:
        return json.loads(self.scripts[0])

    def cards(self) -> int:
        return self._named("incident-")

    def findings(self) -> int:
        return self._named("finding-")

    def _named(self, start: str) -> int:
        return sum((attrs.get("id") or "").startswith(start) for _, attrs in self.tags)


@pytest.fixture(scope="module")
def page() -> str:
    return render(report_data())


@pytest.fixture(scope="module")
def hostile() -> str:
    return render(report_data(hostile=True))


def test_markup_of_the_log_makes_no_tag_and_no_script(page: str, hostile: str) -> None:
    calm, attacked = _Page(page), _Page(hostile)
    assert len(attacked.scripts) == len(calm.scripts) == 3
    assert {tag for tag, _ in attacked.tags} <= {tag for tag, _ in calm.tags} | {"em"}
    assert not [name for _, attrs in attacked.tags for name in attrs if name.startswith("on")]
    assert HOSTILE[:40] not in hostile.replace(attacked.scripts[1], "")


def test_the_scripts_that_run_hold_nothing_of_the_log(page: str, hostile: str) -> None:
    assert _Page(page).scripts[1:] == _Page(hostile).scripts[1:]


def test_chart_data_hold_no_character_that_could_end_their_script(hostile: str) -> None:
    data = hostile.split('id="charts">')[1].split("</script>", maxsplit=1)[0]
    assert not set(data) & set("<>&\u2028\u2029")
    assert HOSTILE[:9] in json.dumps(json.loads(data), ensure_ascii=False)


def test_hidden_characters_are_shown(hostile: str) -> None:
    assert not set(hostile) & set("\x00\x07\u2028\u202e")
    assert r"\u202eend" in _Page(hostile).text()


def test_nothing_is_loaded_from_anywhere(page: str) -> None:
    read = _Page(page)
    loads = [
        value or ""
        for tag, attrs in read.tags
        for name, value in attrs.items()
        if name in {"src", "href", "srcset", "action", "data", "poster"} and tag != "a"
    ]
    assert loads
    assert all(value.startswith(("#", "data:")) for value in loads)
    style = page.split("<style>")[1].split("</style>", maxsplit=1)[0]
    assert not re.search(r"@import|url\(", style)
    assert not re.search(r"""(?:src|href)\s*=\s*["']?https?:|@import|url\(["']?https?:""", page)


def test_the_policy_allows_its_own_scripts_and_no_request(page: str) -> None:
    policy = next(
        attrs["content"] or ""
        for tag, attrs in _Page(page).tags
        if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy
    scripts = re.search(r"script-src ([^;]*)", policy)
    assert scripts
    assert re.fullmatch(r"('sha256-[\w+/=]+' ?){2}", scripts[1])


def test_every_incident_has_its_card_with_score_odds_and_reasons(page: str) -> None:
    data, read = report_data(), _Page(page)
    first = data.findings.slice(0, 1).to_pylist()[0]
    assert read.cards() == len(data.incidents) == 26
    assert read.findings() == 40
    assert f"{first['anomaly_score']:.1f}" in read.text()
    for reason in first["reasons"]:
        assert reason["expected"] in read.text()
        assert f"{reason['share'] * 100:.0f} %" in read.text()


def test_findings_by_rank_are_marked_as_leads_and_counted_apart() -> None:
    data = report_data(findings=4)
    basis = pa.array(["rule", "rank", "rank", "rank"])
    place = data.findings.column_names.index("basis")
    findings = data.findings.set_column(place, data.findings.field("basis"), basis)
    selection = data.manifest.selection.model_copy(update={"selected": 1, "by_rank": 3})
    manifest = data.manifest.model_copy(update={"selection": selection})
    page = render(replace(data, findings=findings, manifest=manifest))
    assert len(data.incidents) == 2
    assert page.count('class="by-rank"') == 1
    assert "1 event stands out; the oddest of the rest are shown too: leads, not alarms" in page


@pytest.mark.parametrize(
    ("nights", "why"),
    [
        (None, "Not selected by the rule: among the oddest of the rest"),
        (0, "No alarm: no earlier night is known"),
        (5, "No alarm: earlier nights showed it, it is not rare enough beside them, or"),
    ],
)
def test_a_lead_says_why_it_is_no_alarm(nights: int | None, why: str) -> None:
    data = report_data(findings=1)
    findings = data.findings.set_column(
        data.findings.column_names.index("basis"), "basis", pa.array(["rank"])
    )
    incidents = data.manifest.incidents.model_copy(update={"nights": nights})
    manifest = data.manifest.model_copy(update={"incidents": incidents})
    page = render(replace(data, findings=findings, manifest=manifest))
    assert f'class="by-rank" title="{why}' in page


def test_the_top_tells_rows_findings_budget_and_driving_columns(page: str) -> None:
    text = _Page(page).text()
    assert "200,578 rows read, 200,431 events scored, 137 quarantined and 10 skipped." in text
    assert "57 events stand out; the budget of 40 incidents left out 17 events." in text
    counted = "8 new, 9 worse and 9 recurring; of those of 2026-03-14 2 not seen and 1 resolved."
    assert f"26 incidents of 240 events: {counted}" in text
    assert "Most of what makes them odd lies in" in text


def test_the_ledger_names_each_reason_with_its_rows(page: str) -> None:
    text = _Page(page).text()
    for line in ("Quarantined time is null 96", "duplicate id 41", "Skipped empty file 10"):
        assert line in text


def test_without_findings_a_sentence_stands_for_cards_and_charts() -> None:
    read = _Page(render(report_data(0)))
    assert read.cards() == 0
    assert "No event stands out" in read.text()
    assert set(read.charts()) == {"scores"}
    assert not any(attrs.get("href") == "#glyph-critical" for _, attrs in read.tags)


def test_with_nothing_to_draw_there_is_no_chart_and_no_script() -> None:
    data = report_data(0)
    read = _Page(render(replace(data, score_counts=np.zeros_like(data.score_counts))))
    assert read.scripts == []
    assert "Charts" not in read.text()


def _without_time(data: ReportData) -> ReportData:
    return replace(data, time_column=None)


def _time_all_null(data: ReportData) -> ReportData:
    index = data.findings.column_names.index("time")
    nulls = pa.nulls(len(data.findings), pa.timestamp("us"))
    return replace(data, findings=data.findings.set_column(index, "time", nulls))


def _time_unknown_to_the_findings(data: ReportData) -> ReportData:
    return replace(data, time_column="when")


@pytest.mark.parametrize("change", [_without_time, _time_all_null, _time_unknown_to_the_findings])
def test_without_times_the_chart_over_time_is_left_out(change) -> None:  # type: ignore[no-untyped-def]
    read = _Page(render(change(report_data())))
    assert set(read.charts()) == {"map", "scores", "columns"}
    assert read.findings() == 40


def test_a_hundred_findings_stay_well_under_five_megabytes() -> None:
    assert len(render(report_data(100)).encode()) < 2_500_000


@pytest.mark.slow
def test_a_hundred_hostile_findings_of_a_thousand_long_columns_stay_under_five_megabytes() -> None:
    data = report_data(100, hostile=True)
    findings = data.findings
    long = pa.array(["<\u202e&'\"" * 500] * 100)
    for number in range(1_000):
        findings = findings.append_column(f"wide.<{number}>", long)
    page = render(replace(data, findings=findings))
    assert len(page.encode()) < 5_000_000
    assert "more columns in the findings’ Parquet" in _Page(page).text()


@pytest.mark.slow
def test_more_incidents_than_cards_are_said_so() -> None:
    read = _Page(render(report_data(400)))
    assert read.cards() == 200
    assert "The first 200 of 266" in read.text()


@pytest.mark.slow
def test_a_thousand_findings_stay_under_five_megabytes() -> None:
    data = report_data(1_000)
    read = _Page(page := render(data))
    assert len(page.encode()) < 5_000_000
    assert read.cards() == 200


def test_an_incident_tells_whom_it_is_about_since_when_and_how_many_more_there_are(
    page: str,
) -> None:
    text = _Page(page).text()
    assert "happened 3 times, first on 2026-02-01" in text
    assert "mira.okafor and 6 more" in text
    assert "200 more events of it" in text
    assert "outfield verdict i-000000" in text


def test_incidents_that_verdicts_keep_back_are_listed_apart() -> None:
    data = report_data(findings=6)
    verdict = pa.array(["v-1"] * len(data.incidents))
    place = data.incidents.column_names.index("verdict")
    hidden = data.incidents.set_column(place, data.incidents.field("verdict"), verdict)
    effect = VerdictEffect(verdict="v-1", label="expected", suppressed=4, let_through=0)
    summary = data.manifest.incidents.model_copy(update={"suppressed": 4, "verdicts": [effect]})
    manifest = data.manifest.model_copy(update={"incidents": summary})
    text = _Page(render(replace(data, suppressed=hidden, manifest=manifest))).text()
    assert "verdicts keep back 4 more." in text
    assert "Kept back by verdicts 4 incidents" in text
    assert "expected v-1" in text


def test_a_verdict_that_let_an_incident_through_is_named() -> None:
    data = report_data(findings=6)
    verdict = pa.array(["v-1", *[None] * (len(data.incidents) - 1)])
    place = data.incidents.column_names.index("verdict")
    named = data.incidents.set_column(place, data.incidents.field("verdict"), verdict)
    effect = VerdictEffect(verdict="v-1", label="benign", suppressed=0, let_through=1)
    summary = data.manifest.incidents.model_copy(update={"verdicts": [effect]})
    manifest = data.manifest.model_copy(update={"incidents": summary})
    text = _Page(render(replace(data, incidents=named, manifest=manifest))).text()
    assert text.count("The verdict benign v-1 is about it") == 1


def test_the_verdicts_that_move_an_incident_are_named_and_their_names_escaped() -> None:
    data = report_data(findings=6)
    hostile = "one verdict on `<script>` lowers it"
    told = pa.array([hostile, *[None] * (len(data.incidents) - 1)])
    place = data.incidents.column_names.index("taught")
    moved = data.incidents.set_column(place, data.incidents.field("taught"), told)
    page = render(replace(data, incidents=moved))
    assert _Page(page).text().count("Its place in the list: one verdict on <script>") == 1
    assert "<code>&lt;script&gt;</code> lowers it" in page


def test_the_same_run_gives_the_same_page(page: str) -> None:
    assert render(report_data()) == page


def test_every_tag_is_closed(page: str) -> None:
    opened: list[str] = []

    class Balance(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag not in _VOID:
                opened.append(tag)

        def handle_endtag(self, tag: str) -> None:
            if tag not in _VOID:
                assert opened.pop() == tag

    Balance().feed(page)
    assert opened == []


def test_identifiers_are_unique(page: str) -> None:
    names = [attrs["id"] for _, attrs in _Page(page).tags if "id" in attrs]
    assert len(names) == len(set(names))


def test_a_title_cut_within_a_quoted_value_still_sets_values_apart() -> None:
    data = report_data(findings=1)
    title = ", ".join(f"`column_{i}` is `{'v' * 30}`" for i in range(8))
    place = data.incidents.column_names.index("title")
    incidents = data.incidents.set_column(place, data.incidents.field("title"), pa.array([title]))
    page = render(replace(data, incidents=incidents))
    heading = re.search(r"<h3>(.*?…)", page[page.index("incident-1") :], re.DOTALL)
    assert heading is not None
    assert "<code>column_0</code>" in heading[1]
    assert "`" not in heading[1]


def test_the_script_sorts_by_the_severities_and_statuses_of_the_outputs(page: str) -> None:
    own = _Page(page).scripts[-1]
    assert f"severities = {json.dumps(list(SEVERITIES))};" in own
    assert f"statuses = {json.dumps(STATUSES)};" in own


def of_nights(nights: int | None, alarms: int, findings: int = 6) -> ReportData:
    """Make a run that is held against so many nights, and its first incidents alarms."""
    data = report_data(findings=findings)
    rows = data.incidents.to_pylist()
    for row in rows:
        row["alarm"] = row["rank"] <= alarms
        known = nights is not None and nights >= 7
        row["recurrence"] = (nights + 1) / (1 + 2 * (not row["alarm"])) if known else None
    incidents = pa.Table.from_pylist(rows, schema=data.incidents.schema)
    summary = data.manifest.incidents.model_copy(update={"alarms": alarms, "nights": nights})
    manifest = data.manifest.model_copy(update={"incidents": summary})
    return replace(data, incidents=incidents, manifest=manifest)


def of_run(data: ReportData, run_id: str) -> ReportData:
    return replace(data, manifest=data.manifest.model_copy(update={"run_id": run_id}))


def test_leads_behind_the_first_ten_are_folded() -> None:
    data = report_data(24)
    place = data.findings.column_names.index("basis")
    basis = pa.array(["rank"] * 24)
    findings = data.findings.set_column(place, data.findings.field("basis"), basis)
    page = render(replace(data, findings=findings))
    shown, folded = page.split('id="weaker"')
    assert len(re.findall(r'id="incident-\d+"', shown)) == 10
    assert len(re.findall(r'id="incident-\d+"', folded)) == 6
    assert 'id="weaker"' not in render(data)


def test_alarms_stand_open_above_the_leads_which_are_folded_away_with_their_number() -> None:
    page = render(of_nights(28, 1))
    top, folded = page.split('<details class="fold" id="leads">')
    assert len(re.findall(r'<details class="card [a-z]+" id="incident-1" open>', top)) == 1
    assert "none of 28 nights before was as odd" in _Page(top).text()
    assert "as odd a night" not in _Page(top).text()
    read = _Page(folded).text()
    assert read.startswith("Leads 3 incidents")
    assert read.count("as odd a night: once in 9 nights") == 3
    assert 'id="incident-2" open' not in folded
    assert folded.count('class="by-rank"') == 3
    assert "<strong>1 alarm, held against 28 nights before.</strong>" in page
    assert ": 1 alarm</title>" in page


def test_a_quiet_run_says_so_before_its_leads() -> None:
    page = render(of_nights(28, 0))
    said = "Quiet: no alarm, held against 28 nights before."
    assert f'<p class="panel calm">{said}</p>' in page.split('id="leads"')[0]
    assert f"<strong>{said}</strong>" in page
    assert ": quiet</title>" in page
    assert _Page(page).cards() == 4


def test_a_quiet_run_without_leads_has_nothing_to_fold() -> None:
    read = _Page(render(of_nights(28, 0, findings=0)))
    assert "Quiet: no alarm" in read.text()
    assert "Leads" not in read.text()


def test_an_alarm_of_a_run_that_learns_says_how_many_nights_are_known() -> None:
    text = _Page(render(of_nights(2, 1))).text()
    assert "1 alarm; learning, 2 of 7 nights known." in text
    assert text.count("learning, 2 of 7 nights known") == 2
    assert "nights before" not in text


def test_a_run_against_its_own_records_speaks_of_no_nights() -> None:
    page = render(of_nights(None, 0))
    assert "night" not in _Page(page).text()
    assert "Quiet" not in page
    assert 'id="leads"' not in page
    assert ": 4 incidents</title>" in page


def test_an_alarm_among_the_oddest_is_not_called_a_lead() -> None:
    data = of_nights(28, 1)
    selection = data.manifest.selection.model_copy(update={"selected": 0, "by_rank": 6})
    manifest = data.manifest.model_copy(update={"selection": selection})
    text = _Page(render(replace(data, manifest=manifest))).text()
    assert "The rule selects none; the oddest of the rest are shown too." in text
    assert "leads, not alarms" not in text


def test_the_page_names_the_earlier_incidents_on_which_a_verdict_tells_most() -> None:
    data = of_nights(28, 0)
    asked = EarlierIncident(
        incident="i-4f", title="`ann`: `rule` is `odd`", partition=Partition.of(date(2026, 1, 9))
    )
    summary = data.manifest.incidents.model_copy(update={"to_review": [asked]})
    told = data.manifest.model_copy(update={"incidents": summary})
    text = _Page(render(replace(data, manifest=told))).text()
    assert "Earlier incidents to look at" in text
    assert all(part in text for part in ("ann", "2026-01-09", "i-4f"))
    assert "Earlier incidents to look at" not in _Page(render(data)).text()
    assert review_sentence(told) == ("A verdict on i-4f (2026-01-09) changes later alarms most.")
    assert review_sentence(data.manifest) == ""


def of_verdicts(*counts: tuple[str, int, int]) -> ReportData:
    data = report_data(findings=3)
    counted = [VerdictCount(severity=name, incidents=n, malicious=k) for name, n, k in counts]
    summary = data.manifest.incidents.model_copy(update={"verdict_counts": counted})
    return replace(data, manifest=data.manifest.model_copy(update={"incidents": summary}))


def test_from_twenty_incidents_with_verdicts_on_the_page_says_how_many_were_real() -> None:
    text = _Page(render(of_verdicts(("high", 13, 13), ("low", 10, 1)))).text()
    plain = text.replace("\N{NO-BREAK SPACE}", " ")
    assert "Of the 23 incidents with verdicts 14 were real (61 %, interval 41 to 78 %)." in plain
    assert "high 13 13 (100 %, interval 77 to 100 %)" in plain
    assert "low 10 1 (10 %, interval 2 to 40 %)" in plain


def test_of_few_verdicts_no_share_is_told() -> None:
    assert "with verdicts" not in _Page(render(of_verdicts(("high", 19, 13)))).text()
