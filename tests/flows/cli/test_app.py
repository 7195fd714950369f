import io
import json
import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from anomaly.incidents.verdicts import reaches
from flows.cli.app import main
from flows.cli.console import Terminal
from flows.cli.incident_view import show_incidents
from flows.cli.options import Services
from flows.jobs.job_file import job_name_of
from flows.results.incident_stacks import Line
from flows.storage.runs.writer import RunFolder
from flows.storage.verdicts.store import read_verdicts
from schemas.columns.roles import ColumnProfile, Role, RoleChoice
from schemas.errors import InputError
from schemas.job.partition import Partition
from schemas.outputs.tables import INCIDENT
from tests.flows.sample_runs import findings, incidents, manifest, published, rejected, scores


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


class FakeWork:
    """Stands in for the long work: remembers the job it was given, publishes a run of `rows`."""

    def __init__(self, rows=(9, 7, 2), selected=12, alarms=0, nights=None, stack=()):
        self.rows, self.stack = rows, stack
        self.alarms, self.nights = alarms, nights
        self.selected = selected
        self.job = None
        self.partition = None
        self.direct = None

    def run_detect(self, job, *, partition, direct, on_progress):
        self.job, self.partition, self.direct = job, partition, direct
        scored, found, quarantined = self.rows
        folder = RunFolder.create(job.output, job.name, "run-1")
        on_progress("score", 1, 1)
        print("a library says hello")
        folder.write_part("scores", 0, scores(scored))
        folder.write_part("findings", 0, findings(found))
        folder.write_part("incidents", 0, with_stack(incidents(found, self.alarms), self.stack))
        folder.write_part("quarantine", 0, rejected(quarantined))
        made = manifest("run-1", self.rows)
        selection = made.selection.model_copy(update={"selected": self.selected})
        update = {"selection": selection, "severities": {"low": found}, "job": job.name}
        nights = {"alarms": self.alarms, "nights": self.nights}
        nights["alarm_stacks"] = self.alarms - max(len(self.stack) - 1, 0)
        update["incidents"] = made.incidents.model_copy(update=nights)
        return folder.publish(made.model_copy(update=update), "<p>report</p>")

    def profile_input(self, location):
        text = ColumnProfile(
            name="a[b]",
            kind="string",
            rows=3,
            nulls=0,
            distinct=3,
            top_share=0.3,
            mean_length=4,
            space_share=0,
            patterns={},
            examples=("x",),
        )
        return {"a[b]": text}, {"a[b]": RoleChoice(Role.CATEGORY, "3 distinct values")}


def outfield(*tokens, work=None):
    work = work or FakeWork()
    services = Services(work.run_detect, work.profile_input, why_not_due=lambda _: None)
    return main(tokens, services)


def raising(error):
    def run_detect(*_args, **_kwargs):
        raise error

    return replace(Services(), run_detect=run_detect)


@pytest.mark.slow
def test_help_and_version_import_nothing_heavy():
    heavy = "{'pyarrow', 'pandas', 'prefect', 'sklearn', 'altair', 'numpy', 'pydantic'}"
    for option in ("--help", "--version"):
        code = (
            f"import sys; from flows.cli.app import main; code = main(['{option}']);"
            f" sys.exit(code or ', '.join(sorted({heavy} & set(sys.modules))) or 0)"
        )
        result = subprocess.run(  # noqa: S603 - our own code
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            cwd=Path(__file__).parents[3],
            check=False,
        )
        assert result.returncode == 0, result.stderr
        assert "outfield" in result.stdout


@pytest.mark.slow
def test_looking_at_runs_does_not_import_prefect(tmp_path):
    published(tmp_path / "out")
    code = (
        "import sys; from flows.cli.app import main;"
        f" folder = {str(tmp_path / 'out/job')!r};"
        " code = main(['findings', folder]) or main(['runs', folder]);"
        " sys.exit(code or 'prefect' in sys.modules)"
    )
    result = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        check=False,
    )
    assert result.returncode == 0, result.stderr


def test_version(capsys):
    assert outfield("--version") == 0
    assert capsys.readouterr().out == f"outfield {version('outfield')}\n"


def test_detect_sums_up_what_it_did(capsys):
    assert outfield("detect", "logs/kdd99.parquet") == 0
    out = capsys.readouterr().out
    assert "11 rows read = 9 scored + 2 quarantined + 0 skipped" in out
    assert "quarantined: 2 null time" in out
    assert "7 findings (7 low): 7 by r; the budget of 100 cut off 5 more" in out
    assert "number 5" in out
    assert "number 6" not in out
    assert "Report    outfield-output/kdd99/runs/run-1/report.html\n" in out
    assert "Findings  outfield-output/kdd99/runs/run-1/findings\n" in out
    assert Path("outfield-output/kdd99/runs/run-1/report.html").exists()
    assert "library" not in out


def test_detect_prints_alarms_first_and_the_leads_below(capsys):
    assert outfield("detect", "x.parquet", work=FakeWork(alarms=1, nights=28)) == 0
    out = capsys.readouterr().out
    assert out.startswith("1 alarm, held against 28 nights before.\n")
    alarms, rest = out.split("11 rows read")
    assert "none of 28 nights before was as odd" in alarms
    assert ("number 1" in alarms, "number 2" in alarms) == (True, False)
    assert ("number 1" in rest, "number 2" in rest) == (False, True)


def test_detect_says_where_more_alarms_are(capsys):
    assert outfield("detect", "x.parquet", work=FakeWork(alarms=7, nights=2)) == 0
    out = capsys.readouterr().out
    assert out.startswith("7 alarms; learning, 2 of 7 nights known.\n")
    assert "and 2 more: outfield incidents outfield-output/x --alarms\n" in out


def test_detect_says_that_a_run_is_quiet(capsys):
    assert outfield("detect", "x.parquet", work=FakeWork(nights=7)) == 0
    assert capsys.readouterr().out.startswith(
        "Quiet: no alarm, held against 7 nights before.\n\n11"
    )


def test_detect_speaks_of_no_nights_where_a_log_is_judged_against_itself(capsys):
    assert outfield("detect", "x.parquet") == 0
    out = capsys.readouterr().out
    assert out.startswith("11 rows read")
    assert "night" not in out
    assert "larm" not in out


def test_one_is_not_many(capsys):
    assert outfield("detect", "x.parquet", work=FakeWork((1, 1, 0), 1)) == 0
    out = capsys.readouterr().out
    assert "1 row read = 1 scored + 0 quarantined + 0 skipped" in out
    assert "1 finding (1 low): 1 by r\n" in out


def test_detect_without_findings_still_sums_up(capsys):
    assert outfield("detect", "x.parquet", work=FakeWork((3, 0, 0), 0)) == 0
    out = capsys.readouterr().out
    assert "0 findings: 0 by r\n" in out
    assert "quarantined:" not in out


def test_detect_prints_one_json_document_and_nothing_else(capsys):
    assert outfield("detect", "logs/kdd99.parquet", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["manifest"]["ledger"]["scored"] == 9
    assert document["files"]["report"] == "outfield-output/kdd99/runs/run-1/report.html"
    assert [incident["rank"] for incident in document["top"]] == [1, 2, 3, 4, 5]
    assert document["top"][0]["first_time"].startswith("2026-01-01")


def test_the_command_line_wins_over_the_job_file():
    Path("job.toml").write_text('input = "a"\noutput = "b"\nname = "c"\nseed = 7\n')
    work = FakeWork()
    assert outfield("detect", "--job", "job.toml", work=work) == 0
    assert (work.job.input, work.job.output, work.job.name) == ("a", "b", "c")
    assert work.direct is False
    tokens = ("x", "--job", "job.toml", "--output", "y", "--name", "z", "--direct")
    assert outfield("detect", *tokens, work=work) == 0
    assert (work.job.input, work.job.output, work.job.name) == ("x", "y", "z")
    assert work.job.seed == 7
    assert work.direct is True


def test_a_name_that_leads_out_of_the_output_folder_is_refused(capsys):
    assert outfield("detect", "x", "--name", "../../../evil") == 2
    assert_one_line(capsys, "outfield: error: command line: name: it names a folder")


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("logs/kdd99.parquet", "kdd99"),
        ("/data/signins/", "signins"),
        ("s3://bucket/signins/day=*/*.parquet", "signins"),
        ("logs/app-*.parquet", "logs"),
        ("C:\\logs\\events.parquet", "events"),
    ],
)
def test_the_job_is_named_after_its_input(location, name):
    assert job_name_of(location) == name


def test_the_working_directory_as_input_gives_its_name(tmp_path, monkeypatch):
    (tmp_path / "audit").mkdir()
    monkeypatch.chdir(tmp_path / "audit")
    assert job_name_of(".") == job_name_of("*.parquet") == job_name_of("./") == "audit"


def test_detect_without_input_is_the_users_to_mend(capsys):
    assert outfield("detect") == 2
    assert_one_line(capsys, "outfield: error: no input; name a file")


def assert_one_line(capsys, start):
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(start)
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (["detec", "x"], 'Unknown command "detec". Did you mean "detect"?'),
        (["detect", "x", "--jsn"], "Unknown option: --jsn. Did you mean --json?"),
        (["detect", "x", "y"], "['y']"),
        (["findings", "x", "--top", "0"], "--top"),
        (["findings", "x", "--top", "many"], "--top"),
        (["findings"], "DIR/NAME"),
        (["runs", "nowhere"], "nowhere: no such folder; "),
        (["findings", "nowhere"], "nowhere: no such folder; "),
        (["detect", "--job", "missing.toml"], "missing.toml"),
    ],
)
def test_wrong_usage_ends_with_2_and_one_line(capsys, tokens, message):
    assert outfield(*tokens) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("outfield: error: ")
    assert message in captured.err
    assert captured.err.count("\n") == 1


def test_an_input_error_ends_with_2_and_is_not_read_as_markup_nor_obeyed(capsys):
    error = InputError("no such\nfile", where="[red]\x1b[2Jx", remedy="name another")
    assert main(["detect", "x"], raising(error)) == 2
    assert capsys.readouterr().err == (
        "outfield: error: [red]\\x1b[2Jx: no such file; name another\n"
    )


def test_a_fault_of_ours_ends_with_1_and_one_line(capsys):
    assert main(["detect", "x"], raising(ZeroDivisionError("by\nzero"))) == 1
    assert capsys.readouterr().err == (
        "outfield failed: ZeroDivisionError: by zero; this is a fault of ours;"
        " run with --verbose for the traceback\n"
    )


def test_verbose_prints_the_traceback_too(capsys):
    assert main(["detect", "x", "--verbose"], raising(ZeroDivisionError("zero"))) == 1
    err = capsys.readouterr().err
    assert err.startswith("Traceback (most recent call last):\n")
    assert "in run_detect" in err


@pytest.mark.parametrize(
    "error",
    [
        OSError("When listing: AWS Error SLOW_DOWN during ListObjectsV2 operation: 503"),
        ConnectionResetError(104, "Connection reset by peer"),
        OSError(5, "Input/output error"),
    ],
)
def test_storage_that_does_not_answer_is_no_fault_of_ours(capsys, error):
    assert main(["detect", "x"], raising(error)) == 2
    err = capsys.readouterr().err
    assert err.startswith("outfield: error: storage did not answer (")
    assert err.endswith("); try again later\n")
    assert err.count("\n") == 1


def test_ctrl_c_ends_with_130(capsys):
    assert main(["detect", "x"], raising(KeyboardInterrupt())) == 130
    assert_one_line(capsys, "outfield: stopped")


@pytest.mark.slow
def test_a_reader_that_leaves_early_sees_no_error(tmp_path):
    published(tmp_path, n=28)
    command = f"import sys; from flows.cli.app import main; sys.exit(main(['findings', '{tmp_path}/job', '--json']))"  # noqa: E501
    with subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_findings_shows_the_newest_run_or_the_one_asked_for(tmp_path, capsys):
    published(tmp_path, "old", 1, n=2)
    published(tmp_path, "new", 2, n=3)
    assert outfield("findings", "job", "--top", "1") == 0
    out = capsys.readouterr().out
    assert "number 1" in out
    assert "number 2" not in out
    assert "1 of 3 findings of run new" in out
    assert outfield("findings", "job", "--run", "old") == 0
    assert "2 of 2 findings of run old" in capsys.readouterr().out
    assert outfield("findings", "job", "--run", "odl") == 2
    assert "the nearest of 2 is old" in capsys.readouterr().err


def test_incidents_shows_those_of_a_run(tmp_path, capsys):
    published(tmp_path / "out")
    assert outfield("incidents", "out/job", "--top", "2") == 0
    out = capsys.readouterr().out
    assert "number 2" in out
    assert "number 3" not in out
    assert "3 incidents of 3 records: 3 new; run one" in out


WIPE = {"pattern": "action = wipe", "reasons": [{"column": "action", "share": 1, "sentence": ""}]}


def with_stack(table, ranks, **changes):
    """Make those incidents one stack, of what wipes."""
    of_it = {"stack": f"i-{max(ranks, default=0)}", **WIPE, **changes}
    rows = [row | (of_it if row["rank"] in ranks else {}) for row in table.to_pylist()]
    return pa.Table.from_pylist(rows, schema=INCIDENT)


def stack_of(run, ranks, **changes):
    part = run.folder / "incidents/part-00000.parquet"
    pq.write_table(with_stack(pq.read_table(part), ranks, **changes), part)


def test_a_stack_is_one_line_at_the_place_of_its_first_incident(tmp_path, capsys):
    stack_of(published(tmp_path / "out", n=4), (2, 4))
    assert outfield("incidents", "out/job", "--top", "2") == 0
    out = capsys.readouterr().out
    assert "number 2 (× 2: `action = wipe`)\n" in out
    assert ("number 1\n" in out, "number 3" in out, "number 4" in out) == (True, False, False)
    assert outfield("incidents", "out/job", "--all") == 0
    out = capsys.readouterr().out
    assert [f"number {rank}\n" in out for rank in range(1, 5)] == [True] * 4
    assert "×" not in out
    assert outfield("incidents", "out/job", "--json") == 0
    rows = json.loads(capsys.readouterr().out)["incidents"]
    assert [row["stack"] for row in rows] == [None, "i-4", None, "i-4"]


def test_a_stack_counts_only_the_incidents_that_are_asked_for(tmp_path, capsys):
    stack_of(published(tmp_path / "out", n=4), (2, 3, 4))
    assert outfield("incidents", "out/job", "--since", "2026-01-03") == 0
    out = capsys.readouterr().out
    assert "number 3 (× 2: `action = wipe`)\n" in out
    assert "\n2 of 4 incidents match\n" in out


@pytest.mark.parametrize(
    ("changes", "what", "scope"),
    [
        ({}, "`action = wipe`", "pattern"),
        ({"pattern": "action"}, "`action` of `eve`", "this"),
    ],
)
def test_the_verdict_on_a_stack_that_is_offered_is_about_all_of_it(
    changes, what, scope, tmp_path, capsys
):
    stack_of(published(tmp_path / "out"), (1, 3), identity="k-1", **changes)
    assert outfield("incidents", "out/job") == 0
    command = f"outfield verdict i-1 --scope {scope} --label LABEL --output out/job"
    assert f"\nOne verdict about all with {what}:\n  {command}\n" in capsys.readouterr().out
    asked = command.replace("LABEL", "expected").split()[1:]
    assert outfield(*asked) == 0
    (verdict,) = read_verdicts(tmp_path / "out/job")
    rows = pq.read_table(tmp_path / "out/job/runs/one/incidents").to_pylist()
    assert [reaches(verdict, row) for row in rows] == [True, False, True]


def test_the_alarms_of_a_stack_are_one_line_and_are_counted_as_alarms(capsys):
    work = FakeWork(alarms=7, nights=28, stack=(1, 2, 3))
    assert outfield("detect", "x.parquet", work=work) == 0
    out = capsys.readouterr().out
    assert out.startswith("7 alarms in 5 stacks, held against 28 nights before.\n")
    assert out.count("number 1 (× 3: `action = wipe`)") == 1
    assert "number 2" not in out
    assert " more: " not in out  # five lines stand for all seven


def test_incidents_as_json_hold_times_and_entities(tmp_path, capsys):
    published(tmp_path / "out")
    assert outfield("incidents", "out/job", "--json") == 0
    first = json.loads(capsys.readouterr().out)["incidents"][0]
    assert first["first_time"] == "2026-01-01T00:00:00+00:00"
    assert first["entities"] == [{"column": "user", "distinct": 1, "names": ["eve"]}]


def test_incidents_shows_the_alarms_alone_and_how_rare_they_are(tmp_path, capsys):
    published(tmp_path / "out", alarms=2, nights=28)
    assert outfield("incidents", "out/job", "--alarms") == 0
    out = capsys.readouterr().out
    assert ("number 2" in out, "number 3" in out) == (True, False)
    assert out.count("none of 28 nights before was as odd") == 2
    assert out.endswith("\n\n2 alarms, held against 28 nights before; run one\n")


def test_incidents_marks_the_alarms_in_the_list_of_all(tmp_path, capsys):
    published(tmp_path / "out", alarms=1, nights=28)
    assert outfield("incidents", "out/job") == 0
    first, *others = capsys.readouterr().out.splitlines()[1:4]
    assert first.split()[:2] == ["alarm", "1"]
    assert [line.split()[0] for line in others] == ["2", "3"]


def test_incidents_without_alarms_have_no_marks(tmp_path, capsys):
    published(tmp_path / "out", nights=28)
    assert outfield("incidents", "out/job") == 0
    assert "alarm" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("nights", "said"),
    [
        (28, "Quiet: no alarm, held against 28 nights before; run one"),
        (None, "No alarm, as the records were judged against each other; run one"),
    ],
)
def test_incidents_says_why_there_is_no_alarm(nights, said, tmp_path, capsys):
    published(tmp_path / "out", nights=nights)
    assert outfield("incidents", "out/job", "--alarms") == 0
    assert said in capsys.readouterr().out


def test_alarms_as_json_hold_how_rare_they_are(tmp_path, capsys):
    published(tmp_path / "out", alarms=1, nights=28)
    assert outfield("incidents", "out/job", "--alarms", "--json") == 0
    (alarm,) = json.loads(capsys.readouterr().out)["incidents"]
    assert (alarm["incident"], alarm["alarm"], alarm["recurrence"]) == ("i-1", True, 29.0)
    assert outfield("incidents", "out/job", "--json") == 0
    rows = json.loads(capsys.readouterr().out)["incidents"]
    assert [row["alarm"] for row in rows] == [True, False, False]


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        (["--since", "2026-01-02"], ["i-2", "i-3"]),
        (["--since", "2026-01-02T01:00+01:00"], ["i-2", "i-3"]),
        (["--since", "2026-01-02T00:01"], ["i-3"]),
        (["--status", "new"], ["i-1", "i-2", "i-3"]),
        (["--status", "worse", "--status", "recurring"], []),
        (["--severity", "low", "--severity", "high", "--since", "2026-01-03"], ["i-3"]),
        (["--severity", "critical"], []),
        (["--view", "records"], ["i-1", "i-2", "i-3"]),
        (["--view", "window"], []),
        (["--alarms", "--since", "2026-01-02"], ["i-2"]),
    ],
)
def test_incidents_are_those_that_are_asked_for(asked, shown, tmp_path, capsys):
    published(tmp_path / "out", alarms=2, nights=28)
    assert outfield("incidents", "out/job", *asked) == 0
    out = capsys.readouterr().out
    assert [name for name in ("i-1", "i-2", "i-3") if name in out] == shown
    assert f"\n{len(shown)} of 3 incidents match\n" in out
    assert outfield("incidents", "out/job", *asked, "--json") == 0
    rows = json.loads(capsys.readouterr().out)["incidents"]
    assert [row["incident"] for row in rows] == shown


def test_incidents_since_no_time_are_refused_in_one_line(tmp_path, capsys):
    published(tmp_path / "out")
    assert outfield("incidents", "out/job", "--since", "yesterday") == 2
    assert_one_line(capsys, "outfield: error: --since: 'yesterday' is not a time; write it as")


@pytest.mark.parametrize(
    ("last", "said"),
    [
        ("2026-01-09T14:40:59", "2026-01-09 14:40  "),
        ("2026-01-09T14:43:00", "2026-01-09 14:40 - 14:43  "),
        ("2026-01-10T01:02:00", "2026-01-09 14:40 - 01-10 01:02  "),
        ("2027-01-10T01:02:00", "2026-01-09 14:40 - 2027-01-10 01:02  "),
        (None, "i-1"),
    ],
)
def test_incidents_tell_when_they_happened(last, said):
    first = None if last is None else datetime.fromisoformat("2026-01-09T14:40:00Z")
    times = {"first_time": first, "last_time": last and datetime.fromisoformat(f"{last}Z")}
    out = io.StringIO()
    row = incidents(1).to_pylist()[0] | times | {"title": "x" * 99}
    show_incidents(Terminal(out, io.StringIO()), [Line(row)])
    assert said in out.getvalue()


def test_findings_are_those_of_an_incident(tmp_path, capsys):
    published(tmp_path / "out")
    assert outfield("findings", "out/job", "--incident", "i-2") == 0
    out = capsys.readouterr().out
    assert ("number 2" in out, "number 1" in out) == (True, False)
    assert out.endswith("\n1 of 1 finding of incident i-2 of run one\n")
    assert outfield("findings", "out/job", "--incident", "i-2", "--json") == 0
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding["rank"] == 2


def test_findings_of_an_incident_that_is_not_there_are_refused_in_one_line(tmp_path, capsys):
    published(tmp_path / "out")
    assert outfield("findings", "out/job", "--incident", "i-9") == 2
    said = "outfield: error: out/job: no incident i-9 in run one; `outfield incidents` lists them"
    assert_one_line(capsys, said)


def test_diff_tells_what_is_new_and_what_is_gone(tmp_path, capsys):
    one = published(tmp_path / "out", "one", 1, n=3)
    two = published(tmp_path / "out", "two", 2, n=2)
    assert outfield("diff", str(one.folder), str(two.folder)) == 0
    out = capsys.readouterr().out
    assert "0 new, 0 worse, 2 recurring, 1 not seen, 0 resolved" in out
    assert outfield("diff", str(two.folder), str(one.folder), "--json") == 0
    changes = json.loads(capsys.readouterr().out)
    assert [(each["change"], each["incident"]) for each in changes] == [
        ("new", "i-3"),
        ("recurring", "i-1"),
        ("recurring", "i-2"),
    ]


def test_diff_of_a_folder_that_is_no_run_says_so(tmp_path, capsys):
    published(tmp_path / "out", "one", 1)
    assert outfield("diff", "out/job", "nowhere") == 2
    assert "nowhere: no such folder" in capsys.readouterr().err


def test_findings_as_json_hold_the_event_and_the_reasons(tmp_path, capsys):
    published(tmp_path, n=3)
    assert outfield("findings", "job", "--top", "2", "--json") == 0
    found = json.loads(capsys.readouterr().out)["findings"]
    assert [finding["rank"] for finding in found] == [1, 2]
    assert found[0]["event"]["agent.name"] == "curl"
    assert found[0]["event"]["agent"] is None
    assert found[0]["reasons"][0]["observed"] == "eve"


def test_runs_lists_them_newest_first_with_their_ledgers(tmp_path, capsys):
    published(tmp_path, "old", 1, n=1)
    published(tmp_path, "new", 2, n=3)
    assert outfield("runs", "job") == 0
    header, *rows = (line.split() for line in capsys.readouterr().out.splitlines())
    assert header[:3] == ["run", "started", "read"]
    assert [row[0] for row in rows] == ["new", "old"]
    assert rows[0][-5:] == ["6", "3", "3", "0", "3"]
    assert "cut" not in header
    assert outfield("runs", "job", "--json") == 0
    documents = json.loads(capsys.readouterr().out)
    assert [document["manifest"]["run_id"] for document in documents] == ["new", "old"]


def test_a_job_whose_runs_all_failed_has_none(tmp_path, capsys):
    RunFolder.create(str(tmp_path), "job", "killed")
    assert outfield("runs", "job") == 0
    assert capsys.readouterr().out == "No finished run yet.\n"
    assert outfield("runs", "job", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []


def test_init_writes_a_job_file_named_after_the_input_and_never_over_another(capsys):
    assert outfield("init", "logs/kdd99.parquet") == 0
    out = capsys.readouterr().out
    assert "a[b]" in out
    assert "3 distinct values" in out
    assert "outfield detect --job kdd99.toml" in out
    Path("kdd99.toml").write_text("mine")
    assert outfield("init", "logs/kdd99.parquet") == 2
    assert "kdd99.toml: is there already; replace it with --force" in capsys.readouterr().err
    assert Path("kdd99.toml").read_text() == "mine"
    assert outfield("init", "logs/kdd99.parquet", "--force") == 0
    assert Path("kdd99.toml").read_text() != "mine"


def test_the_job_file_of_init_is_one_that_detect_takes():
    assert outfield("init", "logs/kdd99.parquet", "--output-file", "my job.toml") == 0
    work = FakeWork()
    assert outfield("detect", "--job", "my job.toml", work=work) == 0
    assert work.job.input == "logs/kdd99.parquet"
    assert work.job.columns == {} or work.job.columns["a[b]"].role == Role.CATEGORY


def test_init_into_a_folder_that_is_not_there_is_the_users_to_mend(capsys):
    assert outfield("init", "x.parquet", "--output-file", "no/such/job.toml") == 2
    assert "cannot be written" in capsys.readouterr().err


def test_schema_prints_the_job_files_json_schema(capsys):
    assert outfield("schema") == 0
    assert "columns" in json.loads(capsys.readouterr().out)["properties"]


def test_detect_passes_the_partition_on():
    work = FakeWork()
    tokens = ("detect", "logs/{date}", "--partition", "2026-01-05")
    assert outfield(*tokens, work=work) == 0
    assert work.partition == Partition.of(date(2026, 1, 5))


def test_serve_shows_the_jobs_that_have_a_schedule_and_serves_them(capsys):
    served = []
    Path("jobs").mkdir()
    Path("jobs/a.toml").write_text('input = "a"\n[schedule]\ncron = "0 6 * * *"\n')
    Path("jobs/b.toml").write_text('input = "b"\n')
    services = replace(Services(), serve_jobs=lambda *arguments: served.append(arguments))
    assert main(["serve", "jobs", "--limit", "2"], services) == 0
    ((jobs, folder, limit),) = served
    assert ([(file, job.name) for file, job in jobs.items()], folder, limit) == (
        [("a", "a")],
        "jobs",
        2,
    )
    assert capsys.readouterr().out.splitlines()[1].split() == (
        ["detect/a", "a.toml", "0", "6", "*", "*", "*", "UTC"]
    )
