"""Backpropagation through time in PyTorch, with the same pseudo-derivative and Adam.

The gradient flows back through spikes, reset and adaptation, as in ``pynn_eprop.jax``.
"""

import math
import time
from typing import Any

import numpy as np

from benchmarks import networks, worker
from benchmarks.networks import Pattern, StoreRecall

MILLI = 1000.0


def spike_function(torch: Any, net: Pattern | StoreRecall) -> Any:
    """The spike at a distance from the threshold; its derivative is eq. 24's pseudo-derivative."""

    class Spike(torch.autograd.Function):  # type: ignore[misc, name-defined]
        @staticmethod
        def forward(context: Any, distance: Any) -> Any:
            context.save_for_backward(distance)
            return (distance >= 0).float()

        @staticmethod
        def backward(context: Any, gradient: Any) -> Any:
            (distance,) = context.saved_tensors
            h = networks.HEIGHT * torch.clamp(1 - distance.abs() / net.v_thresh, min=0)
            return gradient * h

    return Spike.apply


def forward(torch: Any, net: Pattern | StoreRecall, weights: dict[str, Any], inputs: Any,
            spike: Any) -> tuple[Any, Any]:
    """Spikes (steps, trials, cells) and readouts (steps, trials, readouts) of one update."""
    alpha = math.exp(-1.0 / networks.TAU_M)
    kappa = math.exp(-1.0 / networks.TAU_OUT)
    shape = (net.trials, net.cells)
    v, z, a, silent = (torch.zeros(shape) for _ in range(4))
    y = torch.zeros(net.trials, net.readouts)
    rho, beta = 0.0, None
    if isinstance(net, StoreRecall):
        rho = math.exp(-1.0 / net.tau_a)
        beta = torch.zeros(net.cells)
        beta[net.cells - net.adaptive:] = net.beta
    spikes, outputs = [], []
    # unbound at once: the derivative of an index is as large as all steps together
    for driven in (inputs @ weights["in"]).unbind():
        v = alpha * v + z @ weights["rec"] + driven - net.v_thresh * z
        distance = v - net.v_thresh
        if beta is not None:
            a = rho * a + z
            distance = distance - beta * a
        z = spike(distance) * (silent <= 0)
        silent = torch.where(z.detach() > 0, networks.TAU_REFRAC, torch.clamp(silent - 1, min=0))
        y = kappa * y + z @ weights["out"]
        spikes.append(z)
        outputs.append(y)
    return torch.stack(spikes), torch.stack(outputs)


def loss_of(torch: Any, net: Pattern | StoreRecall, outputs: Any, wanted: Any) -> Any:
    """The loss of an update, without the firing-rate term; a target that is NaN adds nothing."""
    asked, wanted = ~torch.isnan(wanted), torch.nan_to_num(wanted)
    if isinstance(net, StoreRecall):
        terms = -wanted * torch.log_softmax(outputs, dim=-1)
    else:
        terms = 0.5 * (outputs - wanted) ** 2
    return (terms * asked).sum()


def tensors(torch: Any, net: Pattern | StoreRecall) -> tuple[dict[str, Any], Any, Any]:
    """Weights, inputs (steps, trials, sources) and targets (steps, trials, readouts)."""
    arrays = net.weights()
    weights = {name: torch.tensor(arrays[name], dtype=torch.float32, requires_grad=True)
               for name in ("in", "rec", "out")}
    inputs = np.zeros((net.trials * net.steps, net.sources), dtype=np.float32)
    for source, local in enumerate(net.source_steps()):
        inputs[local, source] = 1.0
    wanted = net.target().T.astype(np.float32)

    def by_step(rows: np.ndarray) -> Any:
        trials = rows.reshape(net.trials, net.steps, -1)
        return torch.tensor(np.ascontiguousarray(trials.swapaxes(0, 1)))

    return weights, by_step(inputs), by_step(wanted)


def main() -> None:
    """One process: build, then one update per round."""
    args = worker.arguments()
    torch = worker.find("torch", "PyTorch", "pip install torch==2.13.0")
    if torch is None:
        return
    torch.set_num_threads(args.threads)
    net = networks.workload(args.workload, args.cells)
    if not isinstance(net, Pattern | StoreRecall):
        worker.send(missing="PyTorch: tasks 1.1 and 1.2 only")
        return
    begin = time.perf_counter()
    weights, inputs, wanted = tensors(torch, net)
    off_diagonal = 1.0 - torch.eye(net.cells)
    adam = torch.optim.Adam(weights.values(), lr=net.learning_rate)
    spike = spike_function(torch, net)
    seconds = net.trials * net.steps / MILLI

    def measure() -> dict[str, Any]:
        stopwatch = worker.Stopwatch()
        adam.zero_grad()
        spikes, outputs = forward(torch, net, weights, inputs, spike)
        rates = spikes.sum((0, 1)) / seconds
        loss = loss_of(torch, net, outputs, wanted)
        # its derivative by a spike is C_j = c_reg (f_j - f_target)
        rate_term = 0.5 * networks.C_REG * seconds * ((rates - networks.F_TARGET) ** 2).sum()
        (loss + rate_term).backward()
        weights["rec"].grad.mul_(off_diagonal)
        adam.step()
        return {**stopwatch.read(), "rate_hz": rates.mean().item(),
                "loss": loss.item() / net.trials}

    measure()
    worker.serve(measure, peer=f"PyTorch {torch.__version__} BPTT",
                 build_s=time.perf_counter() - begin, synapses=net.synapses)


if __name__ == "__main__":
    main()
