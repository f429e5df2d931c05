"""Losses of a readout population: its error and the value of E, as immutable values.

==================  ==========================================  ====================
name                E, summed over steps t and readouts k       err_k^t
==================  ==========================================  ====================
mse                 1/2 sum (y_k^t - y*_k^t)^2                  y_k^t - y*_k^t
cross_entropy       - sum pi*_k^t log softmax(y^t)_k            softmax(y^t)_k - pi*_k^t
==================  ==========================================  ====================

A step whose target is NaN has no error and adds nothing to E.
"""

from pynn_eprop.models.losses.cross_entropy import CrossEntropy
from pynn_eprop.models.losses.loss import Loss
from pynn_eprop.models.losses.mse import MSE
from pynn_eprop.models.losses.registry import LOSSES, register_loss, resolve_loss

for _loss in (MSE, CrossEntropy):
    register_loss(_loss)

__all__ = ["LOSSES", "MSE", "CrossEntropy", "Loss", "register_loss", "resolve_loss"]
