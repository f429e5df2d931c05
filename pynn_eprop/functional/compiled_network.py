"""A network on a device: its model, and calls of the functions that take it."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pynn_eprop.functional import compiling
from pynn_eprop.functional.checks import check_traceable
from pynn_eprop.functional.devices import computing, find_device
from pynn_eprop.functional.forward import Flow
from pynn_eprop.functional.model import Model, Tree
from pynn_eprop.functional.options import JaxOptions
from pynn_eprop.functional.structure import structure_of
from pynn_eprop.models.network import Network


@dataclass(frozen=True, eq=False)
class CompiledNetwork:
    """A network as JAX computes it.

    model, constants: what functions of this package take. structure: what compiled ones depend on.
    """

    model: Model
    options: JaxOptions
    device: Any
    structure: Hashable
    constants: Tree

    @classmethod
    def of(cls, network: Network, options: JaxOptions) -> "CompiledNetwork":
        """A network on the device of the options.

        Raises :class:`SetupError` if there is no such device, and :class:`UnsupportedError` for
        classes of one's own that JAX cannot trace.
        """
        device = find_device(options.device)
        with computing(device, options.precision):
            model = Model.of(network, options.precision)
            structure = (structure_of(model), options)
            check_traceable(model, options.gradient == "bptt")
            return cls(model, options, device, structure, model.constants())

    def with_network(self, network: Network) -> "CompiledNetwork":
        """The same with other parameters of populations.

        Raises :class:`UnsupportedError` for classes of one's own that JAX cannot trace.
        """
        with self.computing():
            model = replace(self.model, network=network)
            structure, constants = (structure_of(model), self.options), model.constants()
            if structure != self.structure:
                check_traceable(model, self.bptt)
        return replace(self, model=model, structure=structure, constants=constants)

    @property
    def network(self) -> Network:
        """The description."""
        return self.model.network

    @property
    def bptt(self) -> bool:
        """Whether gradients are those of backpropagation through time."""
        return self.options.gradient == "bptt"

    @property
    def learns(self) -> bool:
        """Whether anything does."""
        return bool(self.model.plastic()) or any(
            each.bias_optimizer is not None for each in self.model.readouts.values())

    @property
    def carries(self) -> bool:
        """Whether eligibility traces cross the ends of intervals."""
        return not self.model.resets and not self.bptt \
            and self.model.interval_steps is not None and self.learns

    @property
    def rate_term(self) -> bool:
        """Whether gradients have one (eq. 56)."""
        return any(np.any(np.asarray(cells.c_reg) != 0)
                   for cells in self.network.learning_cells.values())

    @property
    def flow(self) -> Flow:
        """How gradients flow back in BPTT."""
        return Flow(False, self.options.truncation_steps, self.options.rematerialize_steps)

    @property
    def length(self) -> int:
        """Steps of an interval, in a network that has them."""
        length = self.model.interval_steps
        assert length is not None
        return length

    @contextmanager
    def computing(self) -> Iterator[None]:
        """A context for JAX on this device, in this precision."""
        with computing(self.device, self.options.precision):
            yield

    def call(self, what: str, function: Callable[..., Any], *arguments: Any, **fixed: Any) -> Any:
        """The result of a function that takes the model first; ``fixed`` is compiled in.

        what: the function in words. Raises :class:`NetworkError` if it needs more memory than
        there is.
        """
        model = self.model

        def bound(*given: Any) -> Any:
            return function(model, *given, **fixed)

        key = (self.structure, function.__name__, tuple(sorted(fixed.items())))
        return compiling.call(key, what, bound, self.device, self.hint(), *arguments)

    def hint(self) -> str:
        """Ways to need less memory."""
        ways = ["set trials_at_once to fewer trials"]
        if self.bptt:
            ways.append("give rematerialize")
        return " or ".join(ways) + ", or make intervals or populations smaller"
