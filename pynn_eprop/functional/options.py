"""Options of the machine in JAX. JAX is not imported here."""

from dataclasses import dataclass

PRECISIONS = ("float32", "float64")
GRADIENTS = ("eprop", "bptt")
DEVICES = ("cpu", "gpu")


@dataclass(frozen=True)
class JaxOptions:
    """How a network is computed.

    precision: of :data:`PRECISIONS`. gradient: "eprop", by the projections' rules and learning
    signals, or "bptt", the true gradient of the losses through spikes, resets and adaptation, with
    the pseudo-derivative (backpropagation through time). device: of :data:`DEVICES`, or None, the
    one that JAX prefers. trials_at_once: how many trials of an update are computed side by side;
    None: all. truncation_steps, of "bptt": a gradient flows back over at most so many steps.
    rematerialize_steps, of "bptt": the backward pass keeps the state of every so many steps, and
    computes those in between again.
    """

    precision: str = "float32"
    gradient: str = "eprop"
    device: str | None = None
    trials_at_once: int | None = None
    truncation_steps: int | None = None
    rematerialize_steps: int | None = None
