"""A stable order of whole numbers by their digits: numpy sorts 16 bits at a time by counting."""

from typing import Any

import numpy as np
import numpy.typing as npt

from anomaly.numerics.arrays import Integers

_BITS = 16
_MOST_PASSES = 4


def stable_order(numbers: npt.NDArray[np.integer[Any]]) -> Integers:
    """Return the places of numbers from 0 on in their order; equal ones stay as they are, (n,).

    The digits are sorted from the lowest to the highest, as in a radix sort.

    Examples
    --------
    >>> stable_order(np.array([70_000, 3, 70_000, 0])).tolist()
    [3, 1, 0, 2]
    """
    n_bits = int(numbers.max(initial=0)).bit_length()
    order = _order_of_digit(numbers, 0)
    for shift in range(_BITS, min(n_bits, _BITS * _MOST_PASSES), _BITS):
        order = order[_order_of_digit(numbers[order], shift)]
    return order


def _order_of_digit(numbers: npt.NDArray[np.integer[Any]], shift: int) -> Integers:
    # What is cut off by the smaller type are the higher digits.
    digit = (numbers >> numbers.dtype.type(shift)).astype(np.uint16)
    return np.argsort(digit, kind="stable")
