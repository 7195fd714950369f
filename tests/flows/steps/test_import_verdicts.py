"""Verdict files that are dropped into the job's folder, and what runs make of them."""

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.steps.import_verdicts import take_in_verdicts
from flows.storage.verdicts.store import read_verdicts
from tests.flows.end_to_end.test_recurring import erasing, run_of
from tests.flows.sample_runs import published

HEADER = "incident,label,scope,until,note,who,when\n"


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """A job with one run, whose three incidents are i-1 to i-3."""
    folder = published(tmp_path).folder.parents[1]
    (folder / "verdicts").mkdir()
    return folder


def drop(job: Path, text: str | bytes, name: str = "mine.csv") -> None:
    content = text.encode() if isinstance(text, str) else text
    (job / "verdicts" / name).write_bytes(content)


def test_a_line_becomes_a_verdict_once(job: Path) -> None:
    line = 'i-1,benign,entity,2026-12-31,"a ""drill"", CHG-1",ann,2026-01-06T08:00:00Z\r\n'
    drop(job, "\ufeff" + HEADER + line)
    assert take_in_verdicts(job) == ()
    (verdict,) = read_verdicts(job)
    assert (verdict.incident, verdict.label, verdict.scope) == ("i-1", "benign", "entity")
    assert (verdict.until, verdict.note) == (date(2026, 12, 31), 'a "drill", CHG-1')
    assert (verdict.who, verdict.when) == ("ann", datetime(2026, 1, 6, 8, tzinfo=UTC))
    assert (verdict.run_id, verdict.evidence.records) == ("one", ["r"])
    assert take_in_verdicts(job) == ()
    assert read_verdicts(job) == [verdict]


def test_incident_and_label_are_enough(job: Path) -> None:
    drop(job, "label,incident,colour\nmalicious,i-2,red\n")
    assert take_in_verdicts(job) == ()
    assert take_in_verdicts(job) == ()
    (verdict,) = read_verdicts(job)
    assert (verdict.label, verdict.scope, verdict.who) == ("malicious", "this", "unknown")


def test_parquet_is_taken_too_with_days_and_times_as_such(job: Path) -> None:
    table = pa.table(
        {
            "incident": ["i-3"],
            "label": pa.array(["expected"]).dictionary_encode(),
            "until": pa.array([date(2026, 3, 1)]),
            "when": pa.array([datetime(2026, 1, 6, 8, tzinfo=UTC)]),
            "note": pa.array([None], pa.string()),
        }
    )
    pq.write_table(table, job / "verdicts" / "mine.parquet")
    assert take_in_verdicts(job) == ()
    (verdict,) = read_verdicts(job)
    assert (verdict.until, verdict.when.hour) == (date(2026, 3, 1), 8)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("i-1,benig,,,,,", "label: input should be 'benign', 'malicious' or 'expected'"),
        ("i-9,benign,,,,,", "no incident `i-9` in any run of the job"),
        (",benign,,,,,", "no incident `` in any run"),
        ("i-1,benign,all,,,,", "scope: input should be"),
        ("i-1,benign,,31.12.2026,,,", "until: input should be a valid date"),
        ("i-1,benign,,,,,yesterday", "when: input should be a valid datetime"),
        (f"i-1,benign,,,{'x' * 3_000},,", "note: string should have at most"),
    ],
)
def test_a_wrong_line_is_named_and_left_out(job: Path, line: str, said: str) -> None:
    drop(job, f"{HEADER}i-2,benign,,,,,\n{line}\ni-3,malicious,,,,,\n")
    (fault,) = take_in_verdicts(job)
    assert fault.startswith("verdicts/mine.csv line 3: ")
    assert said in fault
    assert {verdict.incident for verdict in read_verdicts(job)} == {"i-2", "i-3"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("name,label\ni-1,benign\n", "has no column `incident`"),
        ("", "has no column `incident`"),
        (HEADER.encode() + b"i-1,benign,,,\xff\xfe,,\n", "cannot be read"),
        (HEADER + 'i-1,"benign,,,,,\n', "cannot be read"),
        (HEADER + "x" * 140_000 + ",benign,,,,,\n", "cannot be read"),
    ],
)
def test_a_wrong_file_is_named_and_the_others_are_read(
    job: Path, content: str | bytes, said: str
) -> None:
    drop(job, content)
    drop(job, HEADER + "i-2,benign,,,,,\n", "yours.csv")
    drop(job, b"no parquet", "broken.parquet")
    faults = take_in_verdicts(job)
    assert [fault.split(" ")[0] for fault in faults] == [
        "verdicts/broken.parquet",
        "verdicts/mine.csv",
    ]
    assert said in faults[1]
    assert len(read_verdicts(job)) == 1


@pytest.mark.slow
def test_a_run_heeds_what_was_dropped_and_tells_what_it_left_out(tmp_path: Path) -> None:
    first = run_of(0, tmp_path)
    on = erasing(first)
    folder = tmp_path / "out/log/verdicts"
    folder.mkdir()
    (folder / "a.csv").write_text(
        f"incident,label,note\n{on['incident']},benign,a drill\n<script>,benign,\n"
    )
    again = run_of(0, tmp_path)
    assert again.manifest.incidents.suppressed == 1
    (refused,) = again.manifest.incidents.refused_verdicts
    assert refused.startswith("verdicts/a.csv line 3: no incident `<script>`")
    page = (again.folder / "report.html").read_text()
    assert "Lines of verdict files that were left out" in page
    assert "no incident `&lt;script&gt;`" in page


@pytest.mark.timeout(60)
def test_what_is_no_plain_file_is_left_out_and_told(job: Path) -> None:
    (job / "verdicts/endless.csv").symlink_to("/dev/zero")
    os.mkfifo(job / "verdicts/pipe.csv")
    (job / "verdicts/large.csv").write_bytes(b" " * (16 * 2**20 + 1))
    drop(job, HEADER + "i-1,benign,,,,,\n")
    assert set(take_in_verdicts(job)) == {
        "verdicts/endless.csv is no plain file",
        "verdicts/pipe.csv is no plain file",
        "verdicts/large.csv is larger than 16,777,216 bytes",
    }
    assert len(read_verdicts(job)) == 1


@pytest.mark.timeout(60)
@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\x00", b"[" * 100_000, None])
def test_a_damaged_verdict_is_left_out_told_and_given_again(job: Path, content) -> None:
    drop(job, HEADER + "i-1,benign,,,,,\ni-2,benign,,,,,\n")
    assert take_in_verdicts(job) == ()
    damaged, sound = read_verdicts(job)
    file = job / f"verdicts/{damaged.verdict}.json"
    file.unlink()
    if content is None:
        file.symlink_to("/dev/zero")
    else:
        file.write_bytes(content)
    assert read_verdicts(job) == [sound]
    said = take_in_verdicts(job)
    assert said == (f"verdicts/{damaged.verdict}.json is damaged: it is left out",)
    assert read_verdicts(job) == [damaged, sound]  # the line of the file gives it again
    assert take_in_verdicts(job) == ()
