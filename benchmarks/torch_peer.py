"""Backpropagation through time in PyTorch on task 1.1, with the same pseudo-derivative and Adam."""

import math
import time
from typing import Any

from benchmarks import networks, worker
from benchmarks.networks import Pattern

MILLI = 1000.0


def spike_function(torch: Any) -> Any:
    """The spike, whose derivative is the paper's pseudo-derivative (eq. 24)."""

    class Spike(torch.autograd.Function):  # type: ignore[misc, name-defined]
        @staticmethod
        def forward(context: Any, u: Any) -> Any:
            context.save_for_backward(u)
            return (u >= 0).float()

        @staticmethod
        def backward(context: Any, gradient: Any) -> Any:
            (u,) = context.saved_tensors
            return gradient * networks.HEIGHT * torch.clamp(1 - u.abs(), min=0)

    return Spike.apply


def forward(torch: Any, weights: dict[str, Any], inputs: Any, spike: Any) -> tuple[Any, Any]:
    """Spikes (steps, cells) and readouts (steps, READOUTS) of one interval."""
    alpha = math.exp(-1.0 / networks.TAU_M)
    kappa = math.exp(-1.0 / networks.TAU_OUT)
    cells = weights["rec"].shape[0]
    v, z, silent = torch.zeros(cells), torch.zeros(cells), torch.zeros(cells)
    y = torch.zeros(networks.READOUTS)
    driven = inputs @ weights["in"]
    spikes, outputs = [], []
    for step in range(inputs.shape[0]):
        v = alpha * v + z @ weights["rec"] + driven[step] - networks.V_THRESH * z.detach()
        z = spike((v - networks.V_THRESH) / networks.V_THRESH) * (silent <= 0)
        silent = torch.where(z.detach() > 0, networks.TAU_REFRAC, torch.clamp(silent - 1, min=0))
        y = kappa * y + z @ weights["out"]
        spikes.append(z)
        outputs.append(y)
    return torch.stack(spikes), torch.stack(outputs)


def main() -> None:
    """One process: build, then one update per round."""
    args = worker.arguments()
    torch = worker.find("torch", "PyTorch", "pip install torch==2.13.0")
    if torch is None:
        return
    torch.set_num_threads(args.threads)
    net = networks.workload(args.workload, args.cells)
    if not isinstance(net, Pattern):
        worker.send(missing="PyTorch: task 1.1 only")
        return
    begin = time.perf_counter()
    arrays = net.weights()
    weights = {
        name: torch.tensor(arrays[name], dtype=torch.float32, requires_grad=True)
        for name in ("in", "rec", "out")
    }
    off_diagonal = 1.0 - torch.eye(net.cells)
    inputs = torch.zeros(net.steps, net.sources)
    for source, local in enumerate(net.source_steps()):
        inputs[local, source] = 1.0
    wanted = torch.tensor(networks.target(net.steps).T, dtype=torch.float32)
    adam = torch.optim.Adam(weights.values(), lr=net.learning_rate)
    spike = spike_function(torch)
    seconds_per_interval = net.steps / MILLI

    def measure() -> dict[str, Any]:
        stopwatch = worker.Stopwatch()
        adam.zero_grad()
        spikes, outputs = forward(torch, weights, inputs, spike)
        rates = spikes.sum(0) / seconds_per_interval
        loss = 0.5 * ((outputs - wanted) ** 2).sum()
        total = loss + 0.5 * networks.C_REG * ((rates - networks.F_TARGET) ** 2).sum()
        total.backward()
        weights["rec"].grad.mul_(off_diagonal)
        adam.step()
        return {**stopwatch.read(), "rate_hz": rates.mean().item(), "loss": loss.item()}

    measure()
    worker.serve(measure, peer=f"PyTorch {torch.__version__} BPTT",
                 build_s=time.perf_counter() - begin, synapses=net.synapses)


if __name__ == "__main__":
    main()
