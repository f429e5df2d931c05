"""Which processes run this script."""

import functools
import os

from pynn_eprop.common.processes.alone import Processes
from pynn_eprop.errors import MissingDependencyError, SetupError, UnsupportedError

_SIZES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE")
_RANKS = ("PMIX_RANK",)     # of launchers that give no size


@functools.cache
def processes() -> Processes:
    """The processes that a launcher of MPI has started, or this one alone.

    MPI is looked at only if a launcher is there. Raises :class:`MissingDependencyError` without
    mpi4py or an MPI library, and :class:`SetupError` if that is not the launcher's.
    """
    wanted = max((int(os.environ[name]) for name in _SIZES if name in os.environ), default=0)
    if wanted == 1 or not (wanted or any(name in os.environ for name in _RANKS)):
        return Processes()
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:    # mpi4py, or the library that it loads
        raise MissingDependencyError(
            f"several processes need mpi4py and an MPI library ({error}); "
            "pip install 'pynn_eprop[mpi]' has both, with mpirun") from error
    from pynn_eprop.common.processes.mpi import MPIProcesses
    size = MPI.COMM_WORLD.size
    if size == 1 and wanted > 1:
        raise SetupError(f"{wanted} processes were started by an mpirun that is not that of the "
                         f"MPI library of mpi4py ({MPI.get_vendor()[0]}); use the mpirun that "
                         "belongs to it")
    return Processes() if size == 1 else MPIProcesses(MPI.COMM_WORLD)


def check_alone(what: str) -> None:
    """Raise :class:`UnsupportedError` if there are several processes, for ``what``."""
    size = processes().size
    if size > 1:
        raise UnsupportedError(f"{what} runs in one process, not in {size}; start it without "
                               "mpirun. Backend 'host' shares the trials of an update")
