"""The machine through sPyNNaker: set up, run, waited for, looked at after a failure, given back."""
