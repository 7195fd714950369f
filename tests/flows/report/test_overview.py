"""The sentences above the findings."""

from dataclasses import replace
from io import StringIO
from pathlib import Path

from anomaly.model.selection import NO_RULE
from flows.cli.console import Terminal
from flows.cli.run_view import show_summary
from flows.report.overview import (
    drift_sentence,
    findings_sentence,
    moved_sentence,
)
from flows.report.page import render
from schemas.outputs.figures import ColumnDrift
from schemas.outputs.manifest import RunManifest
from tests.flows.report.sample import report_data
from tests.flows.sample_runs import manifest, published


def of_drift(drift: float, at: float | None, unit: str = "event") -> RunManifest:
    run = manifest("one", (3, 3, 3), 1)
    selection = run.selection.model_copy(update={"drift": drift, "drift_at": at})
    return run.model_copy(update={"selection": selection, "unit": unit})


def test_data_that_changed_are_said_to_have() -> None:
    assert drift_sentence(of_drift(2.34, 0.1)) == (
        "The data changed: ordinary events are 2.3 times as often below p = 0.1 as in the"
        " reference; a false discovery rate takes p-values raised by that."
    )
    assert "sessions are 1.4 times as often below p = 0.3" in drift_sentence(
        of_drift(1.4, 10.0**-0.5, "session")
    )


def test_data_that_did_not_change_are_not_spoken_of() -> None:
    assert drift_sentence(of_drift(1.0, None)) == ""


def test_the_farthest_of_many_moved_columns_are_named_and_markup_is_text() -> None:
    drifts = {
        name: ColumnDrift(stability_index=index, unseen=0.0, unseen_before=0.0, moved=index > 0.25)
        for index, name in enumerate(["still", "a", "b", "c", "d", "e", "f"])
    }
    run = manifest("one", (3, 3, 3), 1).model_copy(update={"column_drift": drifts})
    assert moved_sentence(run) == (
        "The data changed since the model was fitted, in f, e, d, c, b and 1 more."
    )
    assert moved_sentence(manifest("one", (3, 3, 3), 1)) == ""
    shown = {"</p><script>": drifts["a"]}
    data = report_data()
    data = replace(data, manifest=data.manifest.model_copy(update={"column_drift": shown}))
    assert "fitted, in &lt;/p&gt;&lt;script&gt;." in render(data)


def test_the_terminal_says_it_too(tmp_path: Path) -> None:
    for changed in (False, True):
        run = published(tmp_path, f"run{changed}")
        shown = of_drift(2.3, 0.1) if changed else run.manifest
        out = StringIO()
        show_summary(Terminal(out, out), replace(run, manifest=shown), [], 1.0)
        assert ("The data changed" in out.getvalue()) is changed


def test_without_a_rule_over_records_no_rule_is_spoken_of(tmp_path: Path) -> None:
    run = published(tmp_path, nights=28)
    update = {"rule": NO_RULE.rule, "selected": 0, "by_rank": 3}
    selection = run.manifest.selection.model_copy(update=update)
    told = {"selection": selection, "severities": {"low": 3}}
    run = replace(run, manifest=run.manifest.model_copy(update=told))
    assert findings_sentence(run.manifest) == "Shown are the oddest events."
    out = StringIO()
    show_summary(Terminal(out, out), run, [], 1.0)
    assert "\n3 findings (3 low): the oddest of the run\n" in out.getvalue()
    assert "by none" not in out.getvalue()


def test_the_page_says_it_too() -> None:
    data = report_data()
    selection = data.manifest.selection.model_copy(update={"drift": 2.3, "drift_at": 0.1})
    changed = replace(data, manifest=data.manifest.model_copy(update={"selection": selection}))
    assert "The data changed" not in render(data)
    assert "ordinary events are 2.3 times as often below p = 0.1" in render(changed)
