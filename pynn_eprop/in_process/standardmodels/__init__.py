"""Cell types, synapse types and current sources, which each backend has as its own."""
