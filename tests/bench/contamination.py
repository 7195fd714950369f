"""Average precision against contamination: how it falls as more of the records are anomalous.

`python -m tests.bench.contamination [--sets SET …] [--seeds N] [--rows N]`. Into a fixed batch of
normal records more and more anomalies are sown, and the model is fitted on that batch. It judges
the batch, where a larger share of anomalies makes a high precision easier, and the same other
records at every share. Beside it stands a model of the batch's normal records alone.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import average_precision_score

from anomaly.model.model import AnomalyModel
from tests.bench.draws import field_of, sown
from tests.bench.labelled import Labelled, Rows, read
from tests.bench.results import mean_and_error, parser, table, write

SETS = ("kdd99", "hdfs")
SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2)
ROWS = 20_000


@dataclass(frozen=True)
class Precision:
    """Average precision at one contamination, in one draw; None where there is no anomaly."""

    name: str
    seed: int
    share: float
    n: int
    batch: float | None
    """Of the batch, by the model fitted on it."""
    batch_clean: float | None
    """Of the batch, by the model of its normal records."""
    others: float | None
    """Of the other records, by the model fitted on the batch."""


def curve(labelled: Labelled, rows: int, seed: int) -> list[Precision]:
    """Sow more and more anomalies into one batch, and judge it and the other records."""
    random = np.random.default_rng(seed)
    field = field_of(labelled, rows, random)
    clean = _fitted(labelled, field.normal, seed)
    found = []
    for share in SHARES:
        batch = sown(field, share, random)
        model = _fitted(labelled, batch, seed)
        found.append(
            Precision(
                labelled.name,
                seed,
                share,
                len(batch),
                _precision(labelled, model, batch),
                _precision(labelled, clean, batch),
                _precision(labelled, model, field.others),
            )
        )
    return found


def _fitted(labelled: Labelled, rows: Rows, seed: int) -> AnomalyModel:
    return AnomalyModel.fit(labelled.take(rows), labelled.roles, {}, seed)[0]


def _precision(labelled: Labelled, model: AnomalyModel, rows: Rows) -> float | None:
    anomalous = labelled.anomalous[rows]
    if not anomalous.any():
        return None
    p = model.score(labelled.take(rows)).p_values
    return float(average_precision_score(anomalous, -np.log(p)))


def contamination_table(found: Sequence[Precision]) -> str:
    """Return a row for each set and share of anomalies."""
    head = ["set, anomalies", "n", "AP, batch", "AP, batch, clean fit", "AP, others"]
    rows = []
    for name, share in dict.fromkeys((p.name, p.share) for p in found):
        draws = [p for p in found if (p.name, p.share) == (name, share)]
        rows.append(
            [
                f"{name}, {100.0 * share:g} %",
                str(draws[0].n),
                _over([p.batch for p in draws]),
                _over([p.batch_clean for p in draws]),
                _over([p.others for p in draws]),
            ]
        )
    return table(head, rows)


def _over(precisions: Sequence[float | None]) -> str:
    known = [precision for precision in precisions if precision is not None]
    if not known:
        return "–"
    mean, error = mean_and_error(known)
    return f"{mean:.3f} ± {error:.3f}"


def main() -> None:
    """Run the benchmark and write what it found."""
    options = parser("contamination", "What if more is anomalous?", SETS, seeds=5)
    options.add_argument(
        "--rows", type=int, default=ROWS, help="the most normal records of a batch"
    )
    given = options.parse_args()
    found: list[Precision] = []
    for name in given.sets:
        labelled = read(name, given.data)
        for seed in range(given.seeds):
            found += curve(labelled, given.rows, seed)
        print(f"{name}: {given.seeds} draws", file=sys.stderr)
    page = (
        "# What is left when more is anomalous\n\n"
        "The row at 0 % gives the clean fit for the other records.\n\n" + contamination_table(found)
    )
    write(given.output, page, {"precisions": [vars(p) for p in found]})


if __name__ == "__main__":
    main()
