"""The networks that every peer builds, as plain arrays: same sizes, weights, input, target.

No simulator is imported here. Times are in ms and steps of 1 ms; local step 0 is the start of
an update.
"""

import math
from dataclasses import dataclass

import numpy as np

TAU_M = 20.0
TAU_OUT = 20.0
V_THRESH = 0.61
TAU_REFRAC = 5.0
F_TARGET = 10.0
C_REG = 0.02
HEIGHT = 0.3
READOUTS = 3
SEED = 1


@dataclass(frozen=True)
class Pattern:
    """Task 1.1: a clock of 20 inputs, recurrent all-to-all cells, three sine mixtures to follow.

    The clock's five groups fire in turn, every 10 ms. Nothing fires at local steps 0 and 1, at
    which NEST's input cannot.
    """

    name = "pattern"
    cells: int = 600
    sources: int = 20
    steps: int = 1000
    learning_rate: float = 0.003
    v_thresh: float = V_THRESH
    trials = 1
    readouts = READOUTS

    def source_steps(self) -> list[np.ndarray]:
        """Local steps at which each source fires."""
        group = self.steps // 5
        return [
            np.arange(group * (source // 4) + 2, group * (source // 4 + 1), 10)
            for source in range(self.sources)
        ]

    def weights(self) -> dict[str, np.ndarray]:
        """Matrices with one row per presynaptic cell: "in", "rec", "out" and "feedback"."""
        rng = np.random.default_rng(SEED)
        recurrent = rng.standard_normal((self.cells, self.cells)) / math.sqrt(self.cells)
        np.fill_diagonal(recurrent, 0.0)
        return {
            "in": rng.standard_normal((self.sources, self.cells)) / math.sqrt(self.sources),
            "rec": recurrent,
            "out": rng.standard_normal((self.cells, READOUTS)) / math.sqrt(self.cells),
            "feedback": rng.standard_normal((READOUTS, self.cells)) / math.sqrt(self.cells),
        }

    def target(self) -> np.ndarray:
        """What the readouts should follow, shape (readouts, steps)."""
        return target(self.steps)

    @property
    def synapses(self) -> int:
        """Plastic synapses."""
        return self.cells * (self.sources + self.cells - 1 + READOUTS)


@dataclass(frozen=True)
class Sparse:
    """10,000 recurrent cells with 1,000 random inputs each, driven by 100 irregular sources.

    Every synapse is plastic. Each source reaches every cell; its spikes are the same in every
    interval. The learning rate is small because Adam moves a thousand inputs at once: with the
    one of task 1.1 the rates explode after one update.
    """

    name = "sparse"
    cells: int = 10_000
    indegree: int = 1_000
    sources: int = 100
    source_rate: float = 10.0
    steps: int = 1000
    learning_rate: float = 1e-4
    weight_in: float = 0.1
    weight_rec: float = 0.5
    v_thresh: float = V_THRESH
    trials = 1
    readouts = READOUTS

    def source_steps(self) -> list[np.ndarray]:
        """Local steps at which each source fires."""
        rng = np.random.default_rng(SEED)
        fires = rng.random((self.sources, self.steps - 2)) < self.source_rate * 1e-3
        return [np.flatnonzero(row) + 2 for row in fires]

    def weights(self) -> dict[str, np.ndarray]:
        """As in :class:`Pattern`, without "rec": each peer draws it with :attr:`deviation`."""
        rng = np.random.default_rng(SEED)
        return {
            "in": self.weight_in * rng.standard_normal((self.sources, self.cells)),
            "out": rng.standard_normal((self.cells, READOUTS)) / math.sqrt(self.cells),
            "feedback": rng.standard_normal((READOUTS, self.cells)) / math.sqrt(self.cells),
        }

    def target(self) -> np.ndarray:
        """What the readouts should follow, shape (readouts, steps)."""
        return target(self.steps)

    @property
    def deviation(self) -> float:
        """Standard deviation of the recurrent weights, whose mean is 0."""
        return self.weight_rec / math.sqrt(self.indegree)

    @property
    def synapses(self) -> int:
        """Plastic synapses."""
        return self.cells * (self.sources + self.indegree + READOUTS)


@dataclass(frozen=True)
class StoreRecall:
    """Task 1.2: a bit is stored on one command and recalled on another, 128 trials an update.

    Half of the cells adapt: the first ones do not. In each of a trial's twelve periods a random
    bit is shown and a command may come, STORE and RECALL in turn. Sources stand in four groups,
    for the bits 0 and 1 and for the two commands; those of a group that is active fire at random.
    An update has the same trials as all others.
    """

    name = "store-recall"
    cells: int = 20
    group: int = 25
    source_rate: float = 50.0
    periods: int = 12
    period_steps: int = 200
    trials: int = 128
    p_command: float = 1.0 / 6.0
    learning_rate: float = 0.01
    v_thresh: float = 0.5
    beta: float = 0.03
    tau_a: float = 1200.0
    readouts = 2

    @property
    def adaptive(self) -> int:
        """Cells that adapt, the last ones."""
        return self.cells - self.cells // 2

    @property
    def sources(self) -> int:
        """Sources of all four groups."""
        return 4 * self.group

    @property
    def steps(self) -> int:
        """Steps of a trial."""
        return self.periods * self.period_steps

    def _periods(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """By period of all trials: the bit shown, whether STORE comes, whether RECALL comes."""
        rng = np.random.default_rng(SEED)
        shape = (self.trials, self.periods)
        bit, comes = rng.integers(0, 2, shape), rng.random(shape) < self.p_command
        store = comes & (np.cumsum(comes, axis=1) % 2 == 1)
        return bit, store, comes & ~store

    def source_steps(self) -> list[np.ndarray]:
        """Local steps of an update, trial after trial, at which each source fires."""
        bit, store, recall = self._periods()
        active = np.stack([bit == 0, bit == 1, store, recall]).reshape(4, -1)
        rng = np.random.default_rng(SEED)
        return [np.flatnonzero(np.repeat(active[source // self.group], self.period_steps)
                               & (rng.random(self.trials * self.steps) < self.source_rate * 1e-3))
                for source in range(self.sources)]

    def target(self) -> np.ndarray:
        """Of both bits, 1 for the one to recall, shape (2, trials x steps); NaN if none is."""
        bit, store, recall = self._periods()
        latest = np.maximum.accumulate(np.where(store, np.arange(self.periods), 0), axis=1)
        one = np.where(recall, np.take_along_axis(bit, latest, axis=1), np.nan).ravel()
        return np.repeat(np.stack([1.0 - one, one]), self.period_steps, axis=1)

    def weights(self) -> dict[str, np.ndarray]:
        """As of :class:`Pattern`, with the widths of the package's own task."""
        rng = np.random.default_rng(SEED)
        recurrent = 0.2 * rng.standard_normal((self.cells, self.cells)) / math.sqrt(self.cells)
        np.fill_diagonal(recurrent, 0.0)
        return {
            "in": 0.8 * rng.standard_normal((self.sources, self.cells)) / math.sqrt(self.sources),
            "rec": recurrent,
            "out": 0.2 * rng.standard_normal((self.cells, 2)) / math.sqrt(self.cells),
            "feedback": rng.standard_normal((2, self.cells)) / math.sqrt(self.cells),
        }

    @property
    def synapses(self) -> int:
        """Plastic synapses."""
        return self.cells * (self.sources + self.cells - 1 + self.readouts)


@dataclass(frozen=True)
class Speech:
    """Task 1.3: 39 analog channels, an LSNN in each direction, 61 phones, 32 utterances an update.

    The features are noise, smooth over a few frames, of the mean 0 and variance 1 that those of
    the task have; so are the lengths of utterances its (50 to 400 frames, 160 on average). An
    update has the same utterances as all others, and a trial is as long as the longest of them.
    """

    name = "speech"
    cells: int = 800
    channels: int = 39
    frame_steps: int = 5
    trials: int = 32
    adaptive_share: float = 0.25
    learning_rate: float = 1e-4     # so that all peers keep the rates that they begin with
    v_thresh: float = 2.0
    beta: float = 1.8
    tau_a: float = 200.0
    tau_refrac: float = 2.0
    tau_out: float = 3.0
    weight_in: float = 0.5
    readouts = 61

    @property
    def one_way(self) -> int:
        """Cells of one direction."""
        return self.cells // 2

    @property
    def adaptive(self) -> int:
        """Cells of one direction that adapt, the last ones."""
        return round(self.adaptive_share * self.one_way)

    @property
    def frames(self) -> np.ndarray:
        """Frames of each utterance."""
        lengths = np.random.default_rng(SEED).gamma(7.0, 16.0, self.trials) + 50.0
        return np.minimum(lengths, 400.0).astype(int)

    @property
    def steps(self) -> int:
        """Steps of a trial, as many as the longest utterance has."""
        return int(self.frames.max()) * self.frame_steps

    def values(self) -> np.ndarray:
        """Features of all utterances of an update, shape (channels, trials x frames of a trial)."""
        noise = np.random.default_rng(SEED).standard_normal(
            (self.channels, self.trials * self.steps // self.frame_steps))
        smooth = np.empty_like(noise)
        smooth[:, 0] = noise[:, 0]
        for frame in range(1, noise.shape[1]):
            smooth[:, frame] = 0.8 * smooth[:, frame - 1] + 0.6 * noise[:, frame]
        return smooth

    def target(self) -> np.ndarray:
        """1 for a phone that lasts for 8 frames, 0 for the others, shape (61, trials x steps)."""
        held = 8 * self.frame_steps
        phones = np.random.default_rng(SEED).integers(
            0, self.readouts, -(-self.trials * self.steps // held))
        answer = np.repeat(phones, held)[:self.trials * self.steps]
        return (np.arange(self.readouts)[:, None] == answer).astype(float)

    def weights(self) -> dict[str, np.ndarray]:
        """As of :class:`Pattern`, for both directions, of which "rec" has no part in common."""
        rng = np.random.default_rng(SEED)
        recurrent = rng.standard_normal((self.cells, self.cells)) / math.sqrt(self.one_way)
        np.fill_diagonal(recurrent, 0.0)
        into = rng.standard_normal((self.channels, self.cells)) / math.sqrt(self.channels)
        return {
            "in": self.weight_in * into,
            "rec": recurrent,
            "out": rng.standard_normal((self.cells, self.readouts)) / math.sqrt(self.cells),
            "feedback": rng.standard_normal((self.readouts, self.cells)),
        }

    @property
    def synapses(self) -> int:
        """Plastic synapses."""
        return self.cells * (self.channels + self.one_way - 1 + self.readouts)


Workload = Pattern | Sparse | StoreRecall | Speech


def workload(name: str, cells: int | None = None) -> Workload:
    """The workload of that name, with ``cells`` cells if given."""
    if name == "sparse":
        return Sparse() if cells is None else Sparse(cells=cells, indegree=min(1000, cells - 1))
    kind = {"pattern": Pattern, "store-recall": StoreRecall, "speech": Speech}[name]
    return kind() if cells is None else kind(cells=cells)


def target(steps: int) -> np.ndarray:
    """Sums of four sines of random amplitude and phase, shape (READOUTS, steps)."""
    rng = np.random.default_rng(SEED)
    time = np.arange(steps) / steps
    amplitude = rng.uniform(0.5, 2.0, (READOUTS, 4))
    phase = rng.uniform(0.0, 2.0 * math.pi, (READOUTS, 4))
    return sum(
        amplitude[:, [q]] * np.sin(2.0 * math.pi * frequency * time + phase[:, [q]])
        for q, frequency in enumerate((1, 2, 3, 5))
    )


def repeated(local_steps: np.ndarray, steps: int, intervals: int) -> np.ndarray:
    """Script times in ms of given local steps in each of ``intervals`` stretches of ``steps``."""
    starts = steps * np.arange(intervals)
    return (starts[:, None] + local_steps[None, :]).ravel().astype(float)
