"""``steer``, ``scale``, ``project``: something added to what is computed, a multiple of it, a projection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from ...edits import Added, ProjectedOff, ProjectedOnto, Scaled, Value, edit
from ...errors import InputError
from ...i18n import _
from ..evaluated import evaluated
from ..expressions import compile_expression
from ..locations import Here
from .act import Act, Builder


class Shift(Act):
    """Puts in what is made of the computed numbers and of an expression, after a word."""

    words: ClassVar[Mapping[str, Callable[[Value], Value]]]

    def reading(self, options: str, here: Here) -> Builder:
        word, blank, text = options.partition(" ")
        if word not in self.words or not blank:
            raise InputError(_("{act} is written {usage}").format(act=self.name, usage=self.usage))
        value = self.words[word](evaluated(compile_expression(text), here))
        return lambda place: [edit(place, value)]


class Steer(Shift):
    """h + E."""

    name, takes, words = "steer", "by E", {"by": Added}


class Scale(Shift):
    """E · h."""

    name, takes, words = "scale", "by E", {"by": Scaled}


class Project(Shift):
    """h − (h·v̂)v̂, or (h·v̂)v̂ alone."""

    name, takes, words = "project", "off|onto E", {"off": ProjectedOff, "onto": ProjectedOnto}


steer, scale, project = Steer(), Scale(), Project()
