"""Cell types, synapse types and current sources that this backend adds or changes."""
