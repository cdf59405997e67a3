"""Edits: what is put in place of computed numbers, at the moment a record is made."""

from .aligned import Aligned
from .averages import Average
from .beside import Beside
from .call import Call
from .downstream import downstream
from .edit import Applied, Edit, changed, edit, is_of_model
from .editing import EditedRecord, editing
from .placed import CHOICE, placed
from .shifts import Added, Clamped, ProjectedOff, ProjectedOnto, Scaled
from .values import Constant, Function, Mean, OfModel, OfRun, Otherwise, Value, value_of

__all__ = [
    "CHOICE",
    "Added",
    "Aligned",
    "Applied",
    "Average",
    "Beside",
    "Call",
    "Clamped",
    "Constant",
    "Edit",
    "EditedRecord",
    "Function",
    "Mean",
    "OfModel",
    "OfRun",
    "Otherwise",
    "ProjectedOff",
    "ProjectedOnto",
    "Scaled",
    "Value",
    "changed",
    "downstream",
    "edit",
    "editing",
    "is_of_model",
    "placed",
    "value_of",
]
