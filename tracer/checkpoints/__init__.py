"""Checkpoint formats: parameters on disk, one format a file."""
