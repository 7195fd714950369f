"""The bundle of an incident: its content, the values it hides, and its budget."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from anomaly.incidents.verdicts import verdict_on
from flows.cli.app import main
from flows.results.incident_bundle import context_of, tokens
from flows.results.redaction import Redactor
from flows.storage.runs.incident_search import Found, find_incident
from flows.storage.runs.reader import read_incidents
from flows.storage.verdicts.store import keep_verdict
from schemas.columns.roles import Role
from schemas.errors import OutfieldError
from schemas.outputs.verdict import Opinion
from tests.flows.sample_logs import detect, job, small_log, written

NAMES = [f"agatha.{surname}" for surname in ("ames", "bell", "cole", "dorn", "ebel", "fink")]


def log(seed: int) -> pa.Table:
    """The small log with names of people, and their names and addresses in the messages."""
    table = small_log(300, seed)
    users = [NAMES[hash_ % 6] for hash_ in range(300)]
    messages = [f"{u} at 10.7.{i % 200}.9 as {u}@acme.example" for i, u in enumerate(users)]
    tokens_ = [f"hunter{i}" for i in range(300)]
    table = table.set_column(2, "user", [users]).set_column(5, "message", [messages])
    return table.append_column("password", [tokens_])


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    folder = tmp_path_factory.mktemp("context")
    columns = {"user": "entity", "message": "text", "event_id": "id", "password": "category"}
    for seed in (0, 1):
        location = written(folder / f"{seed}.parquet", log(seed))
        run = detect(job(location, folder / "out", columns=columns))
    first = read_incidents(run)["incident"][0].as_py()
    incident = find_incident(str(folder / "out"), first)
    opinion = Opinion(
        label="expected", note="asked agatha.bell", who="ann", when=datetime(2026, 1, 7, tzinfo=UTC)
    )
    said = verdict_on(incident.incident, incident.records, run.manifest.run_id, opinion)
    keep_verdict(run.folder.parents[1], said)
    return incident


@pytest.mark.slow
def test_it_tells_the_incident_its_reasons_and_its_findings(found: Found) -> None:
    told = context_of(found, 20_000)
    assert told["incident"]["incident"] == found.incident["incident"]
    columns = [reason["column"] for reason in found.incident["reasons"]]
    assert [reason["column"] for reason in told["reasons"]] == columns
    assert told["findings"][0]["record"]["action"] == "erase"
    assert told["verdicts"][0]["label"] == "expected"
    assert {each["same"] for each in told["past"]} <= {"identity", "pattern", "entity"}
    assert told["past"]


@pytest.mark.slow
def test_no_name_address_or_secret_is_in_it(found: Found) -> None:
    text = json.dumps(context_of(found, 20_000))
    assert "agatha" not in text
    assert "10.7." not in text
    assert "acme.example" not in text
    assert "hunter" not in text
    assert '"ann"' not in text
    assert not any(record in text for record in found.records)
    assert "user-1" in text


@pytest.mark.slow
@pytest.mark.parametrize("budget", [900, 1_500, 3_000])
def test_it_keeps_within_its_budget_and_counts_what_it_leaves_out(
    found: Found, budget: int
) -> None:
    everything = context_of(found, 10**6)
    assert everything["left_out"] == {}
    told = context_of(found, budget)
    assert tokens(told) <= budget
    for part in ("findings", "verdicts", "past"):
        held = len(told.get(part, [])) + told["left_out"].get(part, 0)
        assert held == len(everything.get(part, [])), part


@pytest.mark.slow
def test_a_budget_below_the_incident_is_refused(found: Found) -> None:
    with pytest.raises(OutfieldError, match="the incident alone takes"):
        context_of(found, 10)


@pytest.mark.slow
def test_the_command_prints_json(found: Found, capsys: pytest.CaptureFixture[str]) -> None:
    output = str(Path(str(found.run.folder)).parents[2])
    assert main(["context", found.incident["incident"], "--output", output]) == 0
    assert json.loads(capsys.readouterr().out)["job"] == "log"
    assert main(["context", "i-nothing", "--output", output]) == 2


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("from 10.1.2.3:443 to fe80::1ff:fe23:4567:890a", "from <ip> to <ip>"),
        ("mail bob@acme.example now", "mail <email> now"),
        ("role arn:aws:iam::123456789012:role/x", "role <arn>"),
        ("key AKIAIOSFODNN7EXAMPLE123 used", "key <key> used"),
        ("card 4111111111111111", "card <number>"),
        ("took 12 ms, share 0.123456789012", "took 12 ms, share 0.123456789012"),
        ("3f2504e0-4f89-11d3-9a0c-0305e82c3301", "<uuid>"),
        ("ann asked anna about annex", "user-1 asked anna about annex"),
    ],
)
def test_what_names_somebody_is_replaced_wherever_it_stands(said: str, told: str) -> None:
    redactor = Redactor({"user": Role.ENTITY}, frozenset())
    redactor.learn("user", ["ann"])
    assert redactor.text(said) == told


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("/iam/users/ben.lane", "/iam/users/user-1"),
        ("mail to ben.lane:443", "mail to user-1:443"),
        ("ben.lane/ben.lane", "user-1/user-1"),
        ("/iam/users/benjamin.lane", "/iam/users/benjamin.lane"),
    ],
)
def test_a_name_of_the_log_is_replaced_within_a_path(said: str, told: str) -> None:
    redactor = Redactor({"user": Role.ENTITY}, frozenset(), {"ben.lane": "user"})
    assert redactor.text(said) == told
