"""Sentence vectors of a packaged model: the optional part of a text's embedding.

By their words, texts that share none are far apart. A model trained on other texts places
`failed to log in` near `authentication error`. The model is WordLlama (Miller, 2024): averaged
token embeddings of a language model. They come with its package, so nothing is downloaded. It is an
extra of this project, `outfield[semantic]`.
"""

from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sklearn.utils.extmath import randomized_svd

from anomaly.embedding.deduplicated import Vectors
from schemas.errors import JobError, ModelFileError

_PACKAGE = "wordllama"
_N_SENTENCE_DIMS = 256


@dataclass(frozen=True)
class MeaningSpace:
    """The main directions of the sentence vectors of texts, and what lies beside them."""

    centre: Vectors
    """(256,): the mean sentence vector of the sample's events."""
    directions: Vectors
    """(256, n_directions): the right singular vectors about it."""
    scale: float
    """Brings directions and residual together to the variance of one column."""
    release: str
    """That of the sentence model's package: another one may see other meanings."""

    @classmethod
    def fit(
        cls, texts: pa.Array, counts: npt.NDArray[np.int64], n_directions: int, seed: int
    ) -> "MeaningSpace":
        """Learn from distinct `texts`, string (n_texts,); text i stands for `counts[i]` events.

        Raises
        ------
        JobError
            If the extra is not installed.
        """
        release = installed_release()
        vectors = _sentence_vectors(texts)
        shares = (counts / max(int(counts.sum()), 1)).astype(np.float32)
        centre = shares @ vectors
        away = vectors - centre
        rank = min(n_directions, len(texts) - 1, _N_SENTENCE_DIMS)
        directions = np.zeros((_N_SENTENCE_DIMS, n_directions), dtype=np.float32)
        if rank > 0:
            sample = np.sqrt(shares)[:, None] * away
            directions[:, :rank] = randomized_svd(sample, rank, random_state=seed)[2].T
        variance = float(shares @ np.einsum("ij,ij->i", away, away))
        return cls(centre, directions, float(1.0 / np.sqrt(max(variance, 1e-6))), release)

    @property
    def n_dims(self) -> int:
        """Return the number of dimensions: the directions and the residual."""
        return self.directions.shape[1] + 1

    def cosines(self, texts: pa.Array, row: int) -> npt.NDArray[np.float64]:
        """Return the cosine of the sentence vector of each text with that of one of them."""
        vectors = _sentence_vectors(texts)
        return (vectors @ vectors[row]).astype(np.float64)

    def transform(self, texts: pa.Array) -> Vectors:
        """Embed `texts`, string (n_texts,), as float32 (n_texts, n_dims).

        Raises
        ------
        JobError, ModelFileError
            If the extra is not installed, or in another release than the model was fitted with.
        """
        if self.release != installed_release():
            raise ModelFileError(
                f"fitted with {_PACKAGE} {self.release}, and {installed_release()} is installed",
                remedy="install that release, or fit the model again",
            )
        away = _sentence_vectors(texts) - self.centre
        main = away @ self.directions
        beside = np.einsum("ij,ij->i", away, away) - np.einsum("ij,ij->i", main, main)
        residual = np.sqrt(np.maximum(beside, 0.0))
        return np.column_stack([main, residual]).astype(np.float32) * np.float32(self.scale)


def installed_release() -> str:
    """Return the release of the sentence model's package.

    Raises
    ------
    JobError
        It is not installed.
    """
    try:
        return version(_PACKAGE)
    except PackageNotFoundError as error:
        raise JobError(
            '`text = "semantic"` needs a sentence model, and none is installed',
            where="model.text",
            remedy="pip install 'outfield[semantic]', or leave `text` out",
        ) from error


@cache
def _model() -> Any:
    import wordllama  # noqa: PLC0415 - an optional extra, and slow to import

    # Its files lie in its own package; told so, it finds them there and asks no server for them.
    return wordllama.WordLlama.load(cache_dir=wordllama.__path__[0], disable_download=True)


def _sentence_vectors(texts: pa.Array) -> Vectors:
    """Return the vector of each text at length one, float32 (n_texts, 256); 0 for an empty one."""
    vectors = np.zeros((len(texts), _N_SENTENCE_DIMS), dtype=np.float32)
    spelt = texts.to_pylist()
    filled = [i for i, text in enumerate(spelt) if text and text.strip()]
    if filled:
        vectors[filled] = _model().embed([spelt[i] for i in filled])
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0.0)
