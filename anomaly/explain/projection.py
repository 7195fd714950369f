"""The embedding in two dimensions: a map to look at, not to measure on."""

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import PCA

Points = npt.NDArray[np.float32]


def project(normal: Points, others: Points) -> tuple[Points, Points]:
    """Project normal events and others on the plane that shows most of both.

    The principal components of all of them span the plane, so that anomalies can be seen too.

    Returns
    -------
    The coordinates of `normal`, float32 (n_normal, 2), and of `others`, float32 (n_others, 2).
    """
    together = np.vstack([normal, others]).astype(np.float64)
    n_axes = min(2, *together.shape)
    plane = np.zeros((len(together), 2), dtype=np.float32)
    # PCA also divides by the total variance, which is 0 where all points coincide.
    with np.errstate(divide="ignore", invalid="ignore"):
        plane[:, :n_axes] = PCA(n_axes, svd_solver="full").fit_transform(together)
    return plane[: len(normal)], plane[len(normal) :]
