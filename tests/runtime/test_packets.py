"""Packets on the own runtime: taken at fast interrupt, in the interrupt, or from a queue."""

import pytest

from pynn_eprop.emulator.conditions import Conditions
from pynn_eprop.emulator.emulated_machine import Options
from pynn_eprop.emulator.layout import ROUTER_KEY, ROUTER_MASK, ROUTER_ROUTE
from tests.runtime.conftest import MakeRig
from tests.runtime.exerciser import CORE, Kind, PacketWork, Rig

BURST = [(0x1000 + i, None if i % 3 else 77 * i) for i in range(60)]


def events_of(rig: Rig) -> list[tuple[int, int | None]]:
    """Keys and payloads in the order in which the application got them."""
    return [(int(event["first"]), int(event["second"]) if event["kind"] == Kind.PAYLOAD else None)
            for event in rig.events() if event["kind"] in (Kind.KEY, Kind.PAYLOAD)]


@pytest.mark.parametrize("priority", [-1, 0])
def test_a_burst_comes_whole_and_in_order(make_rig: MakeRig, priority: int) -> None:
    rig = make_rig(packets_priority=priority)
    rig.start_run(6)
    rig.run_ms(1.5)
    for key, payload in BURST:
        rig.packet(key, payload)
    rig.run_ms(7)
    assert events_of(rig) == BURST
    assert rig.steps()["packets"].tolist() == [0, 40, 40, 40, 40, 40]
    assert rig.steps()["payloads"].tolist() == [0, 20, 20, 20, 20, 20]


def test_a_queue_that_is_full_loses_packets_and_counts_them(make_rig: MakeRig) -> None:
    rig = make_rig(packets_priority=1)
    rig.start_run(6)
    rig.run_ms(1.5)
    for key, payload in BURST:
        rig.packet(key, payload)
    rig.run_ms(7)
    assert events_of(rig) == BURST[:15]  # a queue of 16 holds 15
    assert rig.provenance()[1] == 60 - 15


def test_packets_before_the_start_are_discarded(rig: Rig) -> None:
    for key, payload in BURST:
        rig.packet(key, payload)
    rig.run_to_end(3)
    assert events_of(rig) == []
    assert rig.chip.status(CORE).dropped == 0


def test_packets_come_also_while_the_core_is_paused(rig: Rig) -> None:
    rig.run_ms(0.5)
    rig.packet(5)
    rig.run_to_end(3)
    assert events_of(rig) == [(5, None)]


def test_packets_that_it_sends_come_back_by_a_route(rig: Rig) -> None:
    rig.chip.set_word(ROUTER_KEY, rig.settings.key)
    rig.chip.set_word(ROUTER_MASK, 0xFFFFFFFE)
    rig.chip.set_word(ROUTER_ROUTE, 1 << (6 + CORE))
    rig.run_to_end(5)
    sent = [event for step in range(5)
            for event in ((rig.settings.key, None), (rig.settings.key | 1, step))]
    assert events_of(rig) == sent
    assert rig.chip.status(CORE).sent == 10


@pytest.mark.parametrize("work, busy", [
    (PacketWork.TRANSFER, 0), (PacketWork.SCHEDULE, 0), (PacketWork.SEND, 0),
    (PacketWork.SEND, 40), (PacketWork.SEND, 400)])
def test_fast_callbacks_start_transfers_schedule_and_send(make_rig: MakeRig, work: PacketWork,
                                                          busy: int) -> None:
    """At every cycle of a step: what a packet asks for is neither lost nor stops anything.

    ``busy``: cycles for which the transmitter is busy after each packet.
    """
    conditions = Conditions(transmit_cycles=busy)
    rig = make_rig({"options": Options(every_instruction=True, conditions=conditions)},
                   packet_work=work, work=50)
    rig.start_run(200)
    packets = 0
    while rig.machine.now < 195 * 200_000:
        rig.run_for(9973 if packets % 4 else 13)  # close together, and everywhere in the step
        rig.packet(0x100 + packets)
        packets += 1
    rig.run_ms(10)
    steps = rig.steps()
    assert len(steps) == 200
    last = steps[-1]
    assert last["packets"] == packets
    if work is PacketWork.SEND:
        assert rig.chip.status(CORE).sent == 2 * 200 + last["asked"]
    else:
        assert last["done"] == last["asked"]
    assert last["asked"] == packets  # none was refused
    assert last["transfers"] == 199
    assert rig.provenance()[:6] == [0] * 6
    assert rig.machine.new_faults() == []
