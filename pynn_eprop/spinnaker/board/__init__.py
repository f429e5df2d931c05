"""The machine through sPyNNaker: set up, run, waited for, examined after a failure, given back."""
