"""e-prop 2: error modules that are learned, and networks that learn from them in one trial.

The outer loop (:mod:`~pynn_eprop.learning_to_learn.outer_loop`) is computed in JAX; the inner one
(:mod:`~pynn_eprop.learning_to_learn.one_shot`) is a PyNN script for any backend.
"""

from pynn_eprop.learning_to_learn.error_modules import (
    ERROR_MODULES,
    ErrorModule,
    NetworkModule,
    Seen,
    Sent,
    register_error_module,
)
from pynn_eprop.learning_to_learn.learned import Learned, load_learned, save_learned

__all__ = ["ERROR_MODULES", "ErrorModule", "Learned", "NetworkModule", "Seen", "Sent",
           "load_learned", "register_error_module", "save_learned"]
