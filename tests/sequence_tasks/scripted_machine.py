"""A machine whose errors a test writes down, and that remembers what it was given."""

import math


class ScriptedMachine:
    def __init__(self, errors=(), explained=math.nan):
        self.errors, self.updates, self.calls = list(errors), 0, []
        self._explained = explained

    def start(self):
        self.calls.append(("start",))

    def train(self, inputs, targets, active, last=True, rate=1.0):
        self.updates += math.ceil(len(active) / 4)
        self.calls.append(("train", len(active), last, rate))
        return self.errors.pop(0)

    def evaluate(self, inputs, targets, active):
        self.calls.append(("evaluate", len(active)))
        return self.errors.pop(0)

    def explained(self):
        return self._explained
