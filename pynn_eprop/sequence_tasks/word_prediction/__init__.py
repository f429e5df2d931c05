"""Task 3.2: a text is read word by word, and the next word predicted."""

from pynn_eprop.sequence_tasks.word_prediction.task import WordPrediction

__all__ = ["WordPrediction"]
