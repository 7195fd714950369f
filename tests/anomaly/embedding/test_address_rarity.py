from collections import Counter
from ipaddress import ip_address

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.embedding.address_rarity import AddressRarityBlock
from anomaly.embedding.category import CategoryBlock
from anomaly.embedding.embedder import EventEmbedder
from anomaly.embedding.entity_rarity import EntityRarityBlock
from anomaly.model.model import PARTS
from anomaly.model.serialization import dump, load
from schemas.columns.roles import Role
from tests import naive
from tests.anomaly.logs import FEW, conformed, terms

OFFICE = [f"10.0.1.{i % 10 if i < 500 else i - 400}" for i in range(600)]
"""Ten addresses of fifty events each, and a hundred that are seen once."""
SERVER = ["10.0.2.7"] * 300
CLIENTS = [f"{20 + i % 90}.{i % 7}.3.{i % 200}" for i in range(100)]
LOG = [*OFFICE, *SERVER, *CLIENTS]


def block_of(addresses: list[str | None]) -> AddressRarityBlock:
    return AddressRarityBlock.fit(CategoryBlock.fit(terms(addresses)))


def surprisals(log: list[str | None], *addresses: str | None) -> list[float]:
    block = block_of(log)
    return (block.transform(terms(list(addresses)))[:, 0] / block.scale).tolist()


def path(address: str) -> tuple[str, ...]:
    """Return what an IPv4 address is part of, the address itself last."""
    a, b, c, _ = address.split(".")
    scope = "private" if ip_address(address).is_private else "public"
    return scope, f"{a}.{b}", f"{a}.{b}.{c}", address


def oracle(log: list[str], address: str) -> float:
    """Go from the widest network inwards, with the judged event taken out of the log."""
    rest = log.copy()
    if address in rest:
        rest.remove(address)
    found = np.inf
    for level, part in enumerate(path(address)):
        around = [path(a) for a in rest if path(a)[:level] == path(address)[:level]]
        once = sum(n == 1 for n in Counter(p[level] for p in around).values())
        new = -np.log(max(once, 1 if level == 3 else 0.5) / len(around)) if around else 0.0
        count = sum(p[level] == part for p in around)
        # The totals leave one event out, whether it is of the log or not.
        found = min(found + new, naive.surprisal(count + 1, len(log)))
    return found


@given(
    st.lists(
        st.sampled_from([f"{a}.{b}.{c}.1{c}" for a in (10, 8, 9) for b in (0, 1) for c in (3, 4)]),
        min_size=2,
        max_size=30,
    ),
    st.sampled_from(["10.0.3.13", "10.0.3.99", "10.9.9.9", "7.7.7.7"]),
)
@FEW
def test_the_surprisal_backs_off_from_network_to_network(log: list[str], address: str) -> None:
    assert surprisals(log, address)[0] == pytest.approx(oracle(log, address), rel=1e-5)


def test_a_new_address_of_a_known_network_is_less_odd_than_one_of_a_new_network() -> None:
    office, server, beside, foreign = surprisals(
        LOG, "10.0.1.99", "10.0.2.99", "10.0.9.9", "10.9.9.9"
    )
    assert office < server  # The network of servers has never shown a second address.
    assert server < min(beside, foreign)


def test_a_public_address_is_as_odd_as_any_new_name_where_none_was_seen() -> None:
    inside, outside = surprisals(SERVER, "10.0.2.9", "8.8.8.8")
    assert outside > inside
    assert outside == pytest.approx(naive.surprisal(0, 300), rel=1e-5)


def test_a_network_that_has_shown_all_its_addresses_is_not_expected_to_show_another() -> None:
    steady = [f"10.0.1.{i % 60}" for i in range(600)]
    assert surprisals(steady, "10.0.1.99")[0] > 6.0
    assert surprisals(OFFICE, "10.0.1.255")[0] < 3.0


def test_a_new_public_address_is_hardly_odd_where_every_client_is_new() -> None:
    log: list[str | None] = [f"{1 + i % 90}.{i % 250}.{i % 240}.{i % 230}" for i in range(900)]
    assert surprisals(log, "99.1.1.1")[0] < 2.0


def test_an_address_is_never_odder_than_a_new_one_of_its_network() -> None:
    # Seen twice in an office of many addresses: rarer among all events than a new one is there.
    log = [*LOG, "10.0.1.200", "10.0.1.200"]
    known, new = surprisals(log, "10.0.1.200", "10.0.1.201")
    assert naive.surprisal(2, len(log)) > 2 * known
    assert known == pytest.approx(new, rel=0.01)


def test_a_common_address_has_the_surprisal_of_its_share() -> None:
    assert surprisals(LOG, "10.0.2.7")[0] == pytest.approx(naive.surprisal(300, 1_000), rel=1e-5)


def test_other_names_and_missing_ones_are_judged_too() -> None:
    log: list[str | None] = [*LOG, *["AWS Internal"] * 90, None]
    common, new, missing = surprisals(log, "AWS Internal", "printer", None)
    assert common < new
    assert np.isfinite(missing)


def test_the_embedder_takes_networks_for_addresses_alone() -> None:
    roles = {"ip": Role.ENTITY, "user": Role.ENTITY}
    events = conformed({"ip": OFFICE, "user": [f"u{i % 9}" for i in range(600)]}, roles)
    blocks = EventEmbedder.fit(events, roles, {}, 0).blocks
    assert isinstance(blocks["ip"], AddressRarityBlock)
    assert isinstance(blocks["user"], EntityRarityBlock)


def test_a_reason_names_the_narrowest_network_that_is_known() -> None:
    block = block_of(LOG)
    told = [block.rarity(a) for a in ("10.0.1.99", "10.0.9.9", "10.9.9.9", "printer", None)]
    assert [(r.kind, r.part, r.around) for r in told] == [
        ("address", "10.0.1.0/24", 600),
        ("address", "10.0.0.0/16", 900),
        ("address", "10.9.0.0/16", 0),
        ("name", "", 0),
        ("name", "", 0),
    ]


def test_a_stored_block_judges_as_before() -> None:
    block = block_of(LOG)
    stored = load(*dump(block), PARTS)
    some = terms(["10.0.1.99", "10.0.2.7", "8.8.8.8", None])
    assert np.array_equal(stored.transform(some), block.transform(some))
