"""The formats of dumps, each alone in a file."""
