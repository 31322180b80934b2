"""Measures the scripts: how good, how fast, against whom. README.md says how to repeat it."""
