"""Breakpoints, watchpoints and catchpoints: where a motion stops on its way, and what it found there."""

from .catches import CatchArising, CatchCondition, CatchRowSum, Trouble
from .conditions import Condition
from .findings import Arisen, Changed, Failed, Finding, Holds, Unbalanced
from .naming import check_known, whole_expression
from .places import AtAddress, AtOperation, AtStep, AtToken, Place, place
from .points import LATEST, Arrival, Kind, Met, Point, Stops, Trigger
from .watches import Watch

__all__ = [
    "LATEST",
    "Arisen",
    "Arrival",
    "AtAddress",
    "AtOperation",
    "AtStep",
    "AtToken",
    "CatchArising",
    "CatchCondition",
    "CatchRowSum",
    "Changed",
    "Condition",
    "Failed",
    "Finding",
    "Holds",
    "Kind",
    "Met",
    "Place",
    "Point",
    "Stops",
    "Trigger",
    "Trouble",
    "Unbalanced",
    "Watch",
    "check_known",
    "place",
    "whole_expression",
]
