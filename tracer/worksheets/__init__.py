"""Sheets to fill by hand: small models whose numbers a person can work out, and what is left blank of a run."""

NAME = "worksheet"


def is_drawn(name: str) -> bool:
    """Whether a model is one of these, by its name."""
    return name.startswith(f"{NAME}:")
