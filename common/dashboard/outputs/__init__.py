"""What follows a run in the script's own process: one file for each output."""
