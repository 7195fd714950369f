"""The command line: `python -m tests.bench.quality`."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from tests.bench.quality.cases import chosen, find_cases
from tests.bench.quality.detectors import OUTFIELD, PEERS
from tests.bench.quality.figures import Figures
from tests.bench.quality.picture import draw
from tests.bench.quality.runner import Terms, run_trials
from tests.bench.quality.tables import TITLES, markdown
from tests.bench.quality.trials import Result, ResultStore, Trial, trials_of
from tests.bench.raw_peers import MOST_SEARCHED, TREES
from tests.bench.results import positive


def main(tokens: Sequence[str] | None = None) -> int:
    """Run what has no result yet, then write and print the tables of all there is."""
    parser = _parser()
    asked = parser.parse_args(tokens)
    try:
        cases = chosen(find_cases(asked.data, asked.rows), asked.sets)
    except ValueError as error:
        parser.error(f"{error} in {asked.data}")
    trials = trials_of(cases, [OUTFIELD, *asked.peers], asked.seeds)
    store = ResultStore(asked.output / "results")
    due = [trial for trial in trials if asked.only is None or trial.detector in asked.only]
    terms = Terms(asked.data, asked.rows, asked.limit, asked.jobs)
    ran = run_trials(due, store, terms, partial(print, file=sys.stderr, flush=True))
    print(f"{ran} trials run, {len(due) - ran} kept from before", file=sys.stderr)
    _publish(trials, store, asked)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.quality", description=__doc__)
    add = parser.add_argument
    add("--data", type=Path, default=Path("../shared/data"), help="the folder of the labelled sets")
    add("--sets", type=_listed, help="names of sets, comma between; all by default")
    add(
        "--peers",
        type=_peers,
        default=list(PEERS),
        help="names of peers, or `none`; all by default",
    )
    only = "run only these (outfield, peers, names or none); show what there is of the others"
    add("--only", type=_detectors, help=only)
    add("--seeds", type=positive, default=1, help="how many seeds, from 0 on (default 1)")
    add("--rows", type=positive, default=10_000, help="the most rows of a table (default 10,000)")
    add("--limit", type=float, default=180, help="seconds for each set, detector and seed")
    add("--jobs", type=positive, default=1, help="processes at a time (default 1)")
    add("--output", type=Path, default=Path("bench-output/quality"), help="where results are kept")
    add("--picture", type=Path, help="where to draw the picture, a PNG file")
    return parser


def _listed(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _peers(text: str) -> list[str]:
    names = [] if text == "none" else _listed(text)
    unknown = [name for name in names if name not in PEERS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no peer {unknown[0]}; there are: {', '.join(PEERS)}")
    return names


def _detectors(text: str) -> list[str]:
    if text == "peers":
        return list(PEERS)
    names = _listed(text)
    return [OUTFIELD] * (OUTFIELD in names) + _peers(
        ",".join(name for name in names if name != OUTFIELD)
    )


def _publish(trials: Sequence[Trial], store: ResultStore, asked: argparse.Namespace) -> None:
    results = store.all_of(trials)
    suites = _suites(trials, results)
    text = markdown(suites, _protocol(results, asked))
    asked.output.mkdir(parents=True, exist_ok=True)
    (asked.output / "quality.md").write_text(text, encoding="utf-8")
    document = {"protocol": _protocol(results, asked), "results": [asdict(r) for r in results]}
    (asked.output / "quality.json").write_text(json.dumps(document, indent=1), encoding="utf-8")
    print(text)
    if asked.picture:
        draw(suites, asked.picture)


def _suites(trials: Sequence[Trial], results: Sequence[Result]) -> dict[str, Figures]:
    """Gather the results by suite; a detector of which there is no result is left out."""
    suites = {}
    for suite in TITLES:
        sets = dict.fromkeys(trial.case.name for trial in trials if trial.case.suite == suite)
        own = [result for result in results if result.suite == suite]
        known = {result.detector for result in own}
        detectors = dict.fromkeys(t.detector for t in trials if t.detector in known)
        if own:
            suites[suite] = Figures(own, list(sets), list(detectors))
    return suites


def _protocol(results: Sequence[Result], asked: argparse.Namespace) -> list[str]:
    return [
        "Each detector is fitted on the unlabelled set and scores the same set, with default"
        " parameters unless said otherwise; the labels only judge the scores.",
        "outfield runs its default job on Parquet, roles inferred; rows that it puts into"
        " quarantine get the lowest score.",
        "Peers on event logs: skrub's TableVectorizer without the id, 0 for missing,"
        " StandardScaler. On sessions: messages, words with digits masked, counted per session,"
        " log(1 + count) · idf;"
        " where no column holds messages, names and integer codes. On tables: StandardScaler.",
        "`raw-` peers on event logs: numbers as they are; a time's hour and weekday. Of a text"
        " its length, share of odd characters and, with digits masked, −log frequency. Names are"
        " categories for isotree. For Isolation Forest and kNN (k = √n) they are their −log"
        f" frequency, and all is standardised. Both forests have {TREES} trees. Beyond"
        f" {MOST_SEARCHED:,} rows kNN searches as many, drawn at random. Sessions and tables are as"
        " for the other peers.",
        f"Tables of more than {asked.rows:,} rows are reduced to as many by one draw, the same for"
        " every detector and seed; event logs are whole.",
        "AP is average precision. SD and max − min: of the mean over the sets, over the seeds, for"
        " detectors that draw; ± is the same SD on one set.",
        "A detector has a figure on a set if all its seeds ended there, and a mean if it has a"
        " figure on every set. In the ranks by AP, no figure counts as the last place.",
        "Wins and losses count sets. The difference is over the sets where both have a figure, and"
        " p is two-sided, not corrected for the number of peers.",
        "`best of the peers` is the best peer of each set, metric by metric, chosen by labels.",
        "Seconds: from the file to the scores, imports apart, in a process with one thread, under"
        f" a limit of {' or '.join(sorted({f'{result.limit:g}' for result in results}))} s.",
        f"Versions: {'; '.join(sorted({result.version for result in results}))}.",
    ]


if __name__ == "__main__":
    sys.exit(main())
