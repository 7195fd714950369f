"""A fitted model as JSON and named arrays, and back: what is stored is data, never code.

Frozen dataclasses, scikit-learn estimators, mappings, sequences, numbers and strings go into the
JSON; NumPy arrays go beside it under the path that leads to them. Only classes that the reader
names itself are made again. A key may be any string, a column's name among them. One that begins
with `$` gets another `$`. In a path `~` and `/` are spelt `~0` and `~1` (RFC 6901).
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator

from schemas.errors import ModelFileError

Arrays = dict[str, npt.NDArray[Any]]


def dump(value: Any) -> tuple[Any, Arrays]:
    """Split `value` into what JSON holds and the arrays, by path.

    Examples
    --------
    >>> dump({"counts": np.array([3, 1]), "total": 4})
    ({'counts': {'$array': 'counts'}, 'total': 4}, {'counts': array([3, 1])})
    """
    arrays: Arrays = {}
    return _dump(value, "", arrays), arrays


def load(tree: Any, arrays: Mapping[str, npt.NDArray[Any]], classes: tuple[type, ...]) -> Any:
    """Put together again what `dump` split; only `classes` are made.

    Raises
    ------
    ModelFileError
        If the tree names a class or an array that is not there.
    """
    return _load(tree, arrays, {c.__name__: c for c in classes})


def _dump(value: Any, path: str, arrays: Arrays) -> Any:
    if isinstance(value, np.ndarray):
        arrays[path] = np.ascontiguousarray(value)
        return {"$array": path}
    if is_dataclass(value) and not isinstance(value, type):
        parts = {f.name: getattr(value, f.name) for f in fields(value)}
        return {"$class": type(value).__name__, "parts": _dump(parts, path, arrays)}
    if isinstance(value, BaseEstimator):
        learned = {k: v for k, v in vars(value).items() if k.endswith("_")}
        parts = {"params": value.get_params(), "learned": learned}
        return {"$class": type(value).__name__, "parts": _dump(parts, path, arrays)}
    if isinstance(value, Mapping):
        return {_marked(str(k)): _dump(v, _below(path, str(k)), arrays) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [_dump(v, f"{path}/{i}", arrays) for i, v in enumerate(value)]
    return value


def _marked(key: str) -> str:
    return f"${key}" if key.startswith("$") else key


def _below(path: str, key: str) -> str:
    step = key.replace("~", "~0").replace("/", "~1")
    return f"{path}/{step}" if path else step


def _load(tree: Any, arrays: Mapping[str, npt.NDArray[Any]], classes: dict[str, type]) -> Any:
    if isinstance(tree, list):
        return tuple(_load(v, arrays, classes) for v in tree)
    if not isinstance(tree, dict):
        return tree
    if "$array" in tree:
        if tree["$array"] not in arrays:
            raise ModelFileError(f"the array `{tree['$array']}` is missing", remedy="fit it again")
        return arrays[tree["$array"]]
    if "$class" not in tree:
        return {k.removeprefix("$"): _load(v, arrays, classes) for k, v in tree.items()}
    if tree["$class"] not in classes:
        raise ModelFileError(f"`{tree['$class']}` is not a part of a model", remedy="fit it again")
    made = classes[tree["$class"]]
    parts = _load(tree["parts"], arrays, classes)
    if not issubclass(made, BaseEstimator):
        return made(**parts)
    estimator = made(**parts["params"])
    vars(estimator).update(parts["learned"])
    return estimator
