"""Typed errors and warnings, shared by every part of the package.

Each message names the offending value and valid ones. All errors derive from
:class:`EPropError`, and from the built-in or PyNN class that a caller would expect.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pyNN import errors as pynn_errors


class EPropError(Exception):
    """Base class of the errors raised by pynn_eprop."""


class ParameterError(EPropError, pynn_errors.InvalidParameterValueError):
    """A parameter of a cell, synapse, optimiser, loss or pseudo-derivative is out of range."""


class DimensionError(ParameterError, pynn_errors.InvalidDimensionsError):
    """An array of values does not fit the cells that they are for."""


class UnknownParameterError(ParameterError, pynn_errors.NonExistentParameterError):
    """A cell, synapse or current source has no parameter of this name.

    ``parameter_name``, ``model_name``, ``valid_parameter_names``: as in PyNN's error.
    """

    def __init__(self, name: object, model: str, valid: Iterable[str]) -> None:
        self.parameter_name, self.model_name = name, model
        self.valid_parameter_names = sorted(valid)
        Exception.__init__(self, name, model, self.valid_parameter_names)

    def __str__(self) -> str:
        return (f"{self.model_name} has no parameter {self.parameter_name!r}; valid parameters "
                f"are {', '.join(self.valid_parameter_names)}")


class UnknownVariableError(ParameterError, pynn_errors.RecordingError):
    """Cells have no variable of this name that can be recorded.

    ``variable``, ``cell_type``: as in PyNN's error.
    """

    def __init__(self, label: str, variable: object, cell_type: Any) -> None:
        self.label, self.variable, self.cell_type = label, variable, cell_type
        Exception.__init__(self, label, variable, cell_type)

    def __str__(self) -> str:
        return (f"{self.label}: {self.variable!r} cannot be recorded from "
                f"{type(self.cell_type).__name__}; available variables are "
                f"{','.join(self.cell_type.recordable)}")


class SetupError(EPropError, ValueError):
    """A keyword of ``setup()`` is unknown or has an unusable value."""


class NetworkError(EPropError, ValueError):
    """The parts of a network do not fit together."""


class CapacityError(NetworkError):
    """A network needs more of a chip than there is."""


class ArgumentError(NetworkError, TypeError, pynn_errors.ConnectionError):
    """An argument is of the wrong kind."""


class SelectionError(NetworkError, IndexError):
    """A cell or a connection does not exist."""


class TargetError(NetworkError):
    """A readout's target is missing, or has the wrong shape or unusable values."""


class ProjectionError(NetworkError, pynn_errors.ConnectionError):
    """An argument of a projection is not a group of cells, a connector or a synapse type."""


class DelayError(NetworkError, pynn_errors.ConnectionError):
    """A delay is shorter than one time step or not a whole number of them."""


class UnsupportedError(EPropError, NotImplementedError):
    """The chosen backend cannot do this, although another may."""


class SimulationError(EPropError, RuntimeError):
    """A run could not go on."""


class RecordingError(SimulationError, ValueError):
    """Something cannot be recorded, read or written as asked."""


class NothingRecordedError(RecordingError, pynn_errors.NothingToWriteError):
    """The requested data were not recorded."""


class TimeError(SimulationError, ValueError):
    """A run, or a callback of one, asks for a time that cannot be reached."""


class FixedPointWarning(UserWarning):
    """Fixed point changes given numbers so much that results may differ."""


class MachineError(SimulationError):
    """A core of a SpiNNaker machine failed during a run, or the machine does not answer.

    ``folder``: that of the cores' output and counters, or None. Data and weights of the last good
    stop can still be read.
    """

    def __init__(self, message: str, folder: Path | None = None) -> None:
        super().__init__(message)
        self.folder = folder


class PacketLossError(MachineError):
    """Packets of a run were lost, or came twice, so that its results cannot be trusted.

    ``losses``: one for each pair of cores and each interval, or group of intervals
    (``pynn_eprop.spinnaker.board.losses.Loss``). Otherwise as MachineError.
    """

    def __init__(self, message: str, folder: Path | None = None, losses: tuple[Any, ...] = ()
                 ) -> None:
        super().__init__(message, folder)
        self.losses = losses


class PacketLossWarning(UserWarning):
    """As PacketLossError, if ``setup(on_loss="warn")`` lets a run go on."""


class MissingDependencyError(EPropError, ImportError):
    """An optional package, simulator or toolchain is not installed."""


def not_compiled(module: str, found_in: Path) -> MissingDependencyError:
    """The error for sources, found by Python, whose compiled part is missing."""
    return MissingDependencyError(
        f"{module} is not compiled in {found_in}, where this Python found pynn_eprop; install it "
        "from there (pip install -e .), or, if it is installed, start Python in another folder")


class PluginError(EPropError, ImportError):
    """A user's own module is not found, or fails when it is imported."""


class CheckpointError(EPropError, ValueError):
    """A checkpoint is unreadable, or belongs to another network."""


class InactivityWarning(UserWarning):
    """Cells at synapses that learn had no spike, or no pseudo-derivative, in a whole update."""


class MeasurementWarning(UserWarning):
    """A chip gave back less than it was asked for, or weights that it cannot hold."""


class RunInterrupted(EPropError, KeyboardInterrupt):
    """SIGINT or SIGTERM ended a run after the update in progress; the checkpoint is on disk."""


class TaskError(EPropError, ValueError):
    """A task, or a variant of one, is unknown or cannot be built as asked."""


class DataError(EPropError, ValueError):
    """A data set is not where it should be, is incomplete, damaged or of another kind."""


class DataWarning(UserWarning):
    """Data that were kept from an earlier run cannot be used and are made again."""


class ResultsError(EPropError, ValueError):
    """A results folder cannot be read, or would be overwritten."""


class EmulatorError(EPropError, RuntimeError):
    """The emulated SpiNNaker board cannot do this."""


class ImageError(EmulatorError, ValueError):
    """Bytes to be loaded into a core are not an application image."""


class AddressTakenError(EmulatorError, OSError):
    """An address and port that an emulated board needs are in use by another program."""
