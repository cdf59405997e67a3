"""Architectures, found by the `model_type` of a checkpoint where they stand."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from ..addresses import suggestion
from ..errors import InputError
from ..i18n import _
from .architecture import Architecture

SHARED = {
    "account",
    "architecture",
    "attention",
    "decoder_only",
    "layout",
    "rest",
    "rotary",
    "stated",
    "text",
    "windows",
}


@cache
def known() -> tuple[str, ...]:
    """Every `model_type` that can be opened: the names of the files here, less those that all of them share."""
    return tuple(sorted({module.name for module in iter_modules(__path__)} - SHARED))


def architecture(model_type: str) -> type[Architecture]:
    """The architecture for a `model_type`.

    Raises:
        InputError: there is none; the known ones are listed.
    """
    if model_type not in known():
        nearest = suggestion(model_type, known())
        hint = _("; did you mean {nearest}?").format(nearest=nearest) if nearest else ""
        raise InputError(
            _("model_type {name!r} is not known; known are {known}{hint}").format(
                name=model_type, known=", ".join(known()), hint=hint
            )
        )
    module = import_module(f"{__name__}.{model_type}")
    return next(
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Architecture) and vars(kind).get("model_type") == model_type
    )
