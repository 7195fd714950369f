import pyarrow as pa
import pytest

from anomaly.preprocess.networks import NO_ADDRESS, are_addresses, networks_of


def networks(value: str) -> tuple[str, str, str]:
    scope, wide, narrow = (each.to_pylist() for each in networks_of(pa.array([value])))
    return scope[0], wide[0], narrow[0]


@pytest.mark.parametrize(
    ("value", "scope", "narrow"),
    [
        ("10.1.2.3", "private", "10.1.2.0/24"),
        ("127.0.0.1", "private", "127.0.0.0/24"),
        ("169.254.9.1", "private", "169.254.9.0/24"),
        ("172.16.0.1", "private", "172.16.0.0/24"),
        ("172.31.0.1", "private", "172.31.0.0/24"),
        ("172.32.0.1", "public", "172.32.0.0/24"),
        ("192.168.7.1", "private", "192.168.7.0/24"),
        ("192.169.7.1", "public", "192.169.7.0/24"),
        ("100.64.0.1", "private", "100.64.0.0/24"),
        ("100.128.0.1", "public", "100.128.0.0/24"),
        ("8.8.4.4", "public", "8.8.4.0/24"),
        ("8.8.4.4:443", "public", "8.8.4.0/24"),
        ("8.8.4.4/32", "public", "8.8.4.0/24"),
        ("::FFFF:10.1.2.3", "private", "10.1.2.0/24"),
        ("::ffff:0a01:203", "private", "10.1.2.0/24"),
        ("0:0:0:0:0:ffff:808:404", "public", "8.8.4.0/24"),
        ("255.249.199.0", "public", "255.249.199.0/24"),
        ("2001:db8:1:2:3::4", "public", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2:3::4]:443", "public", "2001:db8:1:2::/64"),
        ("[fe80::1%eth0]", "private", "fe80::/64"),
        ("fe80::1%eth0", "private", "fe80::/64"),
        ("fd00:1::1", "private", "fd00:1::/64"),
        ("::1", "private", "::/64"),
    ],
)
def test_an_address_is_private_or_public_and_of_a_network(
    value: str, scope: str, narrow: str
) -> None:
    assert networks(value)[::2] == (scope, narrow)


def test_the_wide_network_holds_the_narrow_one() -> None:
    assert networks("10.1.2.3")[1] == networks("10.1.9.3")[1] == "10.1.0.0/16"
    assert networks("2001:db8:1:2::4")[1] == networks("2001:db8:1:9::4")[1] == "2001:db8:1::/48"


@pytest.mark.parametrize(
    "value",
    [
        *("", "db-1", "1.2.3", "1.2.3.4.5", "a.b.c.d", "12:30:45", "é"),
        *("256.1.2.3", "1.300.2.3", "1.2.999.3", "1.2.3.256", "[]:443", "[10.1.2.3]"),
    ],
)
def test_what_is_no_address_is_its_own_network(value: str) -> None:
    assert networks(value) == (NO_ADDRESS, value, value)


def test_a_column_of_addresses_may_hold_other_names_up_to_one_half() -> None:
    assert are_addresses(pa.array(["10.0.0.1", "::1", "AWS Internal", "-"]))
    assert not are_addresses(pa.array(["10.0.0.1", "AWS Internal", "-"]))
    assert not are_addresses(pa.array([], pa.string()))
