import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.preprocess.close_names import closest, difference
from tests import naive
from tests.anomaly.logs import NAMES, PATIENT

SHORT_ALPHABET = st.text("abcorn01-", min_size=2, max_size=12)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("svch0st.exe", "svchost.exe"),
        ("svhost.exe", "svchost.exe"),
        ("scvhost.exe", "svchost.exe"),
        ("svvchosts.exe", "svchost.exe"),
        ("expl0rer.exe", "explorer.exe"),
        ("paypaI", "paypal"),
        ("adm1n", "admin"),
        ("rnicrosoft.com", "microsoft.com"),
        ("аdmіn", "admin"),
        ("gοοgle", "google"),
        ("ad\u200bmin", "admin"),
    ],
)
def test_a_disguised_name_is_close_to_the_name_it_is_read_as(name: str, other: str) -> None:
    assert closest([name], ["unlike", other]).tolist() == [1]
    assert closest([other], ["unlike", name]).tolist() == [1]


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("host-02", "host-01"),
        ("host-2", "host-117"),
        ("python3", "python"),
        ("release 2.4.1", "release 2.5"),
        ("10.0.0.12", "10.0.0.13"),
        ("ADMIN", "admin"),
        ("GET", "PUT"),
        ("root", "boot"),
        ("a" * 70 + "b", "a" * 70),
        ("ad\0min", "admin"),
    ],
)
def test_numbers_case_and_short_names_make_no_close_pair(name: str, other: str) -> None:
    assert closest([name], [other]).tolist() == [-1]


@PATIENT
@given(
    names=st.lists(SHORT_ALPHABET | NAMES.map(lambda name: name or ""), max_size=12),
    others=st.lists(SHORT_ALPHABET, max_size=12),
)
def test_the_closest_is_that_of_all_pairs(names: list[str], others: list[str]) -> None:
    assert closest(names, others).tolist() == [naive.closest_name(name, others) for name in names]


@pytest.mark.parametrize(
    ("name", "other", "said"),
    [
        ("svch0st.exe", "svchost.exe", "differs in one place"),
        ("scvhost.exe", "svchost.exe", "differs in one place"),
        ("svvch0st.exe", "svchost.exe", "differs in 2 places"),
        ("SVCH0ST.exe", "svchost.exe", "differs in one place, and in case or digits"),
        ("rnicr0s0ft", "microsoft", "its characters look the same"),
    ],
)
def test_how_two_names_differ_is_told(name: str, other: str, said: str) -> None:
    assert difference(name, other) == said
