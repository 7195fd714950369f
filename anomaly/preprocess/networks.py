"""The networks of IP addresses: private or public, /16 and /24, of IPv6 /48 and /64."""

import re
from ipaddress import IPv6Address, IPv6Network
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.patterns import IPV4_PARTS

NO_ADDRESS = "no address"
_PRIVATE, _PUBLIC = "private", "public"
_BRACKETED = re.compile(r"\[([^\[\]]*)\](?::\d+)?")
"""An IPv6 address in brackets, with a port or without."""
_LOCAL_V6 = tuple(IPv6Network(network) for network in ("fc00::/7", "fe80::/10", "::1/128"))


class Networks(NamedTuple):
    """The networks of n values, from wide to narrow; each string (n,)."""

    scope: pa.Array
    """`private`, `public` or `no address`."""
    wide: pa.Array
    """The /16, or the /48 of IPv6; the value itself where it is no address."""
    narrow: pa.Array
    """The /24, or the /64 of IPv6; the value itself where it is no address."""


def networks_of(values: pa.Array) -> Networks:
    """Return the networks of `values`, string (n,) without nulls; a port behind one is left out.

    Examples
    --------
    >>> networks = networks_of(pa.array(["10.1.2.3", "2001:db8:1:2::3", "printer"]))
    >>> networks.scope.to_pylist(), networks.wide.to_pylist()
    (['private', 'public', 'no address'], ['10.1.0.0/16', '2001:db8:1::/48', 'printer'])
    >>> networks.narrow.to_pylist()
    ['10.1.2.0/24', '2001:db8:1:2::/64', 'printer']
    """
    parts = pc.extract_regex(values, IPV4_PARTS)
    a, b, c = (pc.struct_field(parts, name) for name in "abc")
    wide = pc.binary_join_element_wise(a, b, "0", "0/16", ".")
    narrow = pc.binary_join_element_wise(a, b, c, "0/24", ".")
    others = np.flatnonzero(pc.is_null(parts).to_numpy(zero_copy_only=False))
    scope = np.where(_are_private(a, b), _PRIVATE, _PUBLIC).astype(object)
    of_others = [_of_other(value) for value in values.take(pa.array(others)).to_pylist()]
    scope[others] = [each[0] for each in of_others]
    missing = pc.is_null(parts)
    return Networks(
        pa.array(scope, pa.string()),
        pc.replace_with_mask(wide, missing, pa.array([e[1] for e in of_others], pa.string())),
        pc.replace_with_mask(narrow, missing, pa.array([e[2] for e in of_others], pa.string())),
    )


def are_addresses(values: pa.Array) -> bool:
    """Return whether at least half of `values`, string (n,) without nulls, are IP addresses."""
    scope = networks_of(values).scope
    none = pc.sum(pc.equal(scope, NO_ADDRESS)).as_py() or 0
    return len(values) > 0 and 2 * none <= len(values)


def _are_private(first: pa.Array, second: pa.Array) -> npt.NDArray[np.bool_]:
    """Tell by the first two numbers which IPv4 addresses are of no public network."""
    a, b = (
        pc.fill_null(part, "0").cast(pa.int64()).to_numpy(zero_copy_only=False)
        for part in (first, second)
    )
    shared = (a == 100) & (b >= 64) & (b < 128)
    small = ((a == 172) & (b >= 16) & (b < 32)) | ((a == 192) & (b == 168))
    return np.asarray((a == 10) | (a == 127) | ((a == 169) & (b == 254)) | shared | small)


def _of_other(value: str) -> tuple[str, str, str]:
    """Return scope, wide and narrow network of what is no IPv4 address."""
    bracketed = _BRACKETED.fullmatch(value)
    text = bracketed[1] if bracketed else value.partition("/")[0]
    try:
        address = IPv6Address(text.partition("%")[0])
    except ValueError:
        return NO_ADDRESS, value, value
    if address.ipv4_mapped is not None:
        # The same address as in the spelling `::ffff:10.1.2.3`.
        scope, wide, narrow = networks_of(pa.array([str(address.ipv4_mapped)]))
        return scope[0].as_py(), wide[0].as_py(), narrow[0].as_py()
    local = any(address in network for network in _LOCAL_V6)
    wide, narrow = (str(IPv6Network((int(address), n), strict=False)) for n in (48, 64))
    return (_PRIVATE if local else _PUBLIC), wide, narrow
