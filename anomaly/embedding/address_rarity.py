"""The surprisal of an IP address: a new address of a known network is less odd than one of a new.

An address is part of a /24, that of a /16, and that is private or public; of IPv6 /64 and /48. A
network is as likely to show a new address as its events are of addresses seen once (Good, 1953). So
an address is at most as surprising as a new one of its network. A network is at most as surprising
as a new one within the next wider.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anomaly.embedding.block import DriftBins, Rarity
from anomaly.embedding.category import MISSING, CategoryBlock, distinct
from anomaly.embedding.entity_rarity import scale_of
from anomaly.embedding.rarity import surprisal
from anomaly.numerics.arrays import Doubles, Integers
from anomaly.preprocess.networks import NO_ADDRESS, networks_of

_LEAST_ADDRESSES = 1.0
"""Addresses seen once that a known network is granted, so that a new one is less odd there."""
_LEAST_NETWORKS = 0.5
"""Networks seen once that a wider one is granted: as many as events stand for an unseen name."""


class _Seen(NamedTuple):
    """Counts of n networks in the sample; each int64 (n,)."""

    events: Integers
    once: Integers
    """Those of a part, a network or an address within each, that no other event is of."""


@dataclass(frozen=True)
class NetworkCounts:
    """The networks of one width, their events, and those that are alone in their part."""

    names: tuple[str, ...]
    events: Integers
    """(n_networks,)"""
    once: Integers
    """(n_networks,): the events of a part, of the next narrower width, that no other is of."""

    @classmethod
    def fit(cls, networks: pa.Array, parts: pa.Array, counts: Integers) -> "NetworkCounts":
        """Count `networks`, string (n,), of n addresses, their `parts`, and their events."""
        found, inner = networks.dictionary_encode(), parts.dictionary_encode()
        codes, of_part = found.indices.to_numpy(), inner.indices.to_numpy()
        alone = np.bincount(of_part, weights=counts)[of_part] == 1
        events = np.bincount(codes, weights=counts).astype(np.int64)
        once = np.bincount(codes[alone], minlength=len(events)).astype(np.int64)
        return cls(tuple(found.dictionary.to_pylist()), events, once)

    @cached_property
    def _value_set(self) -> pa.Array:
        return pa.array(self.names, pa.string())

    def seen(self, networks: pa.Array) -> _Seen:
        """Look up `networks`, string (n,); 0 for an unknown one."""
        found = pc.index_in(networks, value_set=self._value_set)
        codes = pc.fill_null(found, -1).to_numpy(zero_copy_only=False)
        return _Seen(np.append(self.events, 0)[codes], np.append(self.once, 0)[codes])


@dataclass(frozen=True)
class AddressRarityBlock:
    """One dimension: the surprisal of the address, with at most the variance of one column."""

    names: CategoryBlock
    """The addresses and their counts."""
    networks: tuple[NetworkCounts, ...]
    """From wide to narrow."""
    scale: float

    n_dims = 1

    @classmethod
    def fit(cls, names: CategoryBlock) -> "AddressRarityBlock":
        """Count the networks of the addresses in `names`, and learn the scale."""
        addresses = pa.array(names.names, pa.string())
        widths = [*networks_of(addresses), addresses]
        networks = tuple(
            NetworkCounts.fit(wide, narrow, names.counts) for wide, narrow in pairwise(widths)
        )
        first = cls(names, networks, 1.0)
        return replace(first, scale=scale_of(first._surprisals(addresses), names))

    def _surprisals(self, addresses: pa.Array) -> Doubles:
        """Return the surprisal of each of `addresses`, string (n,); the judged event left out."""
        counts = self.names.count_of(self.names.codes(addresses))
        sampled = counts > 0
        scopes, *narrower = [
            known.seen(networks)
            for known, networks in zip(self.networks, networks_of(addresses), strict=True)
        ]
        around, surprisals = scopes, self._of_known(scopes.events, sampled)
        for seen in narrower:
            surprisals += _of_new(around, seen.events, sampled, _LEAST_NETWORKS)
            surprisals = np.minimum(surprisals, self._of_known(seen.events, sampled))
            around = seen
        surprisals += _of_new(around, counts, sampled, _LEAST_ADDRESSES)
        return np.minimum(surprisals, self._of_known(counts, sampled))

    def _of_known(self, events: Integers, sampled: npt.NDArray[np.bool_]) -> Doubles:
        """Return the surprisal of a network or address that `events` hold."""
        return surprisal(events + ~sampled, self.names.total)

    def transform(self, column: pa.DictionaryArray) -> npt.NDArray[np.float32]:
        """Embed `column`, dictionary<string> (n_rows,), as float32 (n_rows, 1)."""
        names, rows = distinct(column)
        lengths = self._surprisals(pc.fill_null(names, MISSING)) * self.scale
        return lengths.astype(np.float32)[rows, None]

    def rarity(self, name: str | None) -> Rarity:
        """Return how many events hold the address, and how many its narrowest known network."""
        networks = networks_of(pa.array([MISSING if name is None else name]))
        of_name = self.names.rarity(name)
        if networks.scope[0].as_py() == NO_ADDRESS:
            return of_name
        wide, narrow = (
            int(known.seen(of).events[0])
            for known, of in zip(self.networks[1:], networks[1:], strict=True)
        )
        part = networks.narrow if narrow else networks.wide
        return replace(of_name, kind="address", part=part[0].as_py(), around=narrow or wide)

    def drift_bins(self, column: pa.DictionaryArray) -> DriftBins:
        """Return a bin for each common address, and one for the others."""
        return self.names.drift_bins(column)


def _of_new(
    around: _Seen, events: Integers, sampled: npt.NDArray[np.bool_], least: float
) -> Doubles:
    """Return the surprisal of a new part of a network; 0 where no other event is of it.

    A part of two events is seen once by the other one, and a part of one is not seen by others.
    """
    others = around.events - sampled
    once = around.once + sampled * ((events == 2).astype(np.int64) - (events == 1))
    share = np.divide(np.maximum(once, least), others, out=np.ones(len(others)), where=others > 0)
    return -np.log(share)
