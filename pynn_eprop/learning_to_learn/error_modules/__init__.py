"""Error modules: what makes learning signals from the clock, the learner's spikes and a goal."""

from pynn_eprop.learning_to_learn.error_modules.broadcast import GoalError, OutputError
from pynn_eprop.learning_to_learn.error_modules.kind import (
    ErrorModule,
    NetworkModule,
    Seen,
    Sent,
    require_network,
    start_of,
)
from pynn_eprop.learning_to_learn.error_modules.linear import LinearModule
from pynn_eprop.learning_to_learn.error_modules.none import NoModule
from pynn_eprop.learning_to_learn.error_modules.registry import (
    ERROR_MODULES,
    find_error_module,
    register_error_module,
)
from pynn_eprop.learning_to_learn.error_modules.spiking import SpikingModule

for _kind in (SpikingModule, LinearModule, NoModule, OutputError, GoalError):
    register_error_module(_kind)

__all__ = ["ERROR_MODULES", "ErrorModule", "GoalError", "LinearModule", "NetworkModule",
           "NoModule", "OutputError", "Seen", "Sent", "SpikingModule", "find_error_module",
           "register_error_module", "require_network", "start_of"]
