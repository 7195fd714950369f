import warnings

import numpy as np
import pytest

from anomaly.explain.projection import project


def test_the_plane_shows_most_of_all_points() -> None:
    random = np.random.default_rng(0)
    normal = random.normal(size=(200, 8)).astype(np.float32)
    normal[:, 3] *= 20.0
    odd = np.zeros((3, 8), dtype=np.float32)
    odd[:, 5] = 300.0
    near, far = project(normal, odd)
    assert (near.shape, far.shape) == ((200, 2), (3, 2))
    assert near.dtype == far.dtype == np.float32
    gap = np.linalg.norm(far[:, None] - near[None], axis=2)
    assert gap.min() > 250.0
    again, _ = project(normal, odd)
    assert (again == near).all()


@pytest.mark.parametrize(
    ("normal", "others"),
    [
        (np.ones((1, 3)), np.zeros((0, 3))),
        (np.ones((4, 3)), np.ones((1, 3))),
        (np.ones((4, 1)), np.zeros((1, 1))),
        (np.zeros((2, 2)), np.zeros((0, 2))),
    ],
)
def test_few_equal_or_flat_points_have_a_place_without_a_warning(
    normal: np.ndarray, others: np.ndarray
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        near, far = project(normal.astype(np.float32), others.astype(np.float32))
    assert (near.shape, far.shape) == ((len(normal), 2), (len(others), 2))
    assert np.isfinite(near).all()
    assert np.isfinite(far).all()
