"""The logs to judge: each scenario and seed, and their controls."""

import json
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.bench.scenarios.days import date_of
from tests.bench.scenarios.logs import make_log
from tests.bench.scenarios.planting import Planted
from tests.bench.scenarios.scenarios import SCENARIOS, Scenario


class Draw(NamedTuple):
    """A log to judge."""

    scenario: str
    """Empty for a control."""
    base: str
    """Kind of the clean log."""
    last: bool
    """Whether things are planted on the last day."""
    seed: int
    history: bool
    """Whether the last day is judged by the days before it; else all days are one batch."""


def draw_of(scenario: Scenario, seed: int, *, history: bool) -> Draw:
    """Return the draw of a scenario."""
    return Draw(scenario.name, scenario.base, history or scenario.last, seed, history)


def control_of(draw: Draw) -> Draw:
    """Return the clean log of a draw. It is the same for many scenarios."""
    return Draw("", draw.base, draw.history, draw.seed, draw.history)


def planted_log(draw: Draw) -> Planted:
    """Make the log of a draw; that of a control has nothing planted."""
    log = make_log(draw.base, draw.seed, last=draw.last)
    if not draw.scenario:
        return Planted(log.events, np.zeros(len(log.events), dtype=bool))
    scenario = SCENARIOS[draw.scenario]
    drawn = scenario.draws_as or scenario.name
    return scenario.plant(log, np.random.default_rng([draw.seed, zlib.crc32(drawn.encode())]))


def write_log(draw: Draw, folder: Path) -> None:
    """Write the log of a draw as Parquet, and beside it what is planted."""
    planted = planted_log(draw)
    name = f"{draw.scenario or f'control-{draw.base}'.replace(' ', '-')}-{draw.seed}"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(table_of(planted), folder / f"{name}.parquet")
    evidence = {
        "request_ids": planted.events.loc[planted.records, "request_id"].tolist(),
        "entities": planted.entities,
        "days": [str(date_of(day)) for day in planted.days],
    }
    (folder / f"{name}.json").write_text(json.dumps(evidence, indent=1) + "\n", encoding="utf-8")


def table_of(planted: Planted) -> pa.Table:
    """Return the events as outfield reads them."""
    return pa.Table.from_pandas(planted.events, preserve_index=False)
