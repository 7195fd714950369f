import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.detectors.covariance_metric import CovarianceMetric
from anomaly.detectors.density import DistanceToMeasure
from anomaly.model.model import PARTS, AnomalyModel
from anomaly.model.serialization import dump, load
from schemas.columns.roles import Role
from schemas.errors import ModelFileError
from tests.anomaly.logs import PATIENT, terms

KEYS = st.one_of(
    st.sampled_from(["$array", "$class", "$", "$$class", "a/b", "a", "b", "~", "~1", "parts", ""]),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=5),
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=5),
    st.lists(st.integers(-9, 9), max_size=3).map(lambda x: np.array(x, dtype=np.int64)),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple), st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)


@dataclass(frozen=True)
class Part:
    name: str
    values: np.ndarray


def through_json(value: Any, classes: tuple[type, ...] = ()) -> Any:
    tree, arrays = dump(value)
    return load(json.loads(json.dumps(tree)), arrays, classes)


def alike(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, dict):
        return list(a) == list(b) and all(alike(a[k], b[k]) for k in a)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(alike(x, y) for x, y in zip(a, b, strict=True))
    return type(a) is type(b) and a == b


@PATIENT
@given(TREES)
def test_a_tree_with_any_keys_is_loaded_as_it_was_dumped(tree: Any) -> None:
    assert alike(through_json(tree), tree)


def test_arrays_of_keys_that_look_like_paths_stay_apart() -> None:
    tree = {"a/b": np.array([1]), "a": {"b": np.array([2])}, "a~1b": np.array([3])}
    assert alike(through_json(tree), tree)


def test_only_named_classes_are_made() -> None:
    part = Part("x", np.arange(3))
    again = through_json(part, (Part,))
    assert isinstance(again, Part)
    assert again.values.tolist() == [0, 1, 2]
    with pytest.raises(ModelFileError, match="`Part` is not a part of a model"):
        through_json(part, PARTS)


@pytest.mark.parametrize("name", ["object", "Path", "Popen", "builtins.eval", "AnomalyModel2"])
def test_a_tree_that_names_another_class_is_refused(name: str) -> None:
    with pytest.raises(ModelFileError, match="not a part"):
        load({"$class": name, "parts": {}}, {}, PARTS)


def test_the_error_names_a_missing_array() -> None:
    with pytest.raises(ModelFileError, match="`counts` is missing"):
        load({"$array": "counts"}, {}, PARTS)


def test_an_estimator_keeps_its_parameters_and_what_it_learned() -> None:
    X = np.random.default_rng(0).normal(size=(50, 3))
    density = DistanceToMeasure(masses=(0.2,), n_references=20, random_state=1).fit(X)
    again = through_json(density, (DistanceToMeasure, CovarianceMetric))
    assert again.get_params() == density.get_params()
    assert (again.score_samples(X) == density.score_samples(X)).all()


def test_every_class_in_a_model_is_a_part(model: AnomalyModel) -> None:
    tree, _ = dump(model)
    named = set()

    def visit(node: Any) -> None:
        if isinstance(node, dict):
            named.add(node.get("$class"))
            for value in node.values():
                visit(value)
        elif isinstance(node, list):
            for value in node:
                visit(value)

    visit(tree)
    assert named - {None} <= {part.__name__ for part in PARTS}


def test_a_stored_model_knows_what_looks_like_a_common_name() -> None:
    words = [f"{a}{b}" for a in ("amber", "birch", "cobalt") for b in ("tool", "agent", "job")]
    names = [*["svchost.exe"] * 300, *words * 3]
    events = pa.table({"process": terms(names), "x": np.arange(len(names)) % 7.0})
    model, _ = AnomalyModel.fit(events, {"process": Role.CATEGORY, "x": Role.NUMBER}, {}, 0)
    again = through_json(model, PARTS)
    odd = events.slice(0, 2).set_column(0, "process", terms(["svch0st.exe", "winword.exe"]))
    p_values = again.score(odd).p_values
    assert p_values.tolist() == model.score(odd).p_values.tolist()
    assert p_values[0] < p_values[1]
