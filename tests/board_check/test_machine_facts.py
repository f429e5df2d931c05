"""Facts about the machine for the report."""

from dataclasses import dataclass, field

import pytest

from pynn_eprop.board_check import machine_facts
from pynn_eprop.board_check.machine_facts import dead_links
from pynn_eprop.spinnaker import binaries


@dataclass
class Chip:
    """A chip as sPyNNaker describes it. links: directions; 0 is east, then counterclockwise."""

    x: int
    y: int
    links: set[int] = field(default_factory=lambda: set(range(6)))

    @property
    def router(self):
        return self

    def is_link(self, direction):
        return direction in self.links


class Machine:
    """Chips of a machine of two by two, which wraps around as a board of 4 chips does."""

    STEPS = ((1, 0), (1, 1), (0, 1), (-1, 0), (-1, -1), (0, -1))

    def __init__(self, chips):
        self.chips = chips

    def xy_over_link(self, x, y, link):
        return (x + self.STEPS[link][0]) % 2, (y + self.STEPS[link][1]) % 2

    def is_chip_at(self, x, y):
        return any((chip.x, chip.y) == (x, y) for chip in self.chips)


def test_links_that_are_gone_between_chips_that_are_there():
    chips = [Chip(0, 0), Chip(1, 0, {1, 2, 3, 4, 5}), Chip(0, 1)]
    assert dead_links(Machine(chips), four_chips=False) == [(1, 0, 0)]
    # a board of 4 chips has no wire there; and no chip is at 1,1, so that nothing leads to it
    chips[0].links = {0, 2}
    assert dead_links(Machine(chips), four_chips=True) == [(0, 0, 5)]


@pytest.mark.parametrize(("address", "expected"), [
    ("192.168.240.1", "192.168.240.1"),
    ("spinnaker.cs.man.ac.uk", "spinnaker.cs.man.ac.uk"),
    ("https://me:secret@spinnaker.cs.man.ac.uk/spalloc/", "https://spinnaker.cs.man.ac.uk/spalloc/"),
    ("me@server", "server")])
def test_no_login_is_in_an_address(address, expected):
    assert machine_facts._without_login(address) == expected


def test_programs_say_on_what_they_were_built(tmp_path, monkeypatch):
    monkeypatch.setattr(machine_facts, "FOLDER", tmp_path)
    monkeypatch.setattr(binaries, "FOLDER", tmp_path)
    (tmp_path / "a.aplx").write_bytes(b"")
    (tmp_path / "b.aplx").write_bytes(b"")
    (tmp_path / "a.txt").write_text("a (own libraries): ITCM 1 of 2 bytes\n\nmore")
    found = machine_facts.of_binaries()
    assert found["program a"] == "(own libraries): ITCM 1 of 2 bytes"
    assert found["program b"] == "its size is not known"
    assert found["programs on"] == "unknown (unknown)"
    assert "no record of the build" in found["problem 1"]


def test_the_record_of_a_build_is_in_the_facts():
    """That of the programs beside this package."""
    found = machine_facts.of_binaries()
    assert found["programs on"].startswith(("our own runtime (", "the official libraries ("))
    assert "gcc" in found["compiled by"] and not any("problem" in name for name in found)


def test_packages_that_are_missing_are_named(monkeypatch):
    monkeypatch.setattr(machine_facts, "PACKAGES", ("numpy", "no-such-package"))
    found = machine_facts.of_packages()
    assert found["no-such-package"] == "not installed"
    assert found["numpy"][0].isdigit() and found["pynn_eprop"]
