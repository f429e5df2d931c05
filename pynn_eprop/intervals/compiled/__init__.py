"""The compiled machine of learning in intervals: C kernels on the processor."""

from importlib import import_module
from pathlib import Path

from pynn_eprop.errors import not_compiled

try:
    import_module("pynn_eprop.intervals.compiled._intervals")
except ModuleNotFoundError as error:
    raise not_compiled("the compiled machine of intervals", Path(__file__).parents[3]) from error

from pynn_eprop.intervals.compiled.machine import CompiledMachine, instruction_set
from pynn_eprop.intervals.compiled.memory import bytes_needed

__all__ = ["CompiledMachine", "bytes_needed", "instruction_set"]
