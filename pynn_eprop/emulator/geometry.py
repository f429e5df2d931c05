"""The chips of a machine, the links between them, and the chips with Ethernet."""

from dataclasses import dataclass
from typing import Final

from pynn_eprop.emulator.layout import LINKS
from pynn_eprop.errors import EmulatorError

Coordinates = tuple[int, int]

BOARD_48: Final = tuple(
    (x, y) for y, (left, right) in enumerate(
        [(0, 4), (0, 5), (0, 6), (0, 7), (1, 7), (2, 7), (3, 7), (4, 7)])
    for x in range(left, right + 1))
"""The hexagon of a 48-chip board, from its Ethernet chip."""

TRIAD: Final = ((0, 0), (4, 8), (8, 4))
"""Ethernet chips of three boards that make a torus of 12 by 12 chips."""
TRIAD_SIDE: Final = 12

SMALL_BOARD_DEAD_LINKS: Final = frozenset(
    {(0, 0, 3), (0, 0, 4), (0, 1, 3), (0, 1, 4), (1, 0, 0), (1, 0, 1), (1, 1, 0), (1, 1, 1)})
"""Links of a 4-chip board that lead to its connectors."""

CHIPS: Final = (1, 4, 48)


@dataclass(frozen=True)
class Geometry:
    """The chips of a machine.

    ``board`` gives for each chip the Ethernet chip of its board; ``version`` is the board version
    in sPyNNaker's configuration.
    """

    width: int
    height: int
    version: int
    board: dict[Coordinates, Coordinates]
    wraps: bool
    dead_links: frozenset[tuple[int, int, int]] = frozenset()

    @property
    def ethernet_chips(self) -> list[Coordinates]:
        """The Ethernet chips, one for each board."""
        return sorted(set(self.board.values()))

    def neighbour(self, x: int, y: int, link: int) -> Coordinates | None:
        """The chip at the other end of a link."""
        if (x, y, link) in self.dead_links:
            return None
        step_x, step_y = LINKS[link]
        to = (x + step_x, y + step_y)
        if self.wraps:
            to = (to[0] % self.width, to[1] % self.height)
        return to if to in self.board else None

    def links(self, x: int, y: int) -> int:
        """Working links of a chip, one bit for each."""
        return sum(1 << link for link in range(len(LINKS)) if self.neighbour(x, y, link))


def geometry(chips: int, boards: int = 1) -> Geometry:
    """The machine with this number of boards, and of chips on each.

    Raises EmulatorError for numbers that no machine has.
    """
    if chips not in CHIPS:
        raise EmulatorError(f"no board has {chips} chips; choose from {', '.join(map(str, CHIPS))}")
    if boards != 1 and (chips != 48 or boards < 1 or boards % 3):
        raise EmulatorError(
            f"{boards} boards of {chips} chips make no machine; 48-chip boards come alone or in "
            "groups of three (3, 6, ...)")
    if chips == 1:
        return Geometry(8, 8, 5, {(0, 0): (0, 0)}, wraps=False)
    if chips == 4:
        small = {(x, y): (0, 0) for x in range(2) for y in range(2)}
        return Geometry(2, 2, 3, small, wraps=True, dead_links=SMALL_BOARD_DEAD_LINKS)
    if boards == 1:
        return Geometry(8, 8, 5, dict.fromkeys(BOARD_48, (0, 0)), wraps=False)
    width, height = TRIAD_SIDE * (boards // 3), TRIAD_SIDE
    board = {}
    for triad in range(boards // 3):
        for x, y in TRIAD:
            ethernet = (x + TRIAD_SIDE * triad, y)
            for step_x, step_y in BOARD_48:
                board[(ethernet[0] + step_x) % width, (y + step_y) % height] = ethernet
    return Geometry(width, height, 5, board, wraps=True)
