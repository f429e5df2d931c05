"""Task 1.3: the phone of each frame of speech, with a network that hears it in both directions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pynn_eprop.data.speech import (
    HELD_OUT,
    RECORDED,
    SCALINGS,
    TEST,
    TRAIN,
    Corpus,
    Utterance,
)
from pynn_eprop.data.speech import VALIDATION as VALIDATION_SET
from pynn_eprop.errors import TaskError
from pynn_eprop.models.cells import VALUE, LSTMCells
from pynn_eprop.models.optimizers import Adam
from pynn_eprop.tasks.epoch_task import VALIDATION, EpochTask
from pynn_eprop.tasks.feedback import Feedback
from pynn_eprop.tasks.network_plan import (
    CellsPlan,
    FeedbackPlan,
    InputPlan,
    NetworkPlan,
    ReadoutPlan,
    SynapsesPlan,
)
from pynn_eprop.tasks.paper import BELLEC_2019
from pynn_eprop.tasks.quantities import quantity, require_numbers, require_positive, require_whole
from pynn_eprop.tasks.speech.corpora import corpus_of
from pynn_eprop.tasks.speech.phone_classes import class_of
from pynn_eprop.tasks.speech.trials import SpeechTrials
from pynn_eprop.tasks.trial_record import TrialRecord
from pynn_eprop.tasks.trials import INPUTS, READOUT, Trials
from pynn_eprop.tasks.weights import scaled_normal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WEIGHTS, _FEEDBACK, _TRAINING, _EXAMPLE = range(4)
_SETS = {VALIDATION: VALIDATION_SET, "test": TEST, "held_out": HELD_OUT, "recorded": RECORDED}
"""Sets of a corpus by their names in results."""
LSNN, LSTM = "lsnn", "lstm"
BACKWARDS = "_backwards"
"""The ending of the labels of populations that hear utterances from their ends."""


@dataclass(frozen=True)
class Speech(EpochTask):
    """Parameters of the paper (methods, 'Speech recognition task 1.3'), as far as it has them.

    The paper does not give the number of updates, the threshold or the strength of the firing-rate
    term. Its features (``scaling="range"``), in [0, 1], are a large constant input, with which much
    less is learned, also with ``input_width=3.0`` (docs/speech.md); all its widths are 1. Half of
    the cells run utterances backwards; with ``bidirectional=False`` none does, and each trial is as
    long as the longest utterance, which every backend that takes analog input can run. With
    ``cells="lstm"`` there are LSTM units in the place of LIF and adaptive cells, h = o tanh(c), of
    which ``tau_m`` and the like, the threshold and the rate term mean nothing. Raises
    :class:`TaskError` for parameters that no network can have.
    """

    name: ClassVar[str] = "speech"
    title: ClassVar[str] = "Phones of speech (task 1.3)"
    error_name: ClassVar[str] = "frame error"
    answer_name: ClassVar[str] = "frames"
    paper_updates: ClassVar[int] = 2320
    paper_result: ClassVar[str] = ("on TIMIT, accuracy 0.629 with random and 0.651 with symmetric "
                                   "feedback")
    reference: ClassVar[str] = BELLEC_2019
    measures: ClassVar[tuple[str, ...]] = ()

    data: str = quantity("", "", "folder of a copy of TIMIT, or file of a corpus; if empty, speech "
                         "is made with flite")
    scaling: str = quantity("standard", "", "mapping of the features: standard, range (the "
                            "paper's) or none")
    cells: str = quantity("lsnn", "", "lsnn: LIF and adaptive cells; lstm: LSTM units, in JAX "
                          "and on the host's reference")
    n_neurons: int = quantity(800, "", "cells; half of them in each direction")
    adaptive_share: float = quantity(0.25, "", "share of the cells with adaptive thresholds")
    bidirectional: bool = quantity(True, "", "whether half of the cells run utterances backwards")
    frames_most: int = quantity(
        1000, "", "frames of the longest utterance in training; longer ones are left out")
    timestep: float = quantity(1.0, "ms", "time step")
    frame_steps: int = quantity(5, "", "time steps of a frame (10 ms of sound)")
    trials_per_update: int = quantity(32, "", "utterances per weight update (n_batch)")
    updates_per_epoch: int = quantity(0, "", "0: as many as the training set has batches")
    patience: int = quantity(5, "", "epochs without improvement after which training ends")
    tau_m: float = quantity(20.0, "ms", "membrane time constant")
    tau_refrac: float = quantity(2.0, "ms", "refractory period")
    v_thresh: float = quantity(2.0, "", "baseline threshold")
    beta: float = quantity(1.8, "", "threshold increase per spike (adaptive cells)")
    tau_a: float = quantity(200.0, "ms", "time constant of the adaptation")
    f_target: float = quantity(10.0, "Hz", "target rate of the firing-rate term")
    c_reg: float = quantity(0.001, "", "firing-rate term: C_j = c_reg (f_j - f_target)")
    tau_out: float = quantity(3.0, "ms", "time constant of the readouts")
    lr: float = quantity(0.01, "", "Adam's learning rate")
    epsilon: float = quantity(1e-5, "", "Adam's epsilon, for a loss that is a mean over steps and "
                              "trials")
    input_width: float = quantity(0.5, "", "input weights: this times N(0, 1) / sqrt(channels)")
    recurrent_width: float = quantity(
        1.0, "", "recurrent weights: times N(0, 1) / sqrt(cells of a direction)")
    output_width: float = quantity(1.0, "", "output weights: times N(0, 1) / sqrt(cells)")
    feedback_width: float = quantity(1.0, "", "feedback weights: times N(0, 1)")

    def __post_init__(self) -> None:
        require_numbers(self)
        for name in ("n_neurons", "frames_most", "frame_steps", "trials_per_update", "patience"):
            require_whole(getattr(self, name), name, 1, self.name)
        require_whole(self.updates_per_epoch, "updates_per_epoch", 0, self.name)
        for name in ("timestep", "tau_m", "tau_a", "tau_out"):
            require_positive(getattr(self, name), name, "ms", self.name)
        if self.scaling not in SCALINGS:
            raise TaskError(f"{self.name}: scaling={self.scaling!r} is unknown; choose one of "
                            f"{list(SCALINGS)}")
        if self.cells not in (LSNN, LSTM):
            raise TaskError(f"{self.name}: cells={self.cells!r} is unknown; choose one of "
                            f"{[LSNN, LSTM]}")
        if not 0.0 <= self.adaptive_share <= 1.0:
            raise TaskError(f"{self.name}: adaptive_share={self.adaptive_share!r} must be a number "
                            "in [0, 1]")
        if self.epsilon <= 0.0:
            raise TaskError(f"{self.name}: epsilon={self.epsilon!r} must be > 0")
        if self.n_neurons % self.n_directions:
            raise TaskError(f"{self.name}: n_neurons={self.n_neurons} must be even, for cells in "
                            "two directions")

    @property
    def corpus(self) -> Corpus:
        """The speech; read when it is needed first."""
        return corpus_of(self.data, self.scaling)

    @property
    def n_directions(self) -> int:
        """2 if half of the cells run utterances backwards."""
        return 2 if self.bidirectional else 1

    @property
    def n_cells(self) -> int:
        """Cells of one direction."""
        return self.n_neurons // self.n_directions

    @property
    def n_alif(self) -> int:
        """Adaptive ones of them."""
        return round(self.n_cells * self.adaptive_share)

    @property
    def frame(self) -> float:
        """Simulated time of a frame, ms."""
        return self.frame_steps * self.timestep

    @property
    def interval(self) -> float:
        """Time of the longest utterance, ms."""
        return self.corpus.longest * self.frame

    @property
    def training_set(self) -> Sequence[Utterance]:
        """Utterances of the training set that are not too long."""
        chosen = [each for each in self.corpus[TRAIN] if each.n_frames <= self.frames_most]
        if not chosen:
            shortest = min(each.n_frames for each in self.corpus[TRAIN])
            raise TaskError(f"{self.name}: frames_most={self.frames_most} leaves no utterance in "
                            f"the training set; the shortest has {shortest} frames")
        return chosen

    @property
    def epoch_updates(self) -> int:
        """Updates of an epoch: about one pass over the training set, if it is not set."""
        one_pass = max(1, round(len(self.training_set) / self.trials_per_update))
        return self.updates_per_epoch or one_pass

    @property
    def classes(self) -> tuple[str, ...]:
        """The phones."""
        return self.corpus.phones

    @property
    def test_sets(self) -> tuple[str, ...]:
        """Those that the corpus has."""
        return tuple(name for name, of_corpus in _SETS.items()
                     if name != VALIDATION and self.corpus.sets.get(of_corpus))

    def data_checksum(self) -> str:
        """The corpus's."""
        return self.corpus.checksum

    def network(self, seed: int, feedback: Feedback, recurrent: bool = True) -> NetworkPlan:
        """The cells of each direction, with initial weights; no synapses between directions."""
        rng, feedback_rng = _rng(seed, _WEIGHTS), _rng(seed, _FEEDBACK)
        phones = len(self.corpus.phones)
        scale = self.feedback_width * float(self.n_neurons) ** 0.5      # on a variance of 1/n
        cells: list[CellsPlan] = []
        synapses: list[SynapsesPlan] = []
        signals: list[FeedbackPlan] = []
        for direction in range(self.n_directions):
            drawn = {receptor: self._draw_weights(rng) for receptor in self._receptors}
            output = next(iter(drawn.values()))["output"]
            signal = feedback.weights(phones, self.n_neurons, feedback_rng)
            here = self._cells(bool(direction))
            cells += [plan for plan, _ in here]
            for receptor, weight in drawn.items():
                ending = f"_{receptor}" if receptor else ""
                synapses += [SynapsesPlan(f"input_to_{plan.label}{ending}", INPUTS, plan.label,
                                          weight["input"][:, part], receptor=receptor)
                             for plan, part in here]
                if recurrent:
                    synapses += [SynapsesPlan(f"{pre.label}_to_{post.label}{ending}", pre.label,
                                              post.label, weight["recurrent"][source, part],
                                              receptor=receptor)
                                 for pre, source in here for post, part in here]
            synapses += [SynapsesPlan(f"{plan.label}_to_readout", plan.label, READOUT,
                                      output[part]) for plan, part in here]
            signals += [FeedbackPlan(f"feedback_to_{plan.label}", READOUT, plan.label, feedback,
                                     None if signal is None else scale * signal[:, part],
                                     scale * feedback.scale(self.n_neurons))
                        for plan, part in here]
        return NetworkPlan(
            timestep=self.timestep,
            interval=self.interval,
            trials_per_update=self.trials_per_update,
            inputs=(InputPlan(INPUTS, self.corpus.n_channels, self.frame),),
            cells=tuple(cells),
            readouts=(ReadoutPlan(
                READOUT, phones, {"tau_m": self.tau_out}, "cross_entropy",
                np.full((phones, self.corpus.longest * self.frame_steps), np.nan)),),
            synapses=tuple(synapses),
            feedback=tuple(signals),
            optimizer=Adam(lr=self.lr, eps=self.epsilon * self._steps_per_update()))

    @property
    def _receptors(self) -> tuple[str, ...]:
        """Receptors that synapses onto cells lead to, each with weights of its own."""
        return LSTMCells.ports() if self.cells == LSTM else ("",)

    def _cells(self, backwards: bool) -> list[tuple[CellsPlan, slice]]:
        """Populations of one direction, and their part of its cells."""
        if self.cells == LSTM:
            plan = CellsPlan(f"lstm{BACKWARDS if backwards else ''}", LSTMCells.name, self.n_cells,
                             {"tanh_output": True}, (VALUE,), backwards, spiking=False)
            return [(plan, slice(0, self.n_cells))]
        n_lif = self.n_cells - self.n_alif
        common = {"tau_m": self.tau_m, "v_thresh": self.v_thresh, "tau_refrac": self.tau_refrac,
                  "f_target": self.f_target, "c_reg": self.c_reg}
        adaptive = common | {"beta": self.beta, "tau_a": self.tau_a}
        ending = BACKWARDS if backwards else ""
        plans = [
            (CellsPlan(f"lif{ending}", "EPropLIF", n_lif, common, backwards=backwards),
             slice(0, n_lif)),
            (CellsPlan(f"alif{ending}", "EPropALIF", self.n_alif, adaptive, backwards=backwards),
             slice(n_lif, self.n_cells))]
        return [(plan, part) for plan, part in plans if plan.size]

    def _draw_weights(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Initial weights of one direction."""
        n = self.n_cells
        return {
            "input": scaled_normal(self.corpus.n_channels, n, self.input_width, rng),
            "recurrent": scaled_normal(n, n, self.recurrent_width, rng, self_connections=False),
            "output": scaled_normal(n, len(self.corpus.phones), self.output_width, rng,
                                    fan_in=self.n_neurons)}

    def _steps_per_update(self) -> float:
        """Time steps of an update's utterances, on average: the loss is their sum."""
        frames = np.mean([each.n_frames for each in self.training_set])
        return float(frames * self.frame_steps * self.trials_per_update)

    def training_trials(self, seed: int, first_update: int, n_updates: int) -> Trials:
        """The utterances of ``n_updates`` updates.

        Each pass over the training set has an order of its own; a batch may be of two passes.
        """
        utterances = self.training_set
        places = np.arange(first_update * self.trials_per_update,
                           (first_update + n_updates) * self.trials_per_update)
        return self.present([
            utterances[_order(len(utterances), seed, int(turn))[place]]
            for turn, place in zip(*divmod(places, len(utterances)), strict=True)])

    def n_batches(self, name: str) -> int:
        """As few as there can be with batches no larger than those of updates."""
        return -(-len(self.corpus[_SETS[name]]) // self.trials_per_update)

    def draw_batch(self, name: str, batch: int) -> SpeechTrials:
        """Utterances in the order of the corpus, in batches of about the same size."""
        # not a last one of few: cores cannot change from a target of several trials to one of one
        utterances = self.corpus[_SETS[name]]
        first, end = (len(utterances) * part // self.n_batches(name)
                      for part in (batch, batch + 1))
        return self.present(utterances[first:end])

    def draw_example(self, seed: int) -> SpeechTrials:
        """An utterance of the first test set, or of the validation set if there is none."""
        utterances = self.corpus[_SETS[next(iter(self.test_sets), VALIDATION)]]
        place = _rng(seed, _EXAMPLE).integers(len(utterances))
        return self.present([utterances[int(place)]])

    def present(self, utterances: Sequence[Utterance]) -> SpeechTrials:
        """Utterances as trials of this task."""
        return SpeechTrials.of(
            utterances, frames=self.corpus.longest, steps=self.frame_steps,
            phones=len(self.corpus.phones), frame=self.frame, shortened=self.bidirectional)

    def count_answers(self, y: Mapping[str, np.ndarray], trials: SpeechTrials) -> np.ndarray:
        """The answer to a frame is the readout that is largest in the mean over its steps."""
        counts = np.zeros((len(self.classes),) * 2, dtype=np.int64)
        for means, utterance in zip(trials.frame_means(y[READOUT]), trials.utterances,
                                    strict=True):
            np.add.at(counts, (utterance.labels.astype(int), means.argmax(axis=1)), 1)
        return counts

    def further_results(self, answers: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """The corpus, and accuracy per class of phones in each test set."""
        corpus = self.corpus
        return {
            "corpus": corpus.source,
            "corpus_checksum": corpus.checksum,
            "corpus_utterances": {
                name: len(self.training_set if name == TRAIN else utterances)
                for name, utterances in corpus.sets.items()},
            "accuracy_by_class": {name: accuracy_by_class(counts, self.classes)
                                  for name, counts in answers.items()}}

    def report_rows(self, results: Mapping[str, Any]) -> list[tuple[str, str]]:
        """The corpus and its sets, and rows of every task in epochs."""
        sets = ", ".join(f"{count} {name}"
                         for name, count in results["corpus_utterances"].items())
        return [("corpus", f"{results['corpus']} ({sets})"), *super().report_rows(results)]

    def lead(self, results: Mapping[str, Any]) -> str:
        """Accuracies, and on what."""
        return f"On {results['corpus']}: {super().lead(results)}"

    def draw_figure(self, trials: Trials, records: Mapping[int, TrialRecord],
                    results: Mapping[str, Any]) -> "Figure":
        """An utterance with the network's answers, learning curves and confusions of phones."""
        from pynn_eprop.tasks.speech.figure import draw_speech
        assert isinstance(trials, SpeechTrials)
        return draw_speech(self, trials, records[max(records)], results)


def accuracy_by_class(counts: np.ndarray, phones: Sequence[str]) -> dict[str, float]:
    """Of each class of phones, the share of frames whose very phone was answered."""
    classes = np.array([class_of(phone) for phone in phones])
    right, all_frames = np.diag(counts), counts.sum(axis=1)
    return {name: float(right[classes == name].sum() / all_frames[classes == name].sum())
            for name in dict.fromkeys(classes.tolist()) if all_frames[classes == name].sum()}


def _rng(seed: int, stream: int, part: int = 0) -> np.random.Generator:
    return np.random.default_rng([seed, 13, stream, part])


@lru_cache(maxsize=4)
def _order(count: int, seed: int, turn: int) -> np.ndarray:
    """The order of the training set in its pass number ``turn``."""
    return _rng(seed, _TRAINING, turn).permutation(count)
