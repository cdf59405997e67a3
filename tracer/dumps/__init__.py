"""Dumps: what other programs wrote down of a forward pass, one format a file."""
