"""Cell and synapse types of this backend, beside all of PyNN's Brian2 backend."""
