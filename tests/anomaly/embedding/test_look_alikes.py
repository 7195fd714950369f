import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.embedding.look_alikes import LookAlikes
from anomaly.preprocess.close_names import closest
from tests.anomaly.logs import PATIENT

COMMON = {"svchost.exe": 5_000, "explorer.exe": 3_000, "outlook.exe": 2_000}
TOOLS = {f"{word}-tool.exe": 2 for word in ("amber", "birch", "cobalt", "dune", "ember", "fjord")}
TOOLS |= {f"{word}-agent": 1 for word in ("grove", "heather", "ivory", "juniper", "kelp", "lotus")}


def fit(counts: dict[str, int]) -> LookAlikes | None:
    names = sorted(counts, key=lambda name: (-counts[name], name))
    held = np.array([counts[name] for name in names])
    return LookAlikes.fit(names, held, int(held.sum()))


def surprisals(counts: dict[str, int], names: list[str | None]) -> list[float]:
    """Return what each name has, be it of the sample or not."""
    known = sorted(counts, key=lambda name: (-counts[name], name))
    codes = np.array([known.index(name) if name in known else -1 for name in names])
    look_alikes = fit(counts)
    if look_alikes is None:
        return [0.0] * len(names)
    return look_alikes.transform(pa.array(names, pa.string()), codes).tolist()


def test_a_rare_name_close_to_a_common_one_has_the_surprisal_of_both() -> None:
    counts = COMMON | TOOLS | {"svch0st.exe": 3}
    told, tool, common = surprisals(counts, ["svch0st.exe", "amber-tool.exe", "svchost.exe"])
    # None of 15 other names is close to a common one; 21 events have a name as rare.
    assert told == pytest.approx(-math.log(1 / 16 * 21 / 10_021), rel=1e-5)
    assert tool == common == 0.0


def test_a_look_alike_never_seen_is_as_odd_as_the_first_of_its_kind() -> None:
    unseen, other, missing = surprisals(COMMON | TOOLS, ["expl0rer.exe", "winword.exe", None])
    # The 6 names that are seen once, and itself, tell how often a new name comes.
    assert unseen == pytest.approx(-math.log(1 / 16 * 7 / 10_018), rel=1e-5)
    assert other == missing == 0.0


def test_among_names_that_come_in_close_pairs_a_look_alike_is_no_evidence() -> None:
    pairs = {"billing": 900, "billings": 5, "invoice": 800, "invoices": 4, "payment": 700}
    pairs |= {"payments": 3, "refund": 600, "refunds": 2, "voucher": 500, "vouchers": 2}
    assert fit(pairs) is None


def test_where_rare_names_are_spellings_of_common_ones_another_is_no_evidence() -> None:
    words = {
        f"{a}{b}{c}": 500 for a in ("mar", "tol", "bex") for b in "aeiou" for c in ("nd", "rk")
    }
    typed = {"marandd": 1, "tolenk": 1, "bexirk ": 1, "marund_": 1}
    assert not any(surprisals(words | typed, [*typed, "tolirkk"]))


@pytest.mark.parametrize("count", [1, 3, 166, 168])
def test_a_name_is_common_beside_one_that_it_is_thirty_times_as_common_as(count: int) -> None:
    told = surprisals(COMMON | TOOLS | {"svch0st.exe": count}, ["svch0st.exe"])[0]
    assert (told > 0.0) == (30 * (count - 1) <= 5_000)


def test_the_reason_names_the_common_name() -> None:
    counts = COMMON | TOOLS | {"svch0st.exe": 3}
    names = sorted(counts, key=lambda name: (-counts[name], name))
    look_alikes = fit(counts)
    assert look_alikes.rarity(names.index("svch0st.exe"), "svch0st.exe").usual == "svchost.exe"
    assert look_alikes.rarity(names.index("svchost.exe"), "svchost.exe").usual is None
    without = fit(COMMON | TOOLS)
    assert without.rarity(-1, "expl0rer.exe").usual == "explorer.exe"
    assert without.rarity(-1, "winword.exe").usual is None
    assert without.rarity(-1, None).usual is None


@PATIENT
@given(counts=st.lists(st.integers(1, 2_000), min_size=12, max_size=12), random=st.randoms())
def test_the_order_of_equally_common_names_does_not_matter(counts: list[int], random) -> None:
    names = [*COMMON, "svch0st.exe", "exp1orer.exe", "outlok.exe", *[*TOOLS][:6]]
    random.shuffle(names)
    held = dict(zip(names, counts, strict=True))
    once = surprisals(held, names)
    random.shuffle(names)
    assert surprisals({name: held[name] for name in names}, names) == [
        once[[*held].index(name)] for name in names
    ]


def word(random: np.random.Generator) -> str:
    return "".join(random.choice([*"bdklmnrst"]) + random.choice([*"aeou"]) for _ in range(3))


SCHEMES = {
    "words": word,
    "hosts": lambda random: f"{random.choice(['web', 'mail', 'base'])}{random.integers(400)}",
    "people": lambda random: f"{random.choice(['jan', 'jana', 'mario', 'maria'])}.{word(random)}",
    "files": lambda random: f"/srv/{word(random)}/{word(random)}-{random.integers(99)}.log",
    "versions": lambda random: f"release-{random.integers(9)}.{random.integers(30)}",
    "hexadecimals": lambda random: random.bytes(8).hex(),
}


@pytest.mark.slow
@pytest.mark.parametrize("scheme", SCHEMES)
def test_of_clean_names_no_larger_share_has_a_p_value_than_it_says(scheme: str) -> None:
    """Names of one scheme, each as common as chance has it; the last of them is judged as new."""
    p_values = []
    for seed in range(60):
        random = np.random.default_rng(seed)
        names = [*dict.fromkeys(SCHEMES[scheme](random) for _ in range(60))]
        counts = np.maximum(1, 3_000 // np.arange(1, len(names)) ** 2)
        found = LookAlikes.fit(names[:-1], counts, int(counts.sum()))
        close = closest(names, names[: int(np.sum(counts >= 15))]) >= 0
        others = (close.sum() - close[-1] + 1) / len(names)
        told = found is not None and found.rarity(-1, names[-1]).usual is not None
        assert not told or (close[-1] and others <= 0.1)
        p_values.append(others if told else 1.0)
    shares = [np.mean(np.array(p_values) <= level) for level in (0.01, 0.05, 0.1)]
    # Three standard errors of a share of 60 beyond what is promised.
    promised = np.array([0.01, 0.05, 0.1])
    assert (shares <= promised + 3 * np.sqrt(promised * (1 - promised) / 60)).all()
