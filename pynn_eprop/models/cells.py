"""The cell types: parameters, initial values, recordables. Every backend and the docs read these.

Symbols in the meanings are those of Bellec et al. (2019), eq. 20-26 and 41.
"""

from dataclasses import dataclass

from pynn_eprop.models.parameters import Parameter, table

DIMENSIONLESS = "dimensionless"


@dataclass(frozen=True)
class CellModel:
    """What one cell type is made of, for all backends.

    ``initial_values`` and ``units`` are keyed by state variable and recordable.
    ``receptor_types`` are PyNN's; the first two are one signed port.
    """

    name: str
    meaning: str
    parameters: dict[str, Parameter]
    initial_values: dict[str, float]
    units: dict[str, str]
    receptor_types: tuple[str, ...]

    @property
    def recordable(self) -> tuple[str, ...]:
        """What ``record()`` accepts, in the order of the documentation."""
        return tuple(self.units)

    @property
    def defaults(self) -> dict[str, float]:
        """Default values by parameter name."""
        return {name: parameter.default for name, parameter in self.parameters.items()}


_SPIKING = (
    Parameter("tau_m", 20.0, "ms", "membrane time constant; alpha = exp(-dt / tau_m)",
              minimum=0.0, exclusive=True),
    Parameter("v_thresh", 0.61, DIMENSIONLESS, "baseline threshold v_th, also the reset amplitude",
              minimum=0.0, exclusive=True),
    Parameter("tau_refrac", 5.0, "ms", "time after a spike in which the cell cannot spike again",
              minimum=0.0, on_grid=True),
    Parameter("f_target", 10.0, "Hz", "target rate of the firing-rate term (eq. 54)", minimum=0.0),
    Parameter("c_reg", 0.0, DIMENSIONLESS,
              "strength of the firing-rate term: C_j = c_reg (f_j - f_target), rates in Hz",
              minimum=0.0),
)

_ADAPTATION = (
    Parameter("beta", 0.03, DIMENSIONLESS, "threshold increase: A = v_th + beta a (eq. 25)"),
    Parameter("tau_a", 1200.0, "ms", "time constant of the adaptation; rho = exp(-dt / tau_a)",
              minimum=0.0, exclusive=True),
)

_PORTS = ("excitatory", "inhibitory", "learning_signal")

EPROP_LIF = CellModel(
    name="EPropLIF",
    meaning="leaky integrate-and-fire cell that learns with e-prop (eq. 20-24)",
    parameters=table(_SPIKING),
    initial_values={"v": 0.0},
    units={"spikes": "ms", "v": DIMENSIONLESS, "h": DIMENSIONLESS,
           "learning_signal": DIMENSIONLESS},
    receptor_types=_PORTS,
)

EPROP_ALIF = CellModel(
    name="EPropALIF",
    meaning="LIF cell with an adaptive threshold (LSNN, eq. 25-28) that learns with e-prop",
    parameters=table(_SPIKING + _ADAPTATION),
    initial_values={"v": 0.0, "a": 0.0},
    units={"spikes": "ms", "v": DIMENSIONLESS, "a": DIMENSIONLESS, "h": DIMENSIONLESS,
           "learning_signal": DIMENSIONLESS},
    receptor_types=_PORTS,
)

EPROP_READOUT = CellModel(
    name="EPropReadout",
    meaning="leaky readout without spikes (eq. 41), with a loss and its error",
    parameters=table((
        Parameter("tau_m", 20.0, "ms", "time constant tau_out; kappa = exp(-dt / tau_m)",
                  minimum=0.0, exclusive=True, uniform=True),
        Parameter("bias", 0.0, DIMENSIONLESS, "b_k, added at every step"),
    )),
    initial_values={"y": 0.0},
    units={"y": DIMENSIONLESS, "error": DIMENSIONLESS, "target": DIMENSIONLESS,
           "loss": DIMENSIONLESS},
    receptor_types=("excitatory", "inhibitory"),
)

CELL_MODELS = {model.name: model for model in (EPROP_LIF, EPROP_ALIF, EPROP_READOUT)}
