"""Claims about a name: how few records hold it, alone or beside another name."""

from anomaly.embedding.block import Rarity
from anomaly.explain.claims import FEWEST, Among, Claim, Judged
from anomaly.explain.quoting import is_held, quote
from anomaly.preprocess.close_names import difference
from schemas.columns.roles import Role

_RARER = 0.2
"""Two names are rarely together if this share of what chance makes them be together at most."""
_NAMES = (Role.CATEGORY, Role.FLAG, Role.ENTITY)


def alone(judged: Judged, column: str, rarity: Rarity) -> Claim:
    """Say how many records hold the name; of an address, how many are of its network."""
    network = ""
    if rarity.kind == "address" and rarity.around:
        network = f", from the known network `{rarity.part}`"
    return _claim(judged, column, judged.everybody, network)


def look_alike(judged: Judged, column: str, rarity: Rarity) -> Claim | None:
    """Say which common name the name may be mistaken for, and how many records hold each."""
    value, like, everybody = judged.event[column], rarity.usual, judged.everybody
    common = 0 if like is None else int(judged.known.holding(column, like).sum())
    if not common:
        return None
    count = int(judged.known.holding(column, value).sum())
    sentence = (
        f"{is_held(column, value)}, which looks like `{quote(like)}` ({difference(value, like)}):"
        f" {judged.seen(count, everybody)}, `{quote(like)}` in {common:,}"
    )
    return Claim(quote(value), quote(like), sentence, count / max(everybody.total, 1))


def given(judged: Judged, column: str, other: str) -> Claim | None:
    """Say how many records with the same `other` hold the name; None where these are too few."""
    among = judged.among(other)
    return None if judged.few(among) else _claim(judged, column, among, "")


def rarest_pair(judged: Judged, column: str) -> Claim | None:
    """Say beside which other name the name is rarest; None where it is as usual beside each."""
    known, event = judged.known, judged.event
    held = known.holding(column, event[column])
    best, rarest = None, _RARER
    for other, role in known.roles.items():
        if other == column or role not in _NAMES or isinstance(event[other], list):
            continue
        among = judged.among(other)
        expected = held.mean() * among.total
        together = max(int((held & among.mask).sum()) - judged.itself, 0)
        if expected >= FEWEST and together / expected < rarest:
            best, rarest = other, together / expected
    return None if best is None else given(judged, column, best)


def _claim(judged: Judged, column: str, among: Among, network: str) -> Claim:
    value = judged.event[column]
    count = int((judged.known.holding(column, value) & among.mask).sum())
    expected, usually = judged.usual_name(column, among)
    sentence = f"{is_held(column, value)}: {judged.seen(count, among)}{network}{usually}"
    return Claim(quote(value), expected, sentence, count / max(among.total, 1))
