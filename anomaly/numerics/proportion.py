"""The interval of a proportion that is known from few cases."""

import math

_Z = 1.959963984540054
"""The quantile of the standard normal distribution that leaves 2.5 % on each side."""


def wilson_interval(hits: int, n: int) -> tuple[float, float]:
    """Return the 95 % score interval of a proportion (Wilson, 1927).

    Parameters
    ----------
    hits
        The cases that have it.
    n
        All cases, at least one.

    Examples
    --------
    >>> [round(end, 2) for end in wilson_interval(14, 23)]
    [0.41, 0.78]
    """
    share, z2 = hits / n, _Z * _Z
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    # The ends are exact where nothing or all has it, whatever is rounded.
    return 0.0 if hits == 0 else centre - half, 1.0 if hits == n else centre + half
