"""How a network learns interval by interval: rule, lengths, optimisers, synthetic gradients."""

from dataclasses import dataclass

import numpy as np

from pynn_eprop.errors import ParameterError
from pynn_eprop.intervals.network import Arrays, UnitNetwork
from pynn_eprop.intervals.rules import IntervalRule
from pynn_eprop.models.optimizers import SGD, Adam
from pynn_eprop.models.parameters import Parameter

NEXT_INTERVAL, EXTRA_PASS = "next interval", "extra pass"
SCHEDULES = {
    NEXT_INTERVAL: "targets from the next interval's own backward pass, after its update",
    EXTRA_PASS: "algorithm 1: a forward and backward pass over the next interval before the update"}

_FACTOR = Parameter("factor", 0.1, "dimensionless", "eta_SG, what multiplies synthetic gradients",
                    minimum=0.0)
_CLIP = Parameter("clip", 0.0, "dimensionless", "largest norm of a gradient", minimum=0.0,
                  exclusive=True)

IntervalOptimizer = Adam | SGD


@dataclass(frozen=True)
class SyntheticGradients:
    """The error module of e-prop 3: one hidden layer of ReLU, linear outputs (eq. 64, 66).

    From the outputs h of all units at the end of an interval (and, with sees_state, their states)
    it predicts the derivatives of a sequence's later errors: dE/dstate, through the unit's own next
    state, and dE/dh, through the next pre-activations. Its targets are these two at the start of
    the next interval, from its backward pass, which itself starts from ``factor`` times the
    prediction at its end, or from 0 at the end of the sequence. The module's loss is half the
    squared error, averaged over the batch.

    hidden: units of the hidden layer. factor: eta_SG. optimizer: None for that of the network.
    schedule: one of :data:`SCHEDULES`. through_network: with the extra pass, the network's weights
    follow dE_SG/dtheta as well, as algorithm 1 has it. shuffled: a control in which each sequence
    learns the targets of the next one in the batch. Raises :class:`ParameterError`.
    """

    hidden: int
    factor: float = _FACTOR.default
    optimizer: IntervalOptimizer | None = None
    sees_state: bool = False
    schedule: str = NEXT_INTERVAL
    through_network: bool = False
    shuffled: bool = False

    def __post_init__(self) -> None:
        _check_whole("hidden", self.hidden, "SyntheticGradients")
        _FACTOR.check_one(self.factor, "SyntheticGradients")
        if self.schedule not in SCHEDULES:
            raise ParameterError(f"SyntheticGradients: schedule={self.schedule!r} is unknown; "
                                 f"choose one of {list(SCHEDULES)}")
        if self.through_network and self.schedule != EXTRA_PASS:
            raise ParameterError("SyntheticGradients: through_network=True needs "
                                 f"schedule={EXTRA_PASS!r}")
        if self.optimizer is not None:
            _check_optimizer(self.optimizer, "SyntheticGradients")

    def shapes(self, network: UnitNetwork) -> dict[str, tuple[int, ...]]:
        """Shapes of its weights, by name; outputs are dE/dstate, then dE/dh, of all units."""
        inputs = network.units * (2 if self.sees_state else 1)
        return {"hidden": (inputs, self.hidden), "hidden_bias": (self.hidden,),
                "output": (self.hidden, 2 * network.units), "output_bias": (2 * network.units,)}

    def first_parameters(self, network: UnitNetwork, seed: int) -> Arrays:
        """Its weights before learning: outputs 0, the hidden layer normal with 1 / inputs."""
        rng = np.random.default_rng([seed, 1])
        found = {name: np.zeros(shape) for name, shape in self.shapes(network).items()}
        shape = found["hidden"].shape
        found["hidden"] = rng.normal(0.0, 1.0 / np.sqrt(shape[0]), shape)
        return found


@dataclass(frozen=True)
class IntervalLearning:
    """Learning of sequences in batches, with an update after each interval.

    The error of a sequence (bits or nats) is summed over its steps, that of a batch is the mean
    over its sequences.

    interval: steps dt of an interval; the last one of a sequence may be shorter. batch: sequences
    side by side. clip: None, or the norm that the gradient of an update (all weights of the
    network together) is scaled down to if it is larger. synthetic: the error module; rules
    without one have no use for it. Raises :class:`ParameterError`.
    """

    rule: IntervalRule
    batch: int
    interval: int = 4
    optimizer: IntervalOptimizer = Adam(1e-4)  # noqa: RUF009 (immutable)
    clip: float | None = None
    synthetic: SyntheticGradients | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.rule, IntervalRule):
            raise ParameterError(f"IntervalLearning: rule={self.rule!r} must be an IntervalRule")
        _check_whole("batch", self.batch, "IntervalLearning")
        _check_whole("interval", self.interval, "IntervalLearning")
        _check_optimizer(self.optimizer, "IntervalLearning")
        if self.clip is not None:
            _CLIP.check_one(self.clip, "IntervalLearning")
        if not isinstance(self.synthetic, (SyntheticGradients, type(None))):
            raise ParameterError(f"IntervalLearning: synthetic={self.synthetic!r} must be None or "
                                 "a SyntheticGradients object")
        if self.rule.synthetic and self.synthetic is None:
            raise ParameterError(f"IntervalLearning: rule {self.rule.name!r} needs "
                                 "synthetic=SyntheticGradients(hidden)")
        if self.rule.synthetic and self.synthetic is not None and self.synthetic.shuffled \
                and self.batch < 2:
            raise ParameterError(f"IntervalLearning: shuffled targets need a batch of 2 or more, "
                                 f"not {self.batch}")

    @property
    def module(self) -> SyntheticGradients | None:
        """The error module, if the rule uses one."""
        return self.synthetic if self.rule.synthetic else None

    @property
    def module_optimizer(self) -> IntervalOptimizer:
        """The optimiser of the error module."""
        found = None if self.synthetic is None else self.synthetic.optimizer
        return self.optimizer if found is None else found


def _check_whole(name: str, value: object, owner: str) -> None:
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
        raise ParameterError(f"{owner}: {name}={value!r} must be a whole number >= 1")


def _check_optimizer(optimizer: object, owner: str) -> None:
    if type(optimizer) not in (Adam, SGD):
        raise ParameterError(f"{owner}: optimizer={optimizer!r} must be an Adam or SGD object")
