"""What the script and the viewer's process both know: messages, the run, the pipe."""
