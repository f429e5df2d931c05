"""The contents of results.json when numbers are not finite."""

import json
import math

from pynn_eprop.experiments.results import without_nan


def test_diverged_curves_are_written_as_null():
    """JSON knows no NaN; RFC 8259, section 6."""
    results = {"error_curve": [1.0, math.nan, math.inf], "error_last50": math.nan,
               "updates": 3, "configuration": {"seed": 1, "label": "x"}}
    written = json.dumps(without_nan(results), allow_nan=False)
    assert json.loads(written) == {"error_curve": [1.0, None, None], "error_last50": None,
                                   "updates": 3, "configuration": {"seed": 1, "label": "x"}}
