"""Architectures, found by the `model_type` of a checkpoint where they stand."""

import re
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from ..addresses import suggestion
from ..decisions import CONFIGURATION
from ..errors import InputError
from ..i18n import N_, _
from .account import SHORT
from .architecture import Architecture
from .stated import Stated

SHARED = {
    *("account", "architecture", "attention", "decoder_only", "layout", "padding", "rest", "rotary", "shared"),
    *("stated", "text", "texts", "windows"),
}
NAME = 40
"""What is longer is no mistyped name."""
HEADS = r"(For\w+|(LMHead|MT|DoubleHeads|Encoder)?Model)"
"""How the names of transformers' classes go on after the name of the family."""


@cache
def known() -> tuple[str, ...]:
    """Every `model_type` that can be opened: the names of the files here, less those that all of them share."""
    return tuple(sorted({module.name for module in iter_modules(__path__)} - SHARED))


@cache
def published() -> frozenset[str]:
    """Every `model_type` that transformers knows."""
    return frozenset(Path(__file__).with_name("model_types.txt").read_text(encoding="utf-8").split())


def model_type(stated: Stated) -> str:
    """The `model_type` that `config.json` states; where it states none, that of the class named in `architectures`.

    Raises:
        InputError: there is neither.
    """
    classes = stated.get("architectures")
    named = [name for name in classes if isinstance(name, str)] if isinstance(classes, list) else []
    if stated.get("model_type") is not None or not named:
        return stated.name("model_type")
    for family in published() & {*known()}:
        if re.fullmatch(family + HEADS, named[0], re.IGNORECASE):
            told = N_("config.json: there is no model_type, and architectures has {name}: taken as {family}")
            stated.decisions.note(CONFIGURATION, told.format(name=named[0], family=family))
            return family
    unknown = _("model_type is missing, and architectures has {name}, which is not known; known are {known}")
    raise stated.error(unknown.format(name=SHORT.repr(named[0]), known=", ".join(known())))


def architecture(model_type: str) -> type[Architecture]:
    """The architecture for a `model_type`.

    Raises:
        InputError: there is none; the known ones are listed.
    """
    if model_type not in known():
        nearest = _meant(model_type.lower())
        hint = _("; did you mean {nearest}?").format(nearest=nearest) if nearest else ""
        raise InputError(
            _("model_type {name} is not known; known are {known}{hint}").format(
                name=SHORT.repr(model_type), known=", ".join(known()), hint=hint
            )
        )
    module = import_module(f"{__name__}.{model_type}")
    return next(
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Architecture) and vars(kind).get("model_type") == model_type
    )


def _meant(name: str) -> str | None:
    """The family that is meant by a mistyped name; none by the name of another family, or one nearer to that."""
    is_name = len(name) < NAME and name not in published() - {*known()}
    nearest = suggestion(name, published() | {*known()}) if is_name else None
    return nearest if nearest in known() else None
