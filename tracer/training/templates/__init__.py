"""Chinese-English pairs made from templates: numbers, dates, times, prices, names, places, compounds and clauses that a
collection of everyday sentences has too few of.

A frame (`frames.txt`) is a sentence in both languages with slots; what a slot draws from `tables.txt` or makes is the
same on both sides. `{who}` is a person, whose verb forms the English side names: `{be}`, `{have}`, `{s}`.
"""

from .filling import pairs
from .tables import words

__all__ = ["pairs", "words"]
