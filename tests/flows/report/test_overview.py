"""The sentences above the findings."""

import pytest

from flows.report.overview import contamination_sentence
from schemas.manifest import RunManifest
from tests.flows.sample_runs import manifest


def of_model(**figures: float | None) -> RunManifest:
    run = manifest("one", (3, 3, 3), 1)
    return run.model_copy(update={"model": run.model.model_copy(update=figures)})


@pytest.mark.parametrize(
    ("figures", "says"),
    [
        (
            {"trimmed_share": 0.05, "agreement": 0.83},
            "5 % of the sample was left out of the normal cluster; two halves agree on 83 % of"
            " them.",
        ),
        (
            {"trimmed_share": 0.05, "agreement": None},
            "5 % of the sample was left out of the normal cluster.",
        ),
        (
            {"trimmed_share": 0.0, "agreement": 1.0},
            "0 % of the sample was left out of the normal cluster.",
        ),
    ],
)
def test_what_was_left_out_is_said_with_how_firmly(
    figures: dict[str, float | None], says: str
) -> None:
    said = contamination_sentence(of_model(**figures))
    assert said.replace("\N{NO-BREAK SPACE}", " ") == says
