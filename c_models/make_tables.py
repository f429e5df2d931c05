"""Writes include/eprop/fixed/tables.h: the function tables of the fixed-point kernels.

Run it from anywhere: python c_models/make_tables.py
"""

import math
from pathlib import Path

HEADER = Path(__file__).parent / "include/eprop/fixed/tables.h"
EXP_ENTRIES = 128
ROOT_SEGMENTS = 64  # of the interval [1, 2); three times as many cover [1, 4)


def exp_table() -> list[int]:
    """2^-x as Q31 at the middle of each of 128 segments of [0, 1).

    A straight line through the middle with the slope of the curve lies below the curve by
    up to s = (ln(2) / 256)^2 / 2 of it; half of that is added.
    """
    lift = 1 + (math.log(2) / (2 * EXP_ENTRIES)) ** 2 / 4
    return [round(2.0 ** (31 - (i + 0.5) / EXP_ENTRIES) * lift) for i in range(EXP_ENTRIES)]


def root_table() -> list[int]:
    """1 / sqrt(x) on [1, 4), segment by segment: (value - 0.5) as Q17 << 16 | slope.

    Segment i starts at x = 1 + i / 64 and is a chord, lowered by half of its largest distance
    from the curve. slope: how much the value falls over the segment, Q23.
    """
    entries = []
    for i in range(3 * ROOT_SEGMENTS):
        left = 1 + i / ROOT_SEGMENTS
        right = left + 1 / ROOT_SEGMENTS
        begin, end = left ** -0.5, right ** -0.5
        middle = ((begin + end) / 2) - ((left + right) / 2) ** -0.5
        value = min(round((begin - middle / 2) * 2 ** 17), 2 ** 17 - 1)
        slope = round((value / 2 ** 17 - (end - middle / 2)) * 2 ** 23)
        assert 0 <= value - 2 ** 16 < 2 ** 16 and 0 <= slope < 2 ** 16
        entries.append((value - 2 ** 16) << 16 | slope)
    return entries


def array(name: str, values: list[int]) -> str:
    """A C array."""
    lines = [", ".join(f"0x{value:08x}u" for value in values[k:k + 8])
             for k in range(0, len(values), 8)]
    body = ",\n    ".join(lines)
    return f"static const uint32_t {name}[{len(values)}] = {{\n    {body}}};\n"


def header() -> str:
    """The whole file."""
    return f"""/*! \\file
 *  \\brief Function tables of the fixed-point kernels; written by c_models/make_tables.py.
 */
#ifndef EPROP_FIXED_TABLES_H
#define EPROP_FIXED_TABLES_H

#include <stdint.h>

#if defined(EP_TABLE_SECTION)
#define EP_TABLE __attribute__((unused, section(EP_TABLE_SECTION)))
#elif defined(__GNUC__)
#define EP_TABLE __attribute__((unused))
#else
#define EP_TABLE
#endif

/*! \\brief 2^-((i + 0.5) / {EXP_ENTRIES}), Q31. */
EP_TABLE {array("ep_exp_table", exp_table())}
/*! \\brief 1 / sqrt(x) from x = 1 + i / {ROOT_SEGMENTS}: value - 0.5, Q17 << 16 | fall, Q23. */
EP_TABLE {array("ep_root_table", root_table())}
#endif
"""


if __name__ == "__main__":
    HEADER.write_text(header())
