"""Machines with dead chips, cores and links, and with physical core numbers of their own."""

import random
from dataclasses import replace

from pynn_eprop.emulator.conditions import Conditions
from pynn_eprop.emulator.geometry import Coordinates, Geometry
from pynn_eprop.emulator.layout import CORES, LINKS
from pynn_eprop.errors import EmulatorError

_SEED_STRIDE = 65_536       # more than a machine has chips, so that each has a draw of its own


def without_dead(whole: Geometry, conditions: Conditions) -> Geometry:
    """A machine without its dead chips and links; a link is dead in both directions.

    Raises EmulatorError for chips and links that are not there, for the Ethernet chip of a board,
    and if some chip can no longer be reached.
    """
    for x, y in conditions.dead_chips:
        if (x, y) not in whole.board:
            raise EmulatorError(f"condition dead_chips: the machine has no chip ({x}, {y})")
        if (x, y) in whole.ethernet_chips:
            raise EmulatorError(f"condition dead_chips: chip ({x}, {y}) has the Ethernet link of "
                                "its board; choose another")
    for x, y, _ in conditions.dead_cores:
        if (x, y) not in whole.board:
            raise EmulatorError(f"condition dead_cores: the machine has no chip ({x}, {y})")
    for x, y, link in conditions.dead_links:
        if (x, y) not in whole.board or whole.neighbour(x, y, link) is None:
            raise EmulatorError(f"condition dead_links: chip ({x}, {y}) has no link {link}")
    if not (conditions.dead_chips or conditions.dead_links):
        return whole
    links = set(whole.dead_links)
    for x, y, link in conditions.dead_links:
        other = whole.neighbour(x, y, link)
        assert other is not None
        links |= {(x, y, link), (*other, (link + len(LINKS) // 2) % len(LINKS))}
    found = replace(whole, dead_links=frozenset(links), board={
        chip: ethernet for chip, ethernet in whole.board.items()
        if chip not in conditions.dead_chips})
    cut_off = sorted(set(found.board) - set(routes_to(found, (0, 0))))
    if cut_off:
        raise EmulatorError(f"conditions dead_chips and dead_links leave no way to chip "
                            f"{cut_off[0]}")
    return found


def routes_to(geometry: Geometry, target: Coordinates) -> dict[Coordinates, int]:
    """The link of each other chip on a shortest way to ``target``; ways go over working links.

    ``target`` is there with 7, the number that stands for the chip itself.
    """
    found = {target: 7}
    reached = [target]
    for x, y in reached:
        for link in range(len(LINKS)):
            neighbour = geometry.neighbour(x, y, link)
            if neighbour is not None and neighbour not in found:
                found[neighbour] = (link + len(LINKS) // 2) % len(LINKS)
                reached.append(neighbour)
    return found


def core_numbers(conditions: Conditions, chip: Coordinates) -> list[int]:
    """Physical numbers of a chip's working cores by virtual number, the monitor's first.

    Raises EmulatorError if only one is left.
    """
    dead = {core for x, y, core in conditions.dead_cores if (x, y) == chip}
    numbers = [core for core in range(CORES) if core not in dead]
    if len(numbers) < 2:
        raise EmulatorError(f"condition dead_cores: chip {chip} has no core but its monitor")
    if conditions.core_numbers:
        place = chip[0] * 256 + chip[1]
        random.Random(conditions.core_numbers * _SEED_STRIDE + place).shuffle(numbers)
    return numbers


