"""Edits: what is put in place of computed numbers, at the moment a record is made."""

from .aligned import Aligned
from .averages import Average
from .beside import Beside
from .downstream import downstream
from .edit import Applied, Edit, edit
from .editing import EditedRecord, editing
from .placed import CHOICE, placed
from .shifts import Added, Clamped, ProjectedOff, ProjectedOnto, Scaled
from .values import Constant, Function, Mean, OfRun, Value, value_of

__all__ = [
    "CHOICE",
    "Added",
    "Aligned",
    "Applied",
    "Average",
    "Beside",
    "Clamped",
    "Constant",
    "Edit",
    "EditedRecord",
    "Function",
    "Mean",
    "OfRun",
    "ProjectedOff",
    "ProjectedOnto",
    "Scaled",
    "Value",
    "downstream",
    "edit",
    "editing",
    "placed",
    "value_of",
]
