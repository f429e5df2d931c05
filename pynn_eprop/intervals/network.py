"""Networks of recurrent units that learn interval by interval: their description and weights."""

from dataclasses import dataclass

import numpy as np

from pynn_eprop.errors import NetworkError, ParameterError
from pynn_eprop.models.parameters import Parameter

LSTM = "lstm"
UNITS: dict[str, int] = {LSTM: 4, "tanh": 1, "sigmoid": 1, "relu": 1}
"""Kinds of units, with the number of their gates: LSTM (eq. 31 to 36: input gate, forget gate,
cell, output gate, in this order) and artificial units (eq. 30) by their activation function."""

BINARY, SOFTMAX = "binary", "softmax"
LOSSES = {BINARY: "cross-entropy of independent outputs of 0 or 1, in bits",
          SOFTMAX: "cross-entropy of one of several classes, in nats"}

Arrays = dict[str, np.ndarray]

_LEAK = Parameter("leak", 0.0, "dimensionless", "part of the state that stays (alpha of eq. 30)",
                  minimum=0.0, maximum=1.0)
_FORGET = Parameter("forget_bias", 1.0, "dimensionless", "initial bias of forget gates")


@dataclass(frozen=True)
class UnitNetwork:
    """A layer of recurrent units with inputs and readouts.

    With u^t = (h^{t-1}, x^t, 1): pre-activations a^t = u^t W, then the new state (c of LSTM units,
    s = leak s + a of artificial ones) and the output h (z of artificial units) of eq. 30 to 36;
    readouts y^t = h^t W_out + b.

    inputs: size of x. words: size of the vocabulary if x is the embedding of a word, otherwise
    None. loss: of :data:`LOSSES`. tanh_output: h = o tanh(c) of LSTM units, instead of o c as
    printed. leak: of artificial units. feedback_seed: of random feedback weights. Raises
    :class:`NetworkError` for sizes and names that are not valid.
    """

    units: int
    inputs: int
    outputs: int
    kind: str = LSTM
    loss: str = BINARY
    words: int | None = None
    tanh_output: bool = False
    leak: float = _LEAK.default
    feedback_seed: int = 1

    def __post_init__(self) -> None:
        sizes = {"units": self.units, "inputs": self.inputs, "outputs": self.outputs}
        if self.words is not None:
            sizes["words"] = self.words
        for name, size in sizes.items():
            if not isinstance(size, (int, np.integer)) or isinstance(size, bool) or size < 1:
                raise NetworkError(f"UnitNetwork: {name}={size!r} must be a whole number >= 1")
        for name, value, known in (("kind", self.kind, UNITS), ("loss", self.loss, LOSSES)):
            if value not in known:
                raise NetworkError(f"UnitNetwork: {name}={value!r} is unknown; choose one of "
                                   f"{list(known)}")
        _LEAK.check_one(self.leak, "UnitNetwork")
        if self.kind == LSTM and self.leak:
            raise NetworkError(f"UnitNetwork: leak={self.leak:g} is of artificial units; LSTM "
                               "units have forget gates")
        if self.kind != LSTM and self.tanh_output:
            raise NetworkError(f"UnitNetwork: tanh_output is of LSTM units, not of {self.kind!r}")

    @property
    def gates(self) -> int:
        """Pre-activations of each unit."""
        return UNITS[self.kind]

    @property
    def traced_gates(self) -> int:
        """Gates that act on the state; the output gate acts on the output alone (eq. 40)."""
        return 3 if self.kind == LSTM else 1

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of all that learns, by name.

        weights: rows are h, x and the bias, columns gate after gate. readout: W_out.
        """
        found: dict[str, tuple[int, ...]] = {
            "weights": (self.units + self.inputs + 1, self.gates * self.units),
            "readout": (self.units, self.outputs), "readout_bias": (self.outputs,)}
        if self.words is not None:
            found["embedding"] = (self.words, self.inputs)
        return found

    def first_parameters(self, seed: int, uniform: float | None = None,
                         forget_bias: float = _FORGET.default) -> Arrays:
        """The weights before learning, float64, by name.

        Normal with a variance of 1 / (number of inputs of a unit), biases 0; or all of them uniform
        within +-``uniform``. The biases of forget gates have ``forget_bias`` added.
        """
        _FORGET.check_one(forget_bias, "UnitNetwork")
        rng = np.random.default_rng(seed)
        found = {}
        for name, shape in self.shapes().items():
            if uniform is not None:
                found[name] = rng.uniform(-uniform, uniform, shape)
            elif name == "readout_bias":
                found[name] = np.zeros(shape)
            else:
                fan_in = 1 if name == "embedding" else shape[0]
                found[name] = rng.normal(0.0, 1.0 / np.sqrt(fan_in), shape)
        if uniform is None:
            found["weights"][-1] = 0.0
        if self.kind == LSTM:
            found["weights"][-1, self.units:2 * self.units] += forget_bias
        return found

    def random_feedback(self) -> np.ndarray:
        """Fixed random feedback weights, (outputs, units), normal with a variance of 1 / units."""
        rng = np.random.default_rng(self.feedback_seed)
        return rng.normal(0.0, 1.0 / np.sqrt(self.units), (self.outputs, self.units))


def check_parameters(network: UnitNetwork, parameters: Arrays, precision: str = "float64") -> None:
    """Raise :class:`ParameterError` unless these are the network's weights, finite as stored."""
    shapes = network.shapes()
    for name in shapes.keys() ^ parameters.keys():
        raise ParameterError(f"UnitNetwork: weights {name!r} are "
                             f"{'missing' if name in shapes else 'unknown'}; it has "
                             f"{list(shapes)}")
    for name, shape in shapes.items():
        found = np.asarray(parameters[name])
        if found.shape != shape:
            raise ParameterError(f"UnitNetwork: {name} has the shape {found.shape}; it must have "
                                 f"{shape}")
        with np.errstate(over="ignore"):
            finite = np.all(np.isfinite(found.astype(precision)))
        if not finite:
            raise ParameterError(f"UnitNetwork: {name} has values that are not finite in "
                                 f"{precision}")
