"""The figures that tell whether to trust a run: what a low one means, and what to do then."""

from dataclasses import dataclass

from flows.report.text import share
from schemas.outputs.manifest import RunManifest


@dataclass(frozen=True)
class Measure:
    """A figure that a run measured of itself."""

    name: str
    figure: str
    low: str
    """What a low figure means."""
    remedy: str
    """What to do then."""


def measures(manifest: RunManifest) -> list[Measure]:
    """Give the figures that are known: canaries, trimming, agreement."""
    known = [_canaries(manifest), _trimmed(manifest), _agreement(manifest)]
    return [measure for measure in known if measure is not None]


def _canaries(manifest: RunManifest) -> Measure | None:
    canaries = manifest.canaries
    if canaries is None or not canaries.planted:
        return None
    found = f"{canaries.found:,} of {canaries.planted:,}"
    usual = "" if canaries.usual is None else f"; {share(canaries.usual)} in the runs before"
    return Measure(
        "Canaries found",
        f"{share(canaries.recall)} ({found}){usual}",
        f"A canary is a copy of a record with one value made odd. Low: many such {manifest.unit}s"
        " would not be among the findings.",
        "Raise `at_least`, and `budget` if need be, in the job file. If the share fell, compare the"
        " roles of the columns with those of the run before.",
    )


def _trimmed(manifest: RunManifest) -> Measure:
    return Measure(
        "Left out of the normal cluster",
        share(manifest.model.trimmed_share),
        "The oddest twentieth of the sample is trimmed. Lower: odd records that recur on three"
        " days or more were taken for a habit, and count as normal.",
        "Fit a model on days that you trust, and judge by it.",
    )


def _agreement(manifest: RunManifest) -> Measure | None:
    model = manifest.model
    if model.agreement is None or not model.trimmed_share:
        return None
    return Measure(
        "Agreement on what lies outermost",
        share(model.agreement),
        "Two halves of the sample each tell what lies outermost. Low: no group lies apart, and the"
        " boundary runs through ordinary records.",
        "Nothing by itself. Look at the highest scores first.",
    )
