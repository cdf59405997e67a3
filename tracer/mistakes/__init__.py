"""The catalogue of mistakes: operations as people get them wrong, found where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from ..addresses import suggestion
from ..errors import InputError
from ..i18n import _
from ..parameters import Named
from .mistake import Mistake, Restated

__all__ = ["Mistake", "Restated", "catalogue", "mistake", "names"]


@cache
def catalogue() -> Mapping[str, Mistake]:
    """Every mistake by name; of one with variants, what it is if none is named."""
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    found = [one for module in modules for one in vars(module).values() if isinstance(one, Mistake)]
    return {one.name: one for one in sorted(found, key=lambda one: one.name)}


def names() -> Mapping[str, Mistake]:
    """Every mistake and variant by what it is called: ``no_scale``, ``swapped q/k``."""
    every = (one.varied(variant) for one in catalogue().values() for variant in one.variants or ("",))
    return {str(one): one for one in every}


def mistake(name: str, parameters: Named | None = None) -> Mistake:
    """A mistake by what it is called; ``parameters`` are those of the model, which some exchange.

    Raises:
        InputError: there is none by that name; the nearest is suggested.
    """
    word, _blank, variant = name.strip().partition(" ")
    known = catalogue()
    if word not in known:
        nearest = suggestion(word, known)
        hint = _("did you mean {nearest}?").format(nearest=nearest) if nearest else _("mistake alone lists them")
        raise InputError(_("there is no mistake {name!r}; {hint}").format(name=word, hint=hint))
    return replace(known[word].varied(variant.strip()), parameters=parameters)
