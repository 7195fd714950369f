"""Names of array types: `Floats` are float32, `Doubles` float64, `Integers` int64."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
