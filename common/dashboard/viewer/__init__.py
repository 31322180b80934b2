"""The viewer's process: a window, or pages for browsers."""
