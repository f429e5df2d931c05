"""Cell types, synapse types and current sources of this backend."""
