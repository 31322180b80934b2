"""The panels: what is shown of a run, a file for each kind."""
