"""The main job finds most of what is planted in the sample log, with roles as it infers them."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from data.generate import generate, write
from flows.storage.published import read_findings
from tests.flows.sample_logs import detect, job

pytestmark = pytest.mark.slow

Demo = tuple[pa.Table, pa.Table]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The labels of the sample log, and the first hundred findings, whatever the rule selects."""
    folder = tmp_path_factory.mktemp("demo")
    events, labels = generate()
    write(events, labels, folder)
    run = detect(job(str(folder / "events"), folder / "out", selection={"at_least": 100}))
    return labels, read_findings(run)


def found_by_kind(labels: pa.Table, findings: pa.Table, first: int) -> dict[str, tuple[int, int]]:
    """Give for each kind of incident how many have a finding among the first, and of how many."""
    shown = findings.filter(pc.less_equal(findings["rank"], first))["record_id"]
    hit = set(labels.filter(pc.is_in(labels["event_id"], shown))["incident_id"].to_pylist())
    incidents = dict(
        zip(labels["incident_id"].to_pylist(), labels["kind"].to_pylist(), strict=True)
    )
    counts: dict[str, tuple[int, int]] = {}
    for incident, kind in incidents.items():
        found, of = counts.get(kind, (0, 0))
        counts[kind] = (found + (incident in hit), of + 1)
    return counts


def test_most_incidents_have_a_finding_among_the_first_hundred(demo: Demo) -> None:
    assert len(demo[1]) == 100
    counts = found_by_kind(*demo, first=100)
    found, of = (sum(column) for column in zip(*counts.values(), strict=True))
    print(f"{found} of {of} incidents: {counts}")
    assert found >= 0.8 * of
