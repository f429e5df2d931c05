"""Task 3.2 of Bellec et al. (2019): word prediction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pynn_eprop.errors import TaskError
from pynn_eprop.intervals import IntervalMachine, UnitNetwork
from pynn_eprop.intervals.learning import IntervalOptimizer
from pynn_eprop.intervals.network import SOFTMAX, Arrays
from pynn_eprop.intervals.rules import TRUNCATED_BPTT, IntervalRule
from pynn_eprop.models.optimizers import SGD
from pynn_eprop.sequence_tasks.course import Course
from pynn_eprop.sequence_tasks.task import EPOCHS, SequenceTask
from pynn_eprop.sequence_tasks.word_prediction.corpus import TEST, read_corpus
from pynn_eprop.sequence_tasks.word_prediction.epochs import Epochs
from pynn_eprop.tasks.paper import BELLEC_2019
from pynn_eprop.tasks.quantities import quantity, require_positive, require_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SAMPLE_LINES, SAMPLE_WORDS, CONTEXT, MOST_PROBABLE = 3, 12, 24, 3

Sample = dict[str, Any]
"""A word that was read, the next one, its probability, and the most probable ones."""


@dataclass(frozen=True)
class WordPrediction(SequenceTask):
    """Read a text word by word and give the probability of each next word.

    Defaults are the small configuration of TensorFlow's tutorial on recurrent networks, as in the
    paper: one layer, no dropout. Perplexity is exp of the mean cross-entropy (nats) of a word.
    """

    name: ClassVar[str] = "word-prediction"
    title: ClassVar[str] = "Word prediction (task 3.2)"
    error_name: ClassVar[str] = "perplexity"
    ends: ClassVar[tuple[str, ...]] = (EPOCHS,)
    measures: ClassVar[tuple[str, ...]] = (
        "perplexity_validation", "perplexity_test", "best_epoch", "epochs", "words_per_second",
        "explained")
    progress_unit: ClassVar[str] = "word"
    sizes: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "full": {},
        "small": {"vocabulary": 3000, "n_units": 100, "n_embedding": 100, "sg_hidden": 200,
                  "tanh_output": True},
        "tiny": {"vocabulary": 200, "n_units": 16, "n_embedding": 16, "sg_hidden": 32,
                 "fraction": 0.02, "epochs": 2, "full_rate_epochs": 1, "tanh_output": True},
    }
    paper_result: ClassVar[str] = (
        "perplexity on the Penn Treebank: truncated BPTT 121 (dt 4) and 113 (dt 20), with "
        "synthetic gradients 118, with eligibility traces 116, e-prop 1 115, e-prop 3 113, with "
        "truncated traces 122.7")
    reference: ClassVar[str] = BELLEC_2019

    n_units: int = quantity(200, "", "LSTM units of the layer, all-to-all")
    batch: int = quantity(20, "", "rows that the text is cut into, side by side")
    lr: float = quantity(1.0, "", "learning rate (gradient descent)")
    clip: float = quantity(5.0, "", "largest norm of the network's gradient; 0: no limit")
    forget_bias: float = quantity(0.0, "", "initial bias of the forget gates")
    sg_hidden: int = quantity(400, "", "hidden units of the error module")
    sg_lr: float = quantity(1e-3, "", "learning rate of the error module (Adam)")
    data: str = quantity("", "", "folder of Penn Treebank files; empty: the novels")
    vocabulary: int = quantity(10_000, "words", "the most frequent of the training set, and <unk> "
                               "for all others")
    fraction: float = quantity(1.0, "", "part of the training set that is used, from its beginning")
    n_embedding: int = quantity(200, "", "size of the embedding of a word")
    width: float = quantity(0.1, "", "initial weights are uniform within +- this")
    epochs: int = quantity(20, "", "passes through the training set")
    full_rate_epochs: int = quantity(4, "", "epochs before lr is lowered")
    decay: float = quantity(0.5, "", "factor on lr in each epoch after those")

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("n_embedding", "epochs"):
            require_whole(getattr(self, name), name, 1, self.name)
        require_whole(self.vocabulary, "vocabulary", 2, self.name)
        require_whole(self.full_rate_epochs, "full_rate_epochs", 0, self.name)
        for name in ("width", "decay", "sg_lr", "fraction"):
            require_positive(getattr(self, name), name, "", self.name)
        if self.fraction > 1.0:
            raise TaskError(f"{self.name}: fraction={self.fraction!r} must be at most 1")

    def check_rule(self, rule: IntervalRule) -> None:
        """The text is one sequence, too long to be one interval."""
        if rule.whole:
            raise TaskError(f"{self.name}: rule {rule.name!r} takes a whole sequence as one "
                            "interval, and here that is the whole text; choose another rule, or "
                            f"{TRUNCATED_BPTT.name} with a longer interval")

    def rate(self, epochs: int) -> float:
        """The factor on lr after so many epochs."""
        return float(self.decay ** max(0, epochs + 1 - self.full_rate_epochs))

    def network(self) -> UnitNetwork:
        """LSTM units that read the embedding of a word, with a readout for each word."""
        return UnitNetwork(self.n_units, self.n_embedding, self.vocabulary, loss=SOFTMAX,
                           words=self.vocabulary, tanh_output=self.tanh_output)

    def first_parameters(self, seed: int) -> Arrays:
        """All uniform."""
        return self.network().first_parameters(seed, self.width, self.forget_bias)

    def optimizer(self) -> IntervalOptimizer:
        """Gradient descent."""
        return SGD(self.lr)

    def course(self, rule: IntervalRule, seed: int) -> Epochs:
        """Reads the text."""
        del rule, seed      # nothing is drawn
        return Epochs(self, read_corpus(self.data, self.vocabulary, self.fraction, self.batch,
                                        self.interval))

    def show(self, course: Course, machine: IntervalMachine, seed: int) -> list[list[Sample]]:
        """Predictions of the next word in some lines of the test set, after some words before.

        [] if an output is not finite, as after a training that diverged.
        """
        del seed
        assert isinstance(course, Epochs)
        read, following = course.rows[TEST]
        before = min(CONTEXT, max(0, len(read) - SAMPLE_WORDS))
        machine.start()
        if before:
            machine.evaluate(read[:before], following[:before], np.ones(before, bool))
        piece = slice(before, before + SAMPLE_WORDS)
        y, _ = machine.outputs(read[piece])
        if not np.all(np.isfinite(y)):
            return []
        return [[self._sample(course.corpus.vocabulary, y[step, row], words[row], after[row])
                 for step, (words, after) in enumerate(zip(read[piece], following[piece],
                                                           strict=True))]
                for row in range(min(SAMPLE_LINES, self.batch))]

    @staticmethod
    def _sample(vocabulary: Sequence[str], y: np.ndarray, word: int, following: int) -> Sample:
        probability = np.exp(y - y.max())
        probability /= probability.sum()
        most = np.argsort(-probability, kind="stable")[:MOST_PROBABLE]
        return {"word": vocabulary[word], "next": vocabulary[following],
                "probability": float(probability[following]),
                "most_probable": [[vocabulary[place], float(probability[place])]
                                  for place in most]}

    def further_results(self, shown: list[list[Sample]]) -> dict[str, Any]:
        """The predictions."""
        return {"samples": shown}

    def draw_figure(self, results: Mapping[str, Any], shown: list[list[Sample]]) -> "Figure":
        """Perplexity after each epoch, and an example, as the paper's figures 4d and h."""
        from pynn_eprop.sequence_tasks.word_prediction.figure import draw_words
        return draw_words(self, results, shown[0] if shown else [])

    def result_text(self, results: Mapping[str, Any]) -> str:
        """Perplexity of the best epoch."""
        if results["best_epoch"] is None:
            return f"{results['corpus']['name']}, no whole epoch"
        return (f"{results['corpus']['name']}, perplexity {results['perplexity_validation']:.1f} "
                f"on validation and {results['perplexity_test']:.1f} on test, epoch "
                f"{results['best_epoch']} of {results['epochs']}, "
                f"{results['words_per_second']:.0f} words per second")

    def report_rows(self, results: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
        """Perplexities and the text."""
        corpus = results["corpus"]
        rows = [("text", corpus["name"])]
        rows += [(f"words, {name}", f"{count:,} ({corpus['unknown'][name]:.1%} unknown)")
                 for name, count in corpus["words"].items()]
        if results["best_epoch"] is not None:
            rows += [("perplexity on validation", f"{results['perplexity_validation']:.2f}"),
                     ("perplexity on test", f"{results['perplexity_test']:.2f}"),
                     ("best epoch", f"{results['best_epoch']} of {results['epochs']}"),
                     ("words per second in training", f"{results['words_per_second']:.0f}")]
        return rows

    def report_sections(self, results: Mapping[str, Any]
                        ) -> Sequence[tuple[str, Sequence[str], Sequence[Sequence[str]]]]:
        """Predictions in lines of the test set, and the epochs."""
        header = ("word", "probability of the next", "next word", "most probable")
        sections: list[tuple[str, Sequence[str], Sequence[Sequence[str]]]] = [
            (f"Test set, line {number}", header, [
                (each["word"], f"{each['probability']:.4f}", each["next"], ", ".join(
                    f"{word} {probability:.3f}" for word, probability in each["most_probable"]))
                for each in line]) for number, line in enumerate(results["samples"], 1)]
        epochs = [(str(each["epoch"]), f"{each['perplexity_validation']:.2f}",
                   f"{each['perplexity_test']:.2f}", f"{each['perplexity_training']:.2f}",
                   f"{each['rate']:g}") for each in results["curve"]]
        return [*sections, ("Epochs", ("epoch", "validation", "test", "in training", "rate"),
                            epochs)] if epochs else sections
