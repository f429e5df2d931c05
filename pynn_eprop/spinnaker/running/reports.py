"""What cores and routers report of a run: losses, events, saturations, activity by update."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pynn_eprop.errors import PacketLossError
from pynn_eprop.fixed.rounding import label_of
from pynn_eprop.models.cells import SpikingCells
from pynn_eprop.models.inactivity import Inactivity, first_inactive
from pynn_eprop.models.network import Network
from pynn_eprop.models.range_report import sentences
from pynn_eprop.spinnaker.board import failures
from pynn_eprop.spinnaker.board.losses import MOST, NAMED, Loss, joined, shortened
from pynn_eprop.spinnaker.board.recovery import Describe
from pynn_eprop.spinnaker.board.routers import Dropped
from pynn_eprop.spinnaker.board.session import Session
from pynn_eprop.spinnaker.memory.layout import Region
from pynn_eprop.spinnaker.memory.run_tables import read_activity, run_size
from pynn_eprop.spinnaker.placement.cores import Core
from pynn_eprop.spinnaker.placement.plan import Plan
from pynn_eprop.spinnaker.running.packet_counts import PacketCounts, Stop
from pynn_eprop.spinnaker.running.schedule import Schedule
from pynn_eprop.spinnaker.vertices.machine import provenance


class Reports:
    """What cores and routers report, as of the last stop.

    ``vertices``: the machine vertices by the numbers of their cores. ``describe``: see
    :meth:`Session.talking`. ``warns_of_losses``: packets that are lost are no error.
    ``lost``: those since the start of script time.
    """

    def __init__(self, network: Network, plan: Plan, session: Session, packets: PacketCounts,
                 vertices: Callable[[], Mapping[int, Any]], describe: Describe,
                 warns_of_losses: bool) -> None:
        self._network, self._plan, self._session = network, plan, session
        self._packets, self._vertices, self._describe = packets, vertices, describe
        self._warns_of_losses = warns_of_losses
        self._updates_run = 0       # at most, in the last run
        self._counted: list[tuple[Core, np.ndarray]] | None = None    # provenance of the last run
        self._activities: dict[int, tuple[int, np.ndarray, np.ndarray]] = {}    # by core, likewise
        self.lost: list[Loss] = []
        self._drops: dict[str, None] = {}       # sentences on routers, in order

    def restart(self) -> None:
        """Script time starts again: nothing was lost yet, and there was no update."""
        self.lost, self._drops = [], {}
        self._updates_run = 0

    def check_packets(self, stop: Stop, schedule: Schedule, dropped: Sequence[Dropped]) -> None:
        """Compare what was sent and heard in the last run. Raises :class:`PacketLossError`.

        dropped: by routers. They alone know what others than our cells have missed.
        """
        self._updates_run = stop.run.n_updates
        losses = self._packets.compare(stop, schedule, {
            core.number: counted for core, counted in self._read_reports()})
        lost = sum(each.count - each.again for each in dropped)
        unknown = lost > 0 and self._session.has_others
        if losses:
            meaning = ""
        elif unknown:
            meaning = "; cells that learn miss none, but others may"
        else:
            meaning = ", none of which is missing"
        drops = [each.sentence() + meaning for each in dropped if each.count > each.again]
        if (losses or unknown) and not self._warns_of_losses:
            named = shortened([loss.sentence() for loss in losses], NAMED)
            raise PacketLossError("\n".join([*named, *shortened(drops, NAMED)]), None,
                                  tuple(losses))
        self.lost = joined([*self.lost, *losses])
        self._drops.update(dict.fromkeys(drops))

    @property
    def _answers(self) -> bool:
        """Whether there is a machine that has run the network and can be read."""
        return self._session.loaded and not (self._session.virtual or self._session.failed)

    def counted(self) -> list[tuple[Core, np.ndarray]]:
        """Each core, and its counters in the order of ``layout.Provenance``; as all_counters()."""
        if self._counted is None:
            if not self._answers:
                return []
            with self._session.talking(self._describe):
                return self._read_reports()
        return self._counted

    def _read_reports(self) -> list[tuple[Core, np.ndarray]]:
        """Read at once what cores report at a stop: their counters, and activity by update."""
        vertices = self._vertices()
        learning = [core for core in self._plan.cores if self._reports_activity(core)]
        found = self._session.read([
            *((vertices[core.number], Region.PROVENANCE, None) for core in self._plan.cores),
            *((vertices[core.number], Region.RUN,
               run_size(self._updates_run, self._plan.constants(core))) for core in learning)])
        counted, activity = found[:len(self._plan.cores)], found[len(self._plan.cores):]
        self._counted = [(core, provenance(data))
                         for core, data in zip(self._plan.cores, counted, strict=True)]
        self._activities = {core.number: read_activity(data, self._plan.constants(core))
                            for core, data in zip(learning, activity, strict=True)}
        return self._counted

    def _reports_activity(self, core: Core) -> bool:
        return bool(self._updates_run and self._network.settings.interval_steps
                    and core.population in self._network.of_kind(SpikingCells))

    def all_counters(self) -> list[tuple[Core, Any, bytes]]:
        """Each core, its machine vertex, and region PROVENANCE as of the last stop.

        Empty if no machine has run the network, or it has failed.
        """
        if not self._answers:
            return []
        vertices = self._vertices()
        with self._session.talking(self._describe):
            found = self._session.read([(vertices[core.number], Region.PROVENANCE, None)
                                       for core in self._plan.cores])
        return [(core, vertices[core.number], data)
                for core, data in zip(self._plan.cores, found, strict=True)]

    def saturations(self) -> tuple[str, ...]:
        """Sentences on what saturated so far, one for each."""
        return sentences((label_of(self._network.populations, index), what, count)
                         for index, counts in enumerate(self.saturated())
                         for what, count in counts.items())

    def saturated(self) -> list[dict[str, int]]:
        """Counts by population: a core counts those of all its projections together."""
        totals: list[dict[str, int]] = [{} for _ in self._network.populations]
        for core, counted in self.counted():
            counts = totals[core.population]
            for what, count in failures.saturated(counted).items():
                counts[what] = counts.get(what, 0) + count
        return totals

    def events(self) -> tuple[str, ...]:
        """Sentences on late and lost packets and the like, one for each."""
        return (*self.losses(), *(sentence for core, counted in self.counted()
                                  for sentence in failures.events(core.label, counted)))

    def losses(self) -> tuple[str, ...]:
        """Sentences on packets that were lost, or came twice, since the start of script time."""
        return (*shortened([loss.sentence() for loss in self.lost], MOST), *self._drops)

    def inactivities(self) -> tuple[Inactivity, ...]:
        """The first updates of the last run without spikes, and without pseudo-derivative.

        For each population of e-prop cells.
        """
        if not (self._updates_run and self._answers and self._network.settings.interval_steps):
            return ()
        self.counted()
        found: list[Inactivity] = []
        for index in self._network.of_kind(SpikingCells):
            cores = self._plan.of_population(index)
            if cores:
                before, spikes, slope = zip(*(self._activities[core.number] for core in cores),
                                            strict=True)
                known = index not in self._network.slopeless_posts
                found += first_inactive(index, before[0] + 1, np.sum(spikes, axis=0),
                                        np.any(slope, axis=0) if known else None)
        return tuple(found)
