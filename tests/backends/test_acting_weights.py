"""The weight that acts at arrival: the weight itself on every backend, its 16 bits on SpiNNaker."""

import numpy as np
import pytest


@pytest.mark.parametrize("learns", [False, True])
def test_acting_weights_are_read_like_weights(on_backend, backend, learns):
    before, after, refused = on_backend("weights.acting_weights", learns)
    np.testing.assert_array_equal(before[0], [0.3, 1e-5, -0.2, 0.0])
    for weight, acting in (before, after):
        if backend == "spinnaker":
            # weights that stay need 15 bits for 0.3; those that learn get room for 0.6 + 1 / sqrt 2
            # and 100 steps of 0.001
            bits = 14 if learns else 15
            weight = np.floor(np.array(weight) * 2.0 ** bits + 0.5) * 2.0 ** -bits
        np.testing.assert_array_equal(acting, weight)
    assert refused[0][0] == "UnknownParameterError"
