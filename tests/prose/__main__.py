"""`python -m tests.prose [PATH …]`: prints what breaks a rule; exits with 1 if anything does."""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.prose.rules import check, read_words

ROOT = Path(__file__).parents[2]


def main(paths: Sequence[str], root: Path = ROOT) -> int:
    """Check the prose of the paths, or of all that `words.toml` lists; return the exit code."""
    try:
        findings = check(root, read_words(), tuple(paths))
    except FileNotFoundError as error:
        sys.stderr.write(f"prose: {error} is not there: name what exists, from the root on\n")
        return 2
    for finding in findings:
        sys.stdout.write(f"{finding}\n")
    rules = Counter(finding.rule for finding in findings)
    counts = ", ".join(f"{rule} {count}" for rule, count in sorted(rules.items()))
    sys.stdout.write(f"prose: {len(findings)} findings ({counts})\n" if findings else "")
    return 1 if findings else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
