"""Population, PopulationView and Assembly."""

from pynn_eprop.common.standardmodels.of_backend import of_backend
from pynn_eprop.engine.sorting import sort_by_step
from pynn_eprop.host import simulator
from pynn_eprop.host.recording import Recorder
from pynn_eprop.host.standardmodels.cells import CELL_TYPES
from pynn_eprop.in_process import populations as shared

Assembly = of_backend(shared.Assembly, __name__, _simulator=simulator)
PopulationView = of_backend(shared.PopulationView, __name__, _simulator=simulator,
                            _assembly_class=Assembly)
Population = of_backend(shared.Population, __name__, _simulator=simulator,
                        _assembly_class=Assembly, _view_class=PopulationView,
                        _recorder_class=Recorder, _cell_types=CELL_TYPES,
                        _sort_spikes=staticmethod(sort_by_step))
