"""Invented secrets of many kinds, each in a text as logs have it; see `planted_secrets.toml`."""

import random
import re
import string
import tomllib
from dataclasses import dataclass
from pathlib import Path

_ALPHABETS = {
    "A": string.ascii_letters + string.digits,
    "B": string.ascii_letters + string.digits,
    "H": "0123456789abcdef",
    "U": string.ascii_uppercase + "234567",
    "D": string.digits,
}


@dataclass(frozen=True)
class Planted:
    """A secret in a text."""

    name: str
    text: str
    secret: str
    missed: bool
    """Whether it is known not to be found."""


def planted_secrets(seed: int = 0) -> list[Planted]:
    """Fill every kind with invented characters."""
    kinds = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))["kind"]
    rng = random.Random(seed)  # noqa: S311 - they protect nothing
    return [_filled(kind, rng) for kind in kinds]


def _filled(kind: dict[str, str], rng: random.Random) -> Planted:
    def invented(found: re.Match[str]) -> str:
        return "".join(rng.choices(_ALPHABETS[found[1]], k=int(found[2])))

    marked = re.sub(r"<([ABHUD])(\d+)>", invented, kind["text"])
    secret = marked[marked.index("«") + 1 : marked.index("»")]
    text = marked.replace("«", "").replace("»", "")
    return Planted(kind["name"], text, secret, bool(kind.get("missed")))
