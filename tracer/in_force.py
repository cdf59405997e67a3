"""The settings that hold in a run: those asked for, then the checkpoint's, then ours; and whose each of them is."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from .decoding.settings import DEFAULTS, Settings
from .errors import InputError
from .i18n import _
from .model import Model

Origin = Literal["asked", "stated", "default"]


def in_force(model: Model, asked: Settings) -> Settings:
    """The settings, with those of the checkpoint and ours for what was left open.

    Raises:
        InputError: what the checkpoint states is out of its range, or what was asked for belongs to another strategy or
            can't be had with this model.
    """
    if asked.cache and not model.facts.causal:
        told = _(
            "{name} has no causal mask: with every token the positions before it compute something else, so that no "
            "keys and values can be kept; leave the cache off"
        )
        raise InputError(told.format(name=model.name))
    settled = replace(asked, strategy=asked.strategy or model.rules.strategy)
    try:
        stated = settled.filled(model.rules.preferred)
    except InputError as error:
        told = _("what the checkpoint states can't be followed: {why}; ask for another value, or for another strategy")
        raise InputError(told.format(why=error)) from None
    return stated.filled(DEFAULTS | {"cache": model.facts.cache})


def origin(model: Model, asked: Settings, name: str) -> Origin:
    """Who says what a setting in force is: a person, the checkpoint, or nobody."""
    if getattr(asked, name) != getattr(Settings(), name):
        return "asked"
    is_stated = name in model.rules.preferred or (name == "cache" and not model.facts.cache)
    return "stated" if is_stated else "default"
