"""Stacks of a run: what is alike is one stack, and all counts are recounts of the table."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from flows.storage.runs.reader import read_incidents
from tests.flows.sample_logs import detect_in, small_log

ERASED = (20, 60, 100, 140)
"""Events of four users, hours apart, which erase something."""


def log_with_look_alikes() -> pa.Table:
    log = small_log(400).sort_by("time")
    action, user = log["action"].to_pylist(), log["user"].to_pylist()
    for i, place in enumerate(ERASED):
        action[place], user[place] = "erase", f"u{i}"
    for name, values in (("action", action), ("user", user)):
        log = log.set_column(log.column_names.index(name), name, pa.array(values))
    return log


@pytest.mark.slow
def test_look_alikes_of_several_entities_are_one_stack(tmp_path: Path) -> None:
    selection = {"at_least": 12}
    run = detect_in(log_with_look_alikes(), tmp_path, selection=selection, behaviour=False)
    table, summary = read_incidents(run), run.manifest.incidents
    rows = table.to_pylist()
    erasing = [row for row in rows if row["pattern"] == "action = erase"]
    assert len({row["entity"] for row in erasing}) >= len(ERASED)
    oddest = min(erasing, key=lambda row: row["p_value"])
    assert {row["stack"] for row in erasing} == {oddest["incident"]}
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    stacks = pc.coalesce(table["stack"], table["incident"])
    assert (summary.alarm_stacks, summary.lead_stacks) == (0, len(stacks.unique()))
    assert len(stacks.unique()) < summary.incidents == len(rows)
