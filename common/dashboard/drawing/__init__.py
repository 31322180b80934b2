"""A run drawn on a matplotlib figure, for screens and files."""
