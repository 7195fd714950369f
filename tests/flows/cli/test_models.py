"""Models that outlive their run: fitted, judged by, promoted, compared, refused."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from flows.cli.app import main
from flows.pipelines.compare import compare_models
from flows.pipelines.train import train_model
from flows.runtime.runner import DirectRunner
from flows.steps.fit import Registered
from flows.storage.models.registry import promote
from flows.storage.runs.reader import list_runs, read_scores
from schemas.errors import InputError, ModelFileError
from tests.flows.end_to_end.test_sessions import CUTS, SESSION, shop_log
from tests.flows.sample_logs import FailingRunner, dataset_bytes, detect, job, small_log, written

LATEST = {"model": {"use": "latest"}}


def train(spec, *, promote=True) -> Registered:
    return train_model(spec, DirectRunner(1), lambda *_: None, promote=promote)


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> tuple[Path, Registered]:
    """A folder with a model of the job `log`, fitted on ordinary events."""
    folder = tmp_path_factory.mktemp("trained")
    history = written(folder / "history.parquet", small_log(600))
    return folder, train(job(history, folder / "out"))


def judged(folder: Path, log: pa.Table, **settings):
    location = written(folder / "batch/log.parquet", log)
    return detect(job(location, folder / "out", **{**LATEST, **settings}))


def test_the_card_tells_what_it_was_fitted_on_and_names_no_path(trained):
    folder, model = trained
    card = model.card
    assert (card.input, card.rows, card.unit) == ("history", 600, "event")
    assert card.first.isoformat().startswith("2026-01-05")
    assert card.first < card.last
    assert card.columns["bytes"].role == "number"
    assert card.figures.calibration_rows == 600
    assert card.canaries.planted > 100
    written_down = (model.stored.folder / "model.json").read_text()
    assert str(folder) not in written_down


@pytest.mark.slow
def test_fitting_leaves_a_model_and_no_run(trained, tmp_path):
    spec = job(written(tmp_path / "log.parquet", small_log()), tmp_path / "out")
    train(spec)
    assert list((tmp_path / "out/log/runs").iterdir()) == []
    assert {path.name for path in (tmp_path / "out/log").iterdir()} == {"runs", "models", ".lock"}


@pytest.mark.slow
def test_the_same_history_gives_the_same_model(trained, tmp_path):
    _, model = trained
    again = train(job(written(tmp_path / "history.parquet", small_log(600)), tmp_path / "out"))
    assert again.stored.model_id == model.stored.model_id


@pytest.mark.slow
def test_a_record_keeps_its_score_whatever_it_is_judged_with(trained):
    folder, model = trained
    log = small_log(300, seed=1)
    whole = judged(folder, log)
    assert whole.manifest.model.model_id == model.stored.model_id
    assert whole.manifest.model.use == "latest"
    scores = {row["record_id"]: row for row in read_scores(whole).to_pylist()}
    shuffled = log.take(np.random.default_rng(0).permutation(300)[:120])
    for batch in (shuffled, log.slice(7, 1), log.slice(298, 2)):
        for row in read_scores(judged(folder, batch)).to_pylist():
            assert row == scores[row["record_id"]]


@pytest.mark.slow
def test_the_id_of_a_model_names_it_too(trained):
    folder, model = trained
    log = small_log(100, seed=2)
    by_id = judged(folder, log, model={"use": model.stored.model_id})
    assert by_id.manifest.model.use == model.stored.model_id
    assert dataset_bytes(by_id, "scores") == dataset_bytes(judged(folder, log), "scores")


@pytest.mark.slow
def test_new_columns_are_not_judged_and_are_named(trained):
    folder, _ = trained
    log = small_log(100, seed=3)
    plain = judged(folder, log)
    wider = judged(folder, log.append_column("colour", pa.array(["red"] * 100)))
    assert wider.manifest.model.new_columns == ["colour"]
    assert wider.manifest.columns["colour"].role == "ignore"
    assert dataset_bytes(wider, "scores") == dataset_bytes(plain, "scores")


def test_a_column_that_is_missing_is_named(trained):
    folder, model = trained
    with pytest.raises(InputError, match=r"no column `action` \(nor 1 more\)") as caught:
        judged(folder, small_log(100).drop_columns(["action", "bytes"]))
    assert model.stored.model_id in str(caught.value)


@pytest.mark.slow
def test_a_missing_id_is_none_the_worse(trained):
    folder, _ = trained
    run = judged(folder, small_log(50, seed=4).drop_columns(["event_id"]))
    assert read_scores(run)["record_id"][0].as_py() == "log.parquet:0"


def test_a_column_of_another_kind_is_refused(trained):
    folder, _ = trained
    log = small_log(50, seed=4)
    words = log.set_column(4, "bytes", pa.array(["12"] * 49 + ["many"]))
    with pytest.raises(InputError, match="column `bytes` holds text, and held numbers when model"):
        judged(folder, words)


def test_a_job_that_reads_otherwise_is_refused(trained):
    folder, _ = trained
    with pytest.raises(ModelFileError, match="fitted with other settings"):
        judged(folder, small_log(50), columns={"action": "text"})


def test_without_a_model_the_remedy_is_named(tmp_path):
    with pytest.raises(ModelFileError, match="run `outfield fit` first"):
        judged(tmp_path, small_log(50))
    assert not (tmp_path / "out/log/runs").exists()


@pytest.mark.slow
def test_a_candidate_waits_for_its_promotion(tmp_path):
    history = written(tmp_path / "a.parquet", small_log(300))
    first = train(job(history, tmp_path / "out"))
    later = written(tmp_path / "b.parquet", small_log(300, seed=5))
    second = train(job(later, tmp_path / "out"), promote=False)
    assert first.latest
    assert not second.latest
    assert judged(tmp_path, small_log(40)).manifest.model.model_id == first.stored.model_id
    promote(
        tmp_path / "out/log",
        second.stored.model_id,
        list_runs(f"{tmp_path}/out/log")[0].manifest.started,
    )
    assert judged(tmp_path, small_log(40)).manifest.model.model_id == second.stored.model_id


@pytest.mark.slow
def test_a_failed_fit_registers_nothing(tmp_path):
    spec = job(written(tmp_path / "log.parquet", small_log()), tmp_path / "out")
    with pytest.raises(ConnectionError):
        train_model(spec, FailingRunner("register", done=False), lambda *_: None, promote=True)
    assert list((tmp_path / "out/log/runs").iterdir()) == []
    with pytest.raises(ModelFileError):
        judged(tmp_path, small_log(50))


@pytest.mark.slow
@pytest.mark.parametrize("cut", CUTS)
def test_sessions_are_judged_by_a_stored_model(tmp_path, cut):
    settings = {**SESSION, **CUTS[cut]}
    train(job(written(tmp_path / "a.parquet", shop_log()), tmp_path / "out", **settings))
    run = judged(tmp_path, shop_log(users=3, days=4), **settings)
    assert run.manifest.units_scored > 10


@pytest.mark.slow
def test_two_models_are_compared_and_nothing_is_published(tmp_path):
    history = written(tmp_path / "a.parquet", small_log(300))
    first = train(job(history, tmp_path / "out"))
    twice = small_log(300).set_column(4, "bytes", pa.array(np.arange(300.0)))
    second = train(job(written(tmp_path / "b.parquet", twice), tmp_path / "out"))
    ids = (first.stored.model_id, second.stored.model_id)
    spec = job(history, tmp_path / "out")
    same = compare_models(spec, (ids[0], ids[0]), DirectRunner(1), lambda *_: None)
    assert (same.both, same.only_first, same.only_second) == (20, 0, 0)
    other = compare_models(spec, ids, DirectRunner(1), lambda *_: None)
    assert other.only_first > 0
    assert other.both + other.only_first == other.both + other.only_second == 20
    assert list((tmp_path / "out/log/runs").iterdir()) == []


@pytest.mark.slow
def test_canaries_are_in_the_manifest_and_touch_no_output(trained, monkeypatch):
    folder, _ = trained
    log = small_log(200, seed=6)
    run = judged(folder, log)
    assert 0 < run.manifest.canaries.found <= run.manifest.canaries.planted
    monkeypatch.setattr("anomaly.monitoring.canaries.PLANTED", 0)
    without = judged(folder, log)
    assert without.manifest.canaries.planted == 0
    for dataset in ("findings", "scores", "quarantine"):
        assert dataset_bytes(run, dataset) == dataset_bytes(without, dataset)


def outfield(*tokens: str) -> int:
    return main([*tokens])


@pytest.fixture
def job_file(tmp_path, monkeypatch) -> str:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "logs/log.parquet", small_log(300))
    Path("job.toml").write_text('input = "logs"\noutput = "out"\n')
    return "job.toml"


@pytest.mark.slow
def test_the_commands_in_the_order_of_a_day(job_file, capsys):
    assert outfield("models", job_file) == 2
    assert "no such folder" in capsys.readouterr().err
    assert outfield("fit", job_file, "--direct") == 0
    said = capsys.readouterr().out
    assert "fitted on logs: 300 rows, 2026-01-05" in said
    assert "It is the latest model of the job." in said
    written(Path("later/log.parquet"), small_log(300, seed=1))
    assert outfield("fit", job_file, "--input", "later", "--direct", "--candidate", "--json") == 0
    second = json.loads(capsys.readouterr().out)["model_id"]
    assert outfield("detect", "--job", job_file, "--model", "latest", "--direct") == 0
    said = capsys.readouterr().out
    assert ", the latest" in said
    assert "canaries would have been findings" in said
    assert outfield("models", job_file, "--json") == 0
    first, other = json.loads(capsys.readouterr().out)
    assert (first["state"], len(first["runs"])) == ("latest", 1)
    assert (other["model_id"], other["state"], other["runs"]) == (second, "fitted", [])
    assert outfield("promote", job_file, second) == 0
    assert outfield("compare", job_file, first["model_id"], second) == 0
    assert "findings of both models" in capsys.readouterr().out
    assert outfield("models", "out/job") == 0
    assert second in capsys.readouterr().out
    assert outfield("rollback", job_file) == 0
    assert f"{first['model_id']} again" in capsys.readouterr().out


@pytest.mark.slow
def test_a_damaged_model_is_one_line_and_2(job_file, capsys):
    assert outfield("fit", job_file, "--direct", "--json") == 0
    model_id = json.loads(capsys.readouterr().out)["model_id"]
    state = Path("out/job/models") / model_id / "state.json"
    state.write_bytes(state.read_bytes()[:-1])
    assert outfield("detect", "--job", job_file, "--model", "latest", "--direct") == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"{model_id}/state.json: is not the file that was stored; fit it again" in said
    assert list(Path("out/job/runs").iterdir()) == []
    (state.parent / "model.json").write_text("{}")
    assert outfield("models", job_file) == 0
    assert "damaged" in capsys.readouterr().out
