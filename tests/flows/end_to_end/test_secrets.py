"""Secrets of a log stand in no byte that a run writes."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.cli.app import main
from flows.storage.runs.reader import PublishedRun, read_findings, read_incidents
from schemas.events.masks import MASK
from tests.flows.sample_logs import dataset_bytes, detect_in, rejected_rows, small_log
from tests.planted_secrets import planted_secrets

pytestmark = pytest.mark.slow

# ruff: noqa: S105 - they are invented
PASSWORDS = ("hunter2", "Tr0ub4dor&3")
KEYS = ("prod-4f9a1c2b3d4e5f60718293a4b5c6d7e8", "test-00112233445566778899aabbccddeeff")
TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
PIN = 73_194_628
CARD_PIN = 86_420_135
PLANTED = (
    *(*PASSWORDS, *KEYS, TOKEN, str(PIN), str(CARD_PIN)),
    *("c2VjcmV0LXRoaW5n", "secret-of-a-map", "nested-secret-of-a-list", "secret-of-an-item"),
)
HEADERS = [
    ("authorization", "Bearer c2VjcmV0LXRoaW5n"),
    ("x-api-key", "secret-of-a-map"),
    ("x-trace", "17"),
]
ACCOUNTS = [{"name": "one", "password": "secret-of-an-item", "card": {"pin": CARD_PIN}}, None]


def _log() -> pa.Table:
    """A log that holds a secret wherever one may stand, in its odd and its rejected rows too."""
    table, n = small_log(), 200
    odd = n - 2
    users = table["user"].to_pylist()
    users[odd] = "eve"
    messages = table["message"].to_pylist()
    messages[odd] = f"pushed with {TOKEN} at night"
    pins = [1_234] * n
    pins[odd] = PIN
    nested = [{"name": f"n{i % 3}", "password": PASSWORDS[i % 2]} for i in range(n)]
    columns = {
        "event_id": table["event_id"],
        "time": table["time"],
        "user": users,
        "action": table["action"],
        "bytes": ["many", *[str(value) for value in table["bytes"].to_pylist()[1:]]],
        "message": messages,
        "password": [PASSWORDS[i % 2] for i in range(n - 2)] + ["Tr0ub4dor&3", "hunter2"],
        "x-api-key": pa.array([KEYS[i % 2] for i in range(n)]).dictionary_encode(),
        "pin": pins,
        "login": nested,
        "headers": pa.array([HEADERS] * n, pa.map_(pa.string(), pa.string())),
        "accounts": [ACCOUNTS] * n,
        "seen": [["a", TOKEN]] * n,
        "raw": pa.array([f"x {TOKEN}".encode()] * n),
        "session_token": pa.array([["nested-secret-of-a-list"]] * n),
    }
    return pa.table(columns)


ROLES = {"user": "entity", "action": "category", "bytes": "number", "message": "text"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> PublishedRun:
    return detect_in(_log(), tmp_path_factory.mktemp("secrets"), columns=ROLES)


def _written(output: Path) -> Iterator[tuple[str, str]]:
    """Give all that was written as text: names, bytes, and what Parquet packs."""
    for file in sorted(path for path in output.rglob("*") if path.is_file()):
        held = file.read_bytes()
        yield file.name, f"{file} {held.decode('latin-1')}"
        if file.suffix == ".parquet":
            rows = pq.ParquetFile(file).read().to_pylist()
            yield file.name, repr(rows)
        if file.suffix == ".arrow":
            with pa.OSFile(str(file)) as source:
                yield file.name, repr(pa.ipc.open_file(source).read_all().to_pylist())


def test_a_secret_stands_in_no_byte_of_the_output(run: PublishedRun) -> None:
    written = list(_written(run.folder.parents[1]))
    assert {"report.html", "manifest.json"} <= {name for name, _ in written}
    assert any(name.endswith(".safetensors") for name, _ in written)
    leaks = {(name, secret) for name, text in written for secret in PLANTED if secret in text}
    assert leaks == set()


def test_what_is_masked_is_named_and_can_be_told_apart(run: PublishedRun) -> None:
    masked = {name for name, column in run.manifest.columns.items() if column.secret}
    assert masked == {
        "password",
        "x-api-key",
        "pin",
        "login.password",
        "session_token.items",
    }
    odd = read_findings(run).to_pylist()[0]
    assert odd["user"] == "eve"
    assert odd["password"] == MASK
    assert odd["pin"] == MASK
    assert odd["x-api-key"].startswith("[secret ")
    assert odd["message"].startswith("pushed with [secret]")
    keys = {row["x-api-key"] for row in read_findings(run).to_pylist()}
    assert len(keys) == 2


def test_rejected_rows_are_masked_and_otherwise_whole(run: PublishedRun) -> None:
    (row,) = rejected_rows(run)
    assert row["outfield_reason"] == "unreadable number"
    assert row["bytes"] == "many"
    assert row["password"] == MASK
    assert row["login"] == {"name": "n0", "password": MASK}
    assert row["accounts"] == [{"name": "one", "password": MASK, "card": {"pin": MASK}}, None]
    assert dict(row["headers"]) | {"authorization": ""} == {
        "authorization": "",
        "x-api-key": MASK,
        "x-trace": "17",
    }
    assert row["seen"][0] == "a"
    assert row["seen"][1].startswith("[secret ")


def test_exports_hold_no_secret(run: PublishedRun, capsys: pytest.CaptureFixture[str]) -> None:
    for form in ("ocsf", "jsonl", "csv"):
        for of in ("incidents",) if form == "ocsf" else ("incidents", "findings"):
            assert main(["export", str(run.folder), "--format", form, "--of", of]) == 0
    said = capsys.readouterr().out
    assert "[secret" in said
    assert not [secret for secret in PLANTED if secret in said]


def test_the_job_decides_what_is_a_secret(tmp_path: Path) -> None:
    columns = {
        "password": {"role": "category", "secret": False},
        "user": {"role": "entity", "secret": True},
    }
    table = small_log().append_column("password", pa.array(["hunter2"] * 200))
    run = detect_in(table, tmp_path, columns=columns)
    odd = read_findings(run).to_pylist()[0]
    assert (odd["password"], odd["user"]) == ("hunter2", MASK)
    assert "u1" not in read_incidents(run)["entity"].to_pylist()


def test_a_session_is_told_apart_by_a_key_that_is_secret(tmp_path: Path) -> None:
    table = small_log()
    tokens = pa.array([f"tok-{i % 40}-of-a-session" for i in range(200)])
    table = table.append_column("session_token", tokens)
    run = detect_in(table, tmp_path, unit="session", session_key="session_token")
    assert run.manifest.units_scored == 40
    ids = read_findings(run)["record_id"].to_pylist()
    assert len(set(ids)) == len(ids)
    assert all(name.startswith("[secret ") for name in ids)
    text = " ".join(text for _, text in _written(run.folder.parents[1]))
    assert "tok-1-of-a-session" not in text


def test_a_secret_number_is_a_mistake_that_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "j.toml").write_text(
        'input = "x"\n[columns]\npin = { role = "number", secret = true }\n'
    )
    assert main(["detect", "--job", str(tmp_path / "j.toml")]) == 2
    assert "a masked column is no `number`" in capsys.readouterr().err


def test_a_first_job_file_holds_no_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    short = "xoxb-1234567890"  # short enough to be shown as an example
    maps = [[("password", PASSWORDS[i % 2])] for i in range(200)]
    table = small_log().append_column("pushed", pa.array([short] * 100 + ["no"] * 100))
    table = table.append_column("settings", pa.array(maps, pa.map_(pa.string(), pa.string())))
    pq.write_table(table, tmp_path / "log.parquet")
    monkeypatch.chdir(tmp_path)
    assert main(["init", "log.parquet"]) == 0
    said = (tmp_path / "log.toml").read_text() + capsys.readouterr().out
    assert "pushed " in said
    assert "settings.items" in said
    assert not [secret for secret in (short, *PASSWORDS) if secret in said]


def test_the_masking_key_is_in_no_output_and_the_same_key_gives_the_same_bytes(
    run: PublishedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = (run.folder.parents[2] / ".log.key").read_bytes()
    for _, text in _written(run.folder.parents[1]):
        assert key.decode("latin-1") not in text
        assert key.hex() not in text
    (tmp_path / "same" / "out").mkdir(parents=True)
    (tmp_path / "same" / "out" / ".log.key").write_bytes(key)
    again = detect_in(_log(), tmp_path / "same", columns=ROLES)
    for dataset in ("findings", "scores", "incidents"):
        assert dataset_bytes(again, dataset) == dataset_bytes(run, dataset)
    monkeypatch.setenv("OUTFIELD_KEY_FILE", str(tmp_path / "kept" / "key"))
    other = detect_in(_log(), tmp_path / "other", columns=ROLES)
    assert (tmp_path / "kept" / "key").exists()
    assert not (tmp_path / "other" / "out" / ".log.key").exists()
    told = {row["x-api-key"] for row in read_findings(run).to_pylist()}
    assert not told & {row["x-api-key"] for row in read_findings(other).to_pylist()}


@pytest.fixture(scope="module")
def planted_run(tmp_path_factory: pytest.TempPathFactory) -> PublishedRun:
    """A run that keeps all its records, of a log in which each kind of secret is planted."""
    table, n = small_log(600), 600
    messages = table["message"].to_pylist()
    for place, planted in enumerate(planted_secrets()):
        messages[7 * place] = planted.text
    table = table.set_column(5, "message", pa.array(messages))
    times = table["time"].to_pylist()
    times[7 * 5] = None  # a rejected row, in the quarantine
    table = table.set_column(1, "time", pa.array(times, table["time"].type))
    assert len(messages) == n
    selection = {"budget": 500, "at_least": 200}
    return detect_in(
        table,
        tmp_path_factory.mktemp("planted"),
        columns=ROLES,
        selection=selection,
        search={"store": True},
    )


def test_of_72_kinds_of_secrets_in_texts_at_least_66_stand_in_no_output(
    planted_run: PublishedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    written = list(_written(planted_run.folder.parents[1]))
    names = {name for name, _ in written}
    assert {"references.arrow", "state.json", "report.html"} <= names
    for form in ("ocsf", "jsonl", "csv"):
        assert main(["export", str(planted_run.folder), "--format", form]) == 0
    text = "\n".join([*(text for _, text in written), capsys.readouterr().out])
    kinds = planted_secrets()
    found = {planted.name for planted in kinds if planted.secret in text}
    assert found == {planted.name for planted in kinds if planted.missed}
    assert len(kinds) - len(found) >= 66
