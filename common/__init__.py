"""What the scripts share, and what teaches nothing about networks: data, command line, display."""
