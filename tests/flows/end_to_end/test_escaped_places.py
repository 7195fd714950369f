"""Texts of a log in every place that shows them: one list of payloads, all places."""

import csv
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from apprise import NotifyFormat
from apprise.conversion import convert_between
from markdown_it import MarkdownIt

from flows.cli.app import main
from flows.orchestration.artifacts import top_incidents
from flows.report.page import render
from flows.results.export import csv_lines, ocsf_lines
from flows.results.notifications import tell_of_outcome
from flows.storage.runs.reader import PublishedRun
from schemas.escaping import escape
from tests.flows.report import sample
from tests.flows.results.test_notifications import ALARM, Duty, of_incidents, on_duty
from tests.flows.sample_runs import published

PAYLOADS = [
    "[Reset your password](http://evil.example/x)",
    "![x](http://evil.example/x.png)",
    "<img src=http://evil.example/x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>open</a>",
    "</script><script>alert(1)</script>",
    "<http://evil.example/x>",
    "<http://evil.example/x|click>",
    "see http://evil.example/x and www.evil.example",
    "[a]: http://evil.example/x",
    "`` `code` ``](http://evil.example)",
    "\\[a\\](http://evil.example/x)",
    "&lt;img src=x&gt; &#60;b&#62;",
    "@everyone <!channel> @here",
    "| a | b |\n|---|---|",
    "# heading\n\n- list",
    '=HYPERLINK("http://evil.example")',
    " +cmd|' /C calc'!A0",
    "\x1b]8;;http://evil.example\x07open\x1b]8;;\x07",
    "gpj\u202eexe.\x00\u2028",
    "{{ 7 * 7 }} ${7*7} %s",
]


class _Read(HTMLParser):
    """A page as a browser takes it apart."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str | None] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module", params=PAYLOADS)
def payload(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _run(folder: Path, payload: str) -> PublishedRun:
    """A run whose incidents and findings have a payload for their texts."""
    run = published(folder)
    told = dict.fromkeys(("title", "summary", "record_id", "entity"), payload)
    table = pq.read_table(run.folder / "findings")
    for name in ("record_id", "summary"):
        place, values = table.column_names.index(name), pa.array([payload] * 3)
        table = table.set_column(place, table.field(name), values)
    shutil.rmtree(run.folder / "findings")
    (run.folder / "findings").mkdir()
    pq.write_table(table, run.folder / "findings/part-00000.parquet")
    return of_incidents(run, 28, ALARM | told)


def test_an_artifact_of_prefect_shows_the_text_itself(tmp_path: Path, payload: str) -> None:
    for row in top_incidents(_run(tmp_path, payload)):
        for cell in [str(row["title"])]:
            for page in (MarkdownIt("commonmark").render(f"x {cell}"), cell):
                read = _Read(page)
                assert read.tags <= {"p"}
                assert read.links == []
            shown = _Read(MarkdownIt("commonmark").render(f"x {cell}")).text
            assert shown.strip("\n") == f"x {escape(payload)}"
            assert not re.search(r"https?://|www\.", cell)


@pytest.mark.slow
def test_a_message_has_no_link_tag_or_mention(
    tmp_path: Path, payload: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    duty: Duty
    with on_duty(200) as duty:
        monkeypatch.setenv("OUTFIELD_NOTIFY_URL", duty.url)
        tell_of_outcome(_run(tmp_path, payload), "alarm")
        (message,) = duty.messages
    told = message["message"]
    assert len(told.splitlines()) == 2
    assert not re.search(r"://|\]\(|[<>]|@(everyone|here|channel)", told)
    mail = convert_between(NotifyFormat.TEXT, NotifyFormat.HTML, told)
    assert _Read(mail).tags <= {"br", "p"}
    slack = convert_between(NotifyFormat.TEXT, NotifyFormat.MARKDOWN, told)
    assert _Read(MarkdownIt("commonmark").render(slack)).links == []


@pytest.mark.slow
def test_exports_and_the_terminal_hold_one_printable_line_for_each(
    tmp_path: Path, payload: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = _run(tmp_path, payload)
    lines = list(csv_lines(run, "incidents"))
    assert all(line.isprintable() for line in lines)
    (row,) = csv.DictReader(lines)
    assert row["title"].lstrip("'") == escape(payload)
    assert not row["title"].lstrip().startswith(("=", "+", "-", "@"))
    (finding,) = ocsf_lines(run)
    assert finding.isascii()
    assert finding.isprintable()
    assert json.loads(finding)["finding_info"]["title"] == payload
    assert main(["incidents", str(run.folder.parents[1])]) == 0
    assert capsys.readouterr().out.replace("\n", "").isprintable()


@pytest.mark.slow
def test_the_report_shows_the_text_itself(payload: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calm = _Read(render(sample.report_data(4)))
    monkeypatch.setattr(sample, "HOSTILE", payload)
    read = _Read(render(sample.report_data(4, hostile=True)))
    assert read.tags <= calm.tags | {"em"}
    assert {link for link in read.links if "evil" in str(link)} == set()
