"""Learning signals of cells, and their sums over the future (eq. 4, 49)."""

from typing import Any

import jax.numpy as jnp

from pynn_eprop.functional.filters import leaky
from pynn_eprop.functional.model import Model, Tree
from pynn_eprop.models.network import LearningSignal, SymmetricFeedback, WindowedFeedback


def kappa_of(model: Model, constants: Tree, signal: LearningSignal) -> Any:
    """Filter of eligibility traces for a signal: the readouts' kappa, or 0 without a loss."""
    kappa = constants["kappas"][signal.source]
    return kappa if model.readouts[signal.source].loss is not None else jnp.zeros_like(kappa)


def _sent(model: Model, activity: Tree, signal: LearningSignal) -> Any:
    return activity[model.readouts[signal.source].signal][signal.source]


def _feedback(model: Model, parameters: Tree, constants: Tree, number: int) -> Any:
    """B, (cells, readouts), or (windows, cells, readouts)."""
    feedback = model.network.learning_signals[number].feedback
    if not isinstance(feedback, SymmetricFeedback):
        return constants["feedback"][number]
    return sum(block.matrix(parameters["weights"][place])                   # below eq. 48
               for place, block in enumerate(model.blocks)
               if block.projection == feedback.projection) \
        if any(block.projection == feedback.projection for block in model.blocks) \
        else jnp.zeros((model.network.populations[
            model.network.learning_signals[number].target].size, model.network.populations[
                model.network.learning_signals[number].source].size), model.dtype)


def learning_signal(model: Model, parameters: Tree, constants: Tree, activity: Tree,
                    number: int) -> Any:
    """L_j^t = sum_k B_jk err_k^t (y_k^t without a loss), (steps, cells)."""
    signal = model.network.learning_signals[number]
    weight = _feedback(model, parameters, constants, number)
    sent = _sent(model, activity, signal)
    if not isinstance(signal.feedback, WindowedFeedback):
        return sent @ weight.T
    local = activity["first"] + jnp.arange(sent.shape[0])
    window = (local - 1) // signal.feedback.window_steps
    return jnp.einsum("tjk,tk->tj", jnp.asarray(weight)[window], sent)


def future_signal(model: Model, parameters: Tree, constants: Tree, activity: Tree,
                  number: int) -> Any:
    """G_j^t = L_j^t + kappa G_j^{t+1}, (steps, cells), with G^{T+1} = 0."""
    signal = model.network.learning_signals[number]
    kappa = kappa_of(model, constants, signal)
    if isinstance(signal.feedback, WindowedFeedback):
        L = learning_signal(model, parameters, constants, activity, number)
        return leaky(kappa, L, jnp.zeros_like(L[0]), reverse=True)
    sent = _sent(model, activity, signal)
    # B does not change, so that fewer readouts are filtered than cells
    return leaky(kappa, sent, jnp.zeros_like(sent[0]), reverse=True) @ _feedback(
        model, parameters, constants, number).T
