"""A model of another size: the family and the vocabulary of one that there is, by another configuration."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from .checkpoints.memory import machine_memory
from .errors import InputError
from .i18n import _
from .model import Model
from .models.layout import Layout
from .models.text import SIDES


def resized(model: Model, settings: Mapping[str, Any]) -> Model:
    """A model with whatever parameters other settings ask for, all of them 0.

    Raises:
        InputError: that asks for another vocabulary, or for more memory than there is.
    """
    config, kind = replace(model.config, **settings), type(model.architecture)
    if any(kind.sketch(config).facts.vocab(side) != model.facts.vocab(side) for side in SIDES):
        raise InputError(_("{name} keeps its vocabulary; other sizes may change").format(name=model.name))
    layout = model.asked(config)
    names, numbers = _names(model, layout), np.dtype(model.architecture.dtype)
    _check_room(sum(math.prod(layout.slots[name].shape) for name in names) * numbers.itemsize)
    found = {name: layout.parameter(name, name, np.zeros(layout.slots[name].shape, numbers)) for name in names}
    network = kind(config, layout, found, model.architecture.dtype)
    return replace(model, architecture=network, parameters=found, layout=layout)


def _names(model: Model, layout: Layout) -> list[str]:
    """The tensors of a layout that there would be: those that must, and others that the model has."""
    there = model.parameters.keys() & layout.slots.keys()
    wanted = there | layout.missing(there)
    return [name for name in layout.slots if name in wanted]


def _check_room(needed: int) -> None:
    if needed > machine_memory():
        told = _("the parameters need {n:.1f} GB, which is more memory than there is")
        raise InputError(told.format(n=needed / 1e9))
