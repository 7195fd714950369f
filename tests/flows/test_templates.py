"""Job files for logs whose layout is known: nested records, judged from end to end."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from flows.cli import main
from flows.job_file import complete_job, load_job
from flows.storage.published import read_findings
from tests.flows.sample_logs import detect, written


def ocsf_events(n: int = 200) -> pa.Table:
    """API activity (class 6003) of nine users; the last but one does something else."""
    rng = np.random.default_rng(0)
    operations = ["GetObject", "ListBuckets", "PutObject"]
    rows: list[dict[str, Any]] = [
        {
            "time": 1_767_600_000_000 + int(rng.integers(0, 600_000_000)),
            "class_uid": 6003,
            "category_uid": 6,
            "type_uid": 600301,
            "activity_id": 1,
            "severity_id": 1,
            "metadata": {"uid": f"e{i}", "version": "1.8.0", "product": {"name": "invented"}},
            "actor": {"user": {"name": f"u{rng.integers(0, 9)}"}},
            "api": {"operation": operations[int(rng.integers(0, 3))]},
            "src_endpoint": {"ip": f"10.0.0.{rng.integers(0, 9)}"},
        }
        for i in range(n)
    ]
    rows[-2] |= {"api": {"operation": "DeleteTrail"}, "src_endpoint": {"ip": "203.0.113.9"}}
    return pa.Table.from_pylist(rows)


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


def test_a_log_of_another_layout_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    location = written(tmp_path / "log.parquet", pa.table({"a": list(range(40))}))
    assert main(["init", location, "--template", "ocsf"]) == 2
    assert "no column of ocsf" in capsys.readouterr().err
