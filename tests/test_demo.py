"""The main job finds most of what is planted in the sample log, with roles as it infers them."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from data.generate import generate, write
from flows.storage.runs.reader import read_findings
from tests.flows.sample_logs import detect, job

pytestmark = pytest.mark.slow

Demo = tuple[pa.Table, pa.Table]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The labels of the sample log, and fifty incidents, whatever the rule selects."""
    folder = tmp_path_factory.mktemp("demo")
    events, labels = generate()
    write(events, labels, folder)
    run = detect(job(str(folder / "events"), folder / "out", selection={"at_least": 50}))
    return labels, read_findings(run)


def found_by_kind(labels: pa.Table, findings: pa.Table) -> dict[str, tuple[int, int]]:
    """Give for each kind of planted incident how many have a finding, and of how many."""
    found = pc.is_in(labels["event_id"], findings["record_id"])
    hit = set(labels.filter(found)["incident_id"].to_pylist())
    incidents = dict(
        zip(labels["incident_id"].to_pylist(), labels["kind"].to_pylist(), strict=True)
    )
    counts: dict[str, tuple[int, int]] = {}
    for incident, kind in incidents.items():
        found, of = counts.get(kind, (0, 0))
        counts[kind] = (found + (incident in hit), of + 1)
    return counts


def test_most_planted_incidents_are_among_the_fifty_that_the_run_shows(demo: Demo) -> None:
    assert len(pc.unique(demo[1]["incident"])) == 50
    counts = found_by_kind(*demo)
    found, of = (sum(column) for column in zip(*counts.values(), strict=True))
    print(f"{found} of {of} incidents: {counts}")
    assert found >= 0.8 * of
