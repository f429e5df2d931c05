"""The SpiNNaker backend: a plug-in for sPyNNaker with its own vertices and binaries."""
