"""The factor of Student's t interval, in one place for every interval of a mean."""

from typing import Any

import numpy as np
from scipy import stats


def t_factor(n: Any, level: float) -> Any:
    """How many standard errors the two-sided interval of a mean of `n` values reaches; n is a number or an array.

    With fewer than two values there is no interval: the factor is that of two, and the caller leaves it out.
    """
    return stats.t.ppf((1 + level) / 2, np.maximum(np.asarray(n) - 1, 1))
