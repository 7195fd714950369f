"""Counts the incidents with verdicts, by the severity that they had."""

from collections.abc import Iterable

from schemas.outputs.manifest import VerdictCount
from schemas.outputs.tables import SEVERITIES
from schemas.outputs.verdict import Verdict


def verdict_counts(verdicts: Iterable[Verdict]) -> list[VerdictCount]:
    """Count the incidents with verdicts, and those of them that are malicious.

    Parameters
    ----------
    verdicts
        Those that are not withdrawn, the oldest first. Of an incident the newest one counts.

    Returns
    -------
    list of VerdictCount
        One for each severity with such an incident, the gravest first.
    """
    newest = {verdict.incident: verdict for verdict in verdicts}
    found = []
    for severity in SEVERITIES:
        labels = [each.label for each in newest.values() if each.evidence.severity == severity]
        if labels:
            real = labels.count("malicious")
            found.append(VerdictCount(severity=severity, incidents=len(labels), malicious=real))
    return found
