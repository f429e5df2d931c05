"""What backends share whose machine runs in this process."""
