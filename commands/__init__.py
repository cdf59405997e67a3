"""The shell, its commands, and the command line."""
