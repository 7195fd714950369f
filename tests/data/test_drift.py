import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from data.drift import drifted
from data.generate import generate


@pytest.fixture(scope="module")
def both() -> tuple[pa.Table, pa.Table]:
    """The ordinary log, and the same log with half of its accounts moved by the end."""
    return generate(8_000, 10, 3)[0], generate(8_000, 10, 3, drift=0.5)[0]


def moved_share(events: pa.Table) -> float:
    return pc.mean(pc.starts_with(events["source_ip"], "172.20.").cast(pa.int8())).as_py()


def test_without_drift_nothing_changes(both) -> None:
    assert generate(8_000, 10, 3, drift=0.0)[0].equals(both[0])
    assert moved_share(both[0]) == 0.0


def test_more_and_more_accounts_have_moved(both) -> None:
    _, events = both
    shares = [moved_share(events.slice(start, 2_000)) for start in range(0, 8_000, 2_000)]
    assert shares == sorted(shares)
    assert shares[0] < 0.15
    assert 0.3 < shares[-1] < 0.6


def test_an_account_that_has_moved_stays_so_and_changes_all_together(both) -> None:
    before, events = both
    assert events.num_rows == before.num_rows
    agents = pc.ends_with(pc.fill_null(events["user_agent"], ""), "NextGen/2.0").to_numpy()
    addresses = pc.starts_with(events["source_ip"], "172.20.").to_numpy()
    assert np.mean(agents != addresses) < 0.02  # incidents go their own ways
    first_user = events["user"].value_counts().to_pylist()[0]["values"]
    own = addresses[pc.equal(events["user"], first_user).to_numpy()]
    assert np.mean(np.diff(own.astype(int)) < 0) < 0.05


def test_of_no_events_none_move() -> None:
    empty = generate(2_000, 1, 0)[0].slice(0, 0)
    assert drifted(empty, 1.0, np.random.default_rng(0)).num_rows == 0
