"""Addresses of the regions of many cores, which their tables in the machine's memory have."""

from collections.abc import Sequence

import numpy as np
from pacman.model.placements import Placement
from spinn_front_end_common.utilities.constants import (
    APP_PTR_TABLE_HEADER_BYTE_SIZE,
    APP_PTR_TABLE_REGION_BYTE_SIZE,
)
from spinnman.constants import CPU_USER_START_ADDRESS
from spinnman.utilities.utility_functions import get_vcpu_address

from pynn_eprop.spinnaker.transfer.bulk import Place, read_many


def addresses(placements: Sequence[Placement], regions: int) -> list[list[int]]:
    """For each core the addresses of its first ``regions`` regions, 0 for those it does not have.

    Raises as :func:`read_many`.
    """
    bases = read_many([Place(each.x, each.y, get_vcpu_address(each.p) + CPU_USER_START_ADDRESS, 4)
                       for each in placements])
    tables = read_many([
        Place(each.x, each.y, int.from_bytes(base, "little") + APP_PTR_TABLE_HEADER_BYTE_SIZE,
              regions * APP_PTR_TABLE_REGION_BYTE_SIZE)
        for each, base in zip(placements, bases, strict=True)])
    words = APP_PTR_TABLE_REGION_BYTE_SIZE // 4
    return [np.frombuffer(table, "<u4")[::words].tolist() for table in tables]
