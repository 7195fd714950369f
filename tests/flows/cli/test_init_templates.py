"""Job files for logs whose layout is known: nested records, judged from end to end."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from flows.cli.app import main
from flows.jobs.job_file import complete_job, load_job
from flows.results.export import ocsf_findings
from flows.storage.runs.reader import read_findings
from schemas.outputs.ocsf import VERSION
from tests.flows.sample_logs import detect, written
from tests.ocsf_schema import faults


def ocsf_events(n: int = 200) -> pa.Table:
    """API activity (class 6003) of nine users; the last but one does something else."""
    rng = np.random.default_rng(0)
    operations = ["GetObject", "ListBuckets", "PutObject"]
    rows = [
        _event(6003, i, rng)
        | {
            "actor": {"user": {"name": f"u{rng.integers(0, 9)}"}},
            "api": {"operation": operations[int(rng.integers(0, 3))]},
            "src_endpoint": {"ip": f"10.0.0.{rng.integers(0, 9)}"},
        }
        for i in range(n)
    ]
    rows[-2] |= {"api": {"operation": "DeleteTrail"}, "src_endpoint": {"ip": "203.0.113.9"}}
    return pa.Table.from_pylist(rows)


def mixed_ocsf_events(n: int = 600) -> list[dict[str, Any]]:
    """Logons, connections and processes of nine users, a third each; two are unlike the rest."""
    rng = np.random.default_rng(1)
    events = []
    for i in range(n):
        user, host = f"u{rng.integers(0, 9)}", f"h{rng.integers(0, 5)}"
        logon = {
            "user": {"name": user},
            "auth_protocol": "Kerberos",
            "auth_protocol_id": 2,
            "is_mfa": True,
            "dst_endpoint": {"hostname": host},
        }
        connection = {
            "src_endpoint": {"ip": f"10.0.0.{rng.integers(0, 9)}"},
            "dst_endpoint": {"ip": "10.0.1.1", "port": 443},
            "traffic": {"bytes_out": int(rng.lognormal(7, 1)), "bytes_in": 900},
        }
        process = {
            "actor": {"user": {"name": user}},
            "device": {"hostname": host, "type_id": 1},
            "process": {"name": "backup", "pid": i, "cmd_line": f"backup --day {i % 28}"},
        }
        class_uid, told = [(3002, logon), (4001, connection), (1007, process)][i % 3]
        events.append(_event(class_uid, i, rng) | told)
    events[300]["auth_protocol"], events[300]["is_mfa"] = "Basic Authentication", False
    events[301]["dst_endpoint"] = {"ip": "198.51.100.7", "port": 6_667}
    events[301]["traffic"]["bytes_out"] = 4_000_000_000
    return events


def _event(class_uid: int, i: int, rng: np.random.Generator) -> dict[str, Any]:
    product = {"name": "invented", "vendor_name": "invented"}
    return {
        "time": 1_767_600_000_000 + int(rng.integers(0, 600_000_000)),
        "class_uid": class_uid,
        "category_uid": class_uid // 1_000,
        "type_uid": 100 * class_uid + 1,
        "activity_id": 1,
        "severity_id": 1,
        "metadata": {"uid": f"e{i}", "version": VERSION, "product": product},
    }


def cloudtrail_records(n: int = 200) -> pa.Table:
    events = ocsf_events(n).to_pylist()
    return pa.Table.from_pylist(
        [
            {
                "eventID": row["metadata"]["uid"],
                "eventTime": f"2026-01-05T{i % 24:02d}:{i % 60:02d}:00Z",
                "userIdentity": {"type": "IAMUser", "userName": row["actor"]["user"]["name"]},
                "sourceIPAddress": row["src_endpoint"]["ip"],
                "eventName": row["api"]["operation"],
                "readOnly": "true" if row["api"]["operation"] == "ListBuckets" else "false",
                "requestParameters": {"bucketName": "logs"},
            }
            for i, row in enumerate(events)
        ]
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("template", "log", "roles"),
    [
        (
            "ocsf",
            ocsf_events(),
            {
                "metadata.uid": "id",
                "time": "time",
                "actor.user.name": "entity",
                "class_uid": "ignore",
            },
        ),
        (
            "cloudtrail",
            cloudtrail_records(),
            {"eventID": "id", "eventTime": "time", "userIdentity.userName": "entity"},
        ),
    ],
)
def test_a_log_of_a_known_layout_is_judged_by_its_template(
    tmp_path: Path, template: str, log: pa.Table, roles: dict[str, str]
) -> None:
    location = written(tmp_path / "log.parquet", log)
    file = str(tmp_path / "job.toml")
    assert main(["init", location, "--template", template, "--output-file", file]) == 0
    job = load_job(file)
    assert {column: str(job.columns[column].role) for column in roles} == roles
    run = detect(complete_job(job, output=str(tmp_path / "out")))
    assert run.manifest.ledger.rows_quarantined == 0
    assert read_findings(run, ["record_id", "rank"])["record_id"][0].as_py() == "e198"


def test_the_events_of_these_tests_are_as_the_published_schema_has_them() -> None:
    for event in [*mixed_ocsf_events(), *ocsf_events().to_pylist()]:
        assert faults(event) == []


@pytest.mark.slow
def test_events_of_several_classes_are_judged_together(tmp_path: Path) -> None:
    log = pa.Table.from_pylist(mixed_ocsf_events())
    location, file = written(tmp_path / "log.parquet", log), str(tmp_path / "job.toml")
    assert main(["init", location, "--template", "ocsf", "--output-file", file]) == 0
    run = detect(complete_job(load_job(file), output=str(tmp_path / "out")))
    assert run.manifest.ledger.rows_quarantined == 0
    assert set(read_findings(run, ["record_id", "rank"])["record_id"][:2].to_pylist()) == {
        "e300",
        "e301",
    }
    findings = list(ocsf_findings(run))
    assert len(findings) == run.manifest.incidents.incidents
    assert [fault for finding in findings for fault in faults(finding)] == []


def test_a_log_of_another_layout_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    location = written(tmp_path / "log.parquet", pa.table({"a": list(range(40))}))
    assert main(["init", location, "--template", "ocsf"]) == 2
    assert "no column of ocsf" in capsys.readouterr().err
