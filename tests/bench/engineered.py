"""Features that a good engineer makes of raw columns, for the peers of the benchmarks.

A frame of them has floats for numbers and pandas categories for names. A detector that knows
categories takes it as it is; `encoded` is the matrix for the others.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.preprocessing import StandardScaler

Matrix = npt.NDArray[np.float64]
Features = dict[str, "pd.Series[float]"]
"""Name of a feature -> its values."""


def time_features(name: str, times: "pd.Series[pd.Timestamp]") -> Features:
    """Return the hour with its fraction, and the weekday."""
    hours = times.dt.hour + times.dt.minute / 60.0 + times.dt.second / 3_600.0
    return {f"{name}: hour": hours, f"{name}: weekday": times.dt.day_of_week.astype(float)}


def text_features(name: str, texts: "pd.Series[str]") -> Features:
    """Return a text's length, its share of odd characters, and its rarity once masked.

    Odd is what is neither letter, digit nor space. Masked, each run of digits is one 0.

    Examples
    --------
    >>> texts = pd.Series(["page 1", "page 27", "a;b;"])
    >>> {feature: values.round(1).tolist() for feature, values in text_features("t", texts).items()}
    {'t: length': [6.0, 7.0, 4.0], 't: odd': [0.0, 0.0, 0.5], 't: rarity': [0.4, 0.4, 1.1]}
    """
    texts = texts.fillna("").astype(str)
    length = texts.str.len().astype(float)
    odd = texts.str.count(r"[^A-Za-z0-9\s]") / length.clip(lower=1.0)
    masked = texts.str.replace(r"\d+", "0", regex=True)
    return {f"{name}: length": length, f"{name}: odd": odd, f"{name}: rarity": rarity(masked)}


def rarity(values: "pd.Series[str]") -> "pd.Series[float]":
    """Return −log of the share of the rows that hold the same value; nothing is a value too."""
    counts = values.groupby(values, dropna=False, observed=True).transform("size")
    return -np.log(counts.astype(float) / len(values))


def encoded(frame: pd.DataFrame) -> Matrix:
    """Return numbers with the median for what is missing, names as their rarity; standardised."""
    names = frame.select_dtypes("category").columns
    numbers = frame.drop(columns=names)
    filled = numbers.fillna(numbers.median()).fillna(0.0)
    columns = filled.assign(**{name: rarity(frame[name]) for name in names})
    return StandardScaler().fit_transform(columns.to_numpy(dtype=np.float64))
