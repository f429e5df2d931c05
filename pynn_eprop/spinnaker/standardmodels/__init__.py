"""Cell and synapse types of the SpiNNaker backend."""
