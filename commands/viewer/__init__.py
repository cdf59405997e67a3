"""A tensor on a screen of its own: a model moved by the names of keys, and the one file that knows a terminal."""
