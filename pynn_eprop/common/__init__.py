"""What the backends share: set-up, expansion of networks, time, checks, recorded data, files."""
