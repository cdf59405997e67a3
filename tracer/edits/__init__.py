"""Edits: what is put in place of computed numbers, at the moment a record is made."""

from .call import Call
from .downstream import downstream
from .edit import Applied, Edit, edit
from .editing import EditedRecord, editing
from .placed import CHOICE, placed
from .values import Constant, Function, Mean, OfModel, OfRun, Otherwise, Value, value_of

__all__ = [
    "CHOICE",
    "Applied",
    "Call",
    "Constant",
    "Edit",
    "EditedRecord",
    "Function",
    "Mean",
    "OfModel",
    "OfRun",
    "Otherwise",
    "Value",
    "downstream",
    "edit",
    "editing",
    "placed",
    "value_of",
]
