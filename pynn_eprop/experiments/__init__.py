"""Build a task's network on a backend, train it, evaluate it, and write a results folder."""
