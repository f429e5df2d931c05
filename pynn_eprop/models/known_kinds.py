"""Which cells, rules, losses, optimisers and pseudo-derivatives a machine knows."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from pynn_eprop.errors import UnsupportedError
from pynn_eprop.models.cells import (
    AnalogCells,
    LearningCells,
    Population,
    Readouts,
    SpikingCells,
    check_kind,
)
from pynn_eprop.models.losses import LOSSES, Loss
from pynn_eprop.models.network import Network
from pynn_eprop.models.optimizers import OPTIMIZERS, Optimizer
from pynn_eprop.models.pseudo_derivatives import PSEUDO_DERIVATIVES, PseudoDerivative
from pynn_eprop.models.rules import RULES, Rule


@dataclass(frozen=True)
class KnownKinds:
    """Classes that a machine, named in messages, implements itself; None: it runs any.

    Each is a machine's dispatch table. A class derived from a known one may behave differently, and
    is not known, unless runs_rule says so of a rule. backwards: whether populations may run trials
    backwards; short_trials: whether trials may be shorter than the update interval. All methods
    raise :class:`UnsupportedError`, which names what ``owner`` has.
    """

    machine: str
    cells: Collection[type[Population]] | None = None
    rules: Collection[type[Rule]] | None = None
    losses: Collection[type[Loss]] | None = None
    optimizers: Collection[type[Optimizer]] | None = None
    pseudo_derivatives: Collection[type[PseudoDerivative]] | None = None
    runs_rule: Callable[[Rule], bool] | None = None
    backwards: bool = False
    short_trials: bool = False

    def check_kind(self, kind: type[Population], owner: str) -> None:
        """Check a kind of cell."""
        if self.cells is not None:
            check_kind(kind, self.cells, owner, self.machine)

    def check_cells(self, shape: PseudoDerivative, owner: str, backwards: bool = False) -> None:
        """Check the pseudo-derivative and the direction of cells that spike and learn."""
        self.check_direction(owner, backwards)
        PSEUDO_DERIVATIVES.check(shape, self.pseudo_derivatives, owner, self.machine)

    def check_direction(self, owner: str, backwards: bool) -> None:
        """Check the direction of cells that learn."""
        if backwards and not self.backwards:
            raise UnsupportedError(f"{owner}: backwards=True is not known to {self.machine}, which "
                                   "runs trials forwards only; leave it out (a network of one "
                                   "direction), or use the host or the JAX backend")

    def check_short_trials(self, owner: str) -> None:
        """Check that trials may be shorter than the update interval."""
        if not self.short_trials:
            raise UnsupportedError(f"{owner}: trials of durations of their own are not known to "
                                   f"{self.machine}; leave steps without a target (NaN) at their "
                                   "ends instead, or use the host or the JAX backend")

    def check_readouts(self, loss: Loss | None, bias_optimizer: Optimizer | None, owner: str
                       ) -> None:
        """Check readouts."""
        if loss is not None:
            LOSSES.check(loss, self.losses, owner, self.machine)
        if bias_optimizer is not None:
            OPTIMIZERS.check(bias_optimizer, self.optimizers, owner, self.machine)

    def check_synapses(self, optimizer: Optimizer | None, rule: Rule | None, owner: str) -> None:
        """Check synapses. rule: None if they have no use for one."""
        if optimizer is None:
            return
        OPTIMIZERS.check(optimizer, self.optimizers, owner, self.machine)
        if rule is not None and not (self.runs_rule is not None and self.runs_rule(rule)):
            RULES.check(rule, self.rules, owner, self.machine)

    def check_network(self, network: Network) -> None:
        """Check all parts of a network."""
        for population in network.populations:
            self.check_kind(type(population), population.label)
        for cells in network.of_kind(SpikingCells).values():
            self.check_cells(cells.pseudo_derivative, cells.label, cells.backwards)
        for analog in network.of_kind(AnalogCells).values():
            self.check_direction(analog.label, analog.backwards)
        for readouts in network.of_kind(Readouts).values():
            self.check_readouts(readouts.loss, readouts.bias_optimizer, readouts.label)
        for projection in network.projections:
            onto_cells = projection.post in network.of_kind(LearningCells)
            self.check_synapses(projection.optimizer, projection.rule if onto_cells else None,
                                projection.label)
