"""A log that drifts: one account after the other moves to another way of working.

Who has moved works from another network, with other programs, on larger files, and calls the newer
version of each action. None of that is an anomaly; to a model of the time before it looks like one.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_LARGER, _SLOWER = 6.0, 3.0
_NETWORK = "172.20."
_VERSIONED = ("list_objects", "get_object", "put_object", "search", "run_query", "read_document")
"""Actions that have a newer version."""


def drifted(events: pa.Table, drift: float, rng: np.random.Generator) -> pa.Table:
    """Let accounts move, one after the other, while time goes on.

    Parameters
    ----------
    events
        Ordinary events of `data.generate.EVENTS`, in any order.
    drift
        The share of accounts that have moved by the last event: 0 changes nothing, 1 all.
    rng
        Draws who moves when.
    """
    if not drift or not events.num_rows:
        return events
    moved = _has_moved(events, drift, rng)
    size = pc.cast(pc.round(pc.multiply(events["bytes"], _LARGER)), pa.int64())
    slower = pc.round(pc.multiply(events["duration_ms"], _SLOWER), 1)
    changes = {
        "source_ip": pc.replace_substring_regex(events["source_ip"], r"^\d+\.\d+\.", _NETWORK),
        "user_agent": pc.binary_join_element_wise(events["user_agent"], "NextGen/2.0", " "),
        "action": _newer(events["action"]),
        "bytes": size,
        "duration_ms": slower,
    }
    for name, changed in changes.items():
        place = events.column_names.index(name)
        events = events.set_column(place, name, pc.if_else(moved, changed, events[name]))
    return events


def _has_moved(events: pa.Table, drift: float, rng: np.random.Generator) -> pa.Array:
    """Say for each event whether its account had moved by then."""
    accounts = events["user"].combine_chunks().dictionary_encode()
    moments = events["timestamp"].cast(pa.int64()).to_numpy()
    passed = (moments - moments.min()) / max(int(np.ptp(moments)), 1)
    moves_at = rng.random(len(accounts.dictionary)) / drift
    return pa.array(passed >= moves_at[accounts.indices.to_numpy()])


def _newer(actions: pa.ChunkedArray) -> pa.ChunkedArray:
    versioned = pc.is_in(actions, value_set=pa.array(_VERSIONED))
    return pc.if_else(versioned, pc.binary_join_element_wise(actions, "v2", "_"), actions)
