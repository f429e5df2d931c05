"""First samples of recordings."""

import numpy as np


def first_samples(variable: str, step: int, cells: int) -> np.ndarray:
    """Samples, (cells,), of a variable that no state holds, at the step at which recording begins.

    Before the first step, pseudo-derivative, learning signal and error are 0, and there is no
    target. Later NaN: the values of a step that is done are not kept.
    """
    known = step == 0 and variable != "target"
    return np.full(cells, 0.0 if known else np.nan)
