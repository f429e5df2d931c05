"""Population, PopulationView and Assembly."""

from typing import Any

from pynn_eprop.brainscales import simulator
from pynn_eprop.brainscales.recording import Recorder
from pynn_eprop.brainscales.standardmodels.cells import CELL_TYPES
from pynn_eprop.common.standardmodels.of_backend import of_backend
from pynn_eprop.in_process import populations as shared


class _Population(shared.Population):

    def _check_type(self, cellclass: Any) -> None:
        super()._check_type(cellclass)
        kind = getattr(cellclass, "kind", None)
        if kind is not None:
            self._simulator.state.simulation.kinds.check_kind(
                kind, f"Population(..., {kind.name})")


Assembly = of_backend(shared.Assembly, __name__, _simulator=simulator)
PopulationView = of_backend(shared.PopulationView, __name__, _simulator=simulator,
                            _assembly_class=Assembly)
Population = type("Population", (_Population,), {
    "__doc__": shared.Population.__doc__, "__module__": __name__, "_simulator": simulator,
    "_assembly_class": Assembly, "_view_class": PopulationView, "_recorder_class": Recorder,
    "_cell_types": CELL_TYPES})
