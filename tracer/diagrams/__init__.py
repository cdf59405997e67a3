"""Diagrams laid out in cells, for every writer: nodes on lines, the ways between them in lanes."""
