"""Edits: what is put in place of computed numbers, at the moment a record is made."""

from .downstream import downstream
from .edit import Applied, Edit, edit
from .editing import EditedRecord, editing
from .placed import CHOICE, placed
from .values import Constant, Function, Mean, OfRun, Value, value_of

__all__ = [
    "CHOICE",
    "Applied",
    "Constant",
    "Edit",
    "EditedRecord",
    "Function",
    "Mean",
    "OfRun",
    "Value",
    "downstream",
    "edit",
    "editing",
    "placed",
    "value_of",
]
