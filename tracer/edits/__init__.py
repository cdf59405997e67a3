"""Edits: what is put in place of computed numbers, at the moment a record is made."""

from .aligned import Aligned
from .averages import Average
from .beside import Beside
from .call import Call
from .downstream import downstream
from .edit import Applied, Edit, applied, changed, edit, is_of_model, lasting
from .editing import EditedRecord, ThroughEdit, editing
from .placed import CHOICE, of_a_gradient, placed
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
    "ThroughEdit",
    "Value",
    "applied",
    "changed",
    "downstream",
    "edit",
    "editing",
    "is_of_model",
    "lasting",
    "of_a_gradient",
    "placed",
    "value_of",
]
