"""A job's options for the model: they reach the model and the manifest."""

from pathlib import Path

import pytest

from flows.storage.runs.reader import read_findings
from schemas.errors import JobError
from tests.flows.sample_logs import detect_in, small_log


@pytest.mark.slow
def test_peers_and_distance_reach_the_run(tmp_path: Path) -> None:
    plain = detect_in(small_log(), tmp_path / "plain")
    own = detect_in(small_log(), tmp_path / "own", peers=["action"], model={"distance": "cosine"})
    # `action` judges time, user and bytes: up to three dimensions more, less known pairs.
    assert 0 < own.manifest.model.dims - plain.manifest.model.dims <= 3
    assert own.manifest.model.model_id != plain.manifest.model.model_id
    for run in (plain, own):
        assert 0.0 <= (run.manifest.model.agreement or 0.0) <= 1.0
        assert run.manifest.model.beyond_reference is not None
        assert run.manifest.selection.drift == 1.0
        assert read_findings(run).num_rows


def test_a_peer_that_is_no_group_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="`message` is `text`"):
        detect_in(small_log(), tmp_path, peers=["message"])
