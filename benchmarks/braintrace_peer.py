"""e-prop in braintrace, a library of online learning in JAX, on task 1.1.

Its cells are written so that the gradient is ours; README.md here says how.
"""

import math
import time
from typing import Any

import numpy as np

from benchmarks import networks, worker
from benchmarks.networks import Pattern

MILLI = 1000.0
#: Steps of a window; the learning signal flows back within one, and the traces across them.
WINDOW = 100
NAMES = {"online": "e-prop", "windows": f"e-prop in windows of {WINDOW} steps"}


def spike_function(jax: Any, net: Pattern) -> Any:
    """The spike at a distance from the threshold; its derivative is eq. 24's pseudo-derivative."""

    @jax.custom_jvp
    def spike(distance: Any) -> Any:
        return (distance >= 0).astype(distance.dtype)

    @spike.defjvp
    def derivative(primals: Any, tangents: Any) -> Any:
        (distance,), (change,) = primals, tangents
        h = jax.numpy.maximum(1 - abs(distance) / net.v_thresh, 0) * networks.HEIGHT
        return spike(distance), h * change

    return spike


def make_model(jax: Any, brainstate: Any, braintrace: Any, net: Pattern) -> Any:
    """One step of the network.

    Each cell has two hidden states: v, and its filtered spikes, which the readouts weight. These
    lag by a step, because braintrace takes the derivative of a new hidden state by another new one
    into account twice. The step's input is therefore that of the step after, so that outputs and
    targets belong together.
    """
    jnp, constant = jax.numpy, jax.lax.stop_gradient
    alpha = math.exp(-1.0 / networks.TAU_M)
    kappa = math.exp(-1.0 / networks.TAU_OUT)
    spike = spike_function(jax, net)
    arrays = {name: jnp.asarray(array, jnp.float32) for name, array in net.weights().items()}

    class Model(brainstate.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.w_in, self.w_rec, self.w_out = (
                brainstate.ParamState(arrays[name]) for name in ("in", "rec", "out"))

        def init_state(self, batch_size: Any = None, **_: Any) -> None:
            rest = jnp.zeros(net.cells)
            self.v, self.filtered = (brainstate.HiddenState(rest) for _ in range(2))
            # z, in which steps it can be 1, and how long it stays 0: no gradient passes
            self.z, self.ready, self.silent = (brainstate.ShortTermState(rest) for _ in range(3))

        def rest(self) -> None:
            """The state at the start of an interval."""
            for state in (self.v, self.filtered, self.z, self.ready, self.silent):
                state.value = jnp.zeros(net.cells)

        def update(self, x: Any) -> tuple[Any, Any]:
            """Outputs (readouts,) of the step before, spikes (cells,) of this one."""
            v, z = self.v.value, constant(self.z.value)
            filtered = kappa * self.filtered.value + spike(v - net.v_thresh) * self.ready.value
            self.filtered.value = filtered
            arriving = (braintrace.matmul(x, self.w_in.value)
                        + braintrace.matmul(z, self.w_rec.value))
            v = alpha * v + arriving - net.v_thresh * z
            self.v.value = v
            ready = (self.silent.value <= 0).astype(v.dtype)
            self.ready.value = ready
            z = spike(v - net.v_thresh) * ready
            self.z.value = constant(z)
            self.silent.value = jnp.where(
                constant(z) > 0, networks.TAU_REFRAC, jnp.maximum(self.silent.value - 1, 0))
            # forwards the weights of the readouts, backwards those of the feedback
            error_path = (filtered - constant(filtered)) @ arrays["feedback"].T
            return constant(filtered) @ self.w_out.value + error_path, z

    return Model()


def sequences(net: Pattern) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Input of the step after (nothing comes at the first), targets, which spikes count.

    The spikes of the last step would belong to the next interval.
    """
    inputs = np.zeros((net.steps, net.sources), np.float32)
    for source, local in enumerate(net.source_steps()):
        inputs[local - 1, source] = 1.0
    counts = np.ones(net.steps, np.float32)
    counts[-1] = 0.0
    return inputs, net.target().T.astype(np.float32), counts


def make_update(jax: Any, brainstate: Any, braintrace: Any, net: Pattern, windows: bool) -> Any:
    """One update: () -> rates in Hz (cells,), loss; compiled at the first call.

    The firing-rate term needs the rates of the whole interval beforehand: a pass without traces.
    """
    import braintools

    jnp = jax.numpy
    model = make_model(jax, brainstate, braintrace, net)
    inputs, target, counts = (jnp.asarray(array) for array in sequences(net))
    if windows:
        learner = braintrace.compile(model, braintrace.EProp,
                                     braintrace.MultiStepData(inputs[:WINDOW]),
                                     vjp_method="multi-step")
    else:
        learner = braintrace.compile(model, braintrace.EProp, inputs[0])
    adam = braintools.optim.Adam(net.learning_rate)
    adam.register_trainable_weights(learner.param_states)
    off_diagonal = 1.0 - jnp.eye(net.cells)

    @brainstate.transform.jit
    def update() -> tuple[Any, Any]:
        model.rest()
        outputs, spikes = brainstate.transform.for_loop(model, inputs)
        rates = counts @ spikes / (net.steps / MILLI)
        rate_term = networks.C_REG * (rates - networks.F_TARGET)
        model.rest()
        learner.reset_state()

        def step(x: Any, wanted: Any, count: Any) -> Any:
            y, z = learner(braintrace.MultiStepData(x) if windows else x)
            return 0.5 * ((y - wanted) ** 2).sum(-1) + count * (z * rate_term).sum(-1)

        gradients = learner.etrace_grad(inputs, target, counts, step_fn=step, reduction="sum",
                                        chunk_size=WINDOW if windows else None)
        adam.update({path: gradient * off_diagonal if path[-1] == "w_rec" else gradient
                     for path, gradient in gradients.items()})
        return rates, 0.5 * ((outputs - target) ** 2).sum()

    return update


def main() -> None:
    """One process: build, then one update per round."""
    args = worker.arguments()
    worker.keep_to(args.threads)
    braintrace = worker.find("braintrace", "braintrace",
                             "pip install braintrace==0.2.8 (Python 3.12), --braintrace-python")
    if braintrace is None:
        return
    import brainstate
    import jax

    net = networks.workload(args.workload, args.cells)
    if not isinstance(net, Pattern):
        worker.send(missing="braintrace: task 1.1 only")
        return
    variant = args.variant or "online"
    begin = time.perf_counter()
    update = make_update(jax, brainstate, braintrace, net, variant == "windows")

    def measure() -> dict[str, Any]:
        stopwatch = worker.Stopwatch()
        rates, loss = jax.block_until_ready(update())
        return {**stopwatch.read(), "rate_hz": float(rates.mean()), "loss": float(loss)}

    measure()
    worker.serve(measure, peer=f"braintrace {braintrace.__version__} {NAMES[variant]}",
                 build_s=time.perf_counter() - begin, synapses=net.synapses)


if __name__ == "__main__":
    main()
