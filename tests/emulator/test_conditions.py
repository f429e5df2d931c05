"""Conditions of a board: names, ranges, and that they reach it."""

from dataclasses import fields
from typing import Any

import pytest

from pynn_eprop import cli
from pynn_eprop.emulator.conditions import Conditions, read_conditions
from pynn_eprop.emulator.library import lib
from pynn_eprop.errors import EmulatorError


def test_what_is_given_replaces_defaults() -> None:
    assert read_conditions([]) == Conditions()
    assert read_conditions([("drain_us", 2.5)]).for_machine()["drain_cycles"] == 500
    assert read_conditions([("timing", "arm968")]).for_machine()["timing"] == lib.EMU_ARM968


@pytest.mark.parametrize("name, value, message", [
    ("drain_us", 0.0, "drain_us=0.0 must be in 0.01 to 1e\\+06"),
    ("drain_us", "long", "drain_us='long' must be a number"),
    ("drain_us", True, "drain_us=True must be a number"),
    ("dma_clear", "none", "dma_clear='none' must be one of one, both, first"),
    ("dma_clear", 1, "dma_clear=1 must be str"),
    ("dma_stale_cycles", -1, "dma_stale_cycles=-1 must be in 0 to 100000"),
    ("dma_aligned_to_8", 1, "dma_aligned_to_8=1 must be bool"),
    ("chip_drift_ppm", 2000.0, "chip_drift_ppm=2000.0 must be in -1000 to 1000"),
    ("lose_packet", 1.5, "lose_packet=1.5 must be int"),
    ("packet_kind", "big", "packet_kind='big' must be one of any, payload, plain"),
    ("congestion", 1, "congestion=1 must be bool"),
    ("link_rate", 6.0, "link_rate=6.0 needs congestion=True"),
    ("packet_core", (1,), r"packet_core=\(1,\) must be \(x, y\), or \(x, y, core\)"),
    ("packet_core", (0, 0, 18), "a core of 1 to 17"),
    ("drains_us", 1.0, "no condition 'drains_us'; did you mean 'drain_us'"),
    ("timing", "arm9", "timing='arm9' must be one of instructions, arm968"),
    ("timing", 968, "timing=968 must be str"),
    ("sdram_mb_s", 0, "sdram_mb_s=0 must be in 10 to 10000"),
    ("weather", 1.0, "choose one of .*drain_us"),
])
def test_refusals(name: str, value: Any, message: str) -> None:
    with pytest.raises(EmulatorError, match=message):
        read_conditions([(name, value)])


@pytest.mark.parametrize("name", [each.name for each in fields(Conditions)])
def test_command_lists_each_condition(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["board", "--help"])
    assert name in capsys.readouterr().out


def test_command_reads_cores_and_kinds() -> None:
    given = [cli._assignment(text) for text in ("packet_core=0,1,3", "packet_kind=payload")]
    assert read_conditions(given) == Conditions(packet_core=(0, 1, 3), packet_kind="payload")


def test_command_refuses_an_unknown_condition(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["board", "--condition", "weather=1"]) == 2
    assert "there is no condition 'weather'" in capsys.readouterr().err
