"""Architectures, found by the `model_type` of a checkpoint where they stand."""

from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from ..addresses import suggestion
from ..errors import InputError
from ..i18n import _
from ..outward import SHORT
from .architecture import Architecture
from .recognition import by_class, by_keys, classes
from .stated import Stated

SHARED = {
    *("account", "architecture", "attention", "decoder_only", "head_norms", "layout", "mixture", "padding"),
    *("recognition", "rest", "rotary", "scaling", "shared", "sizes", "stated", "text", "texts"),
    "windows",
}
NAME = 40
"""What is longer is no mistyped name."""


@cache
def known() -> tuple[str, ...]:
    """Every `model_type` that can be opened: the names of the files here, less those that all of them share.

    A dash in a name is a line below in that of the file.
    """
    dashed = {name.replace("-", "_"): name for name in published() if "-" in name}
    files = {module.name for module in iter_modules(__path__)} - SHARED
    return tuple(sorted(dashed.get(name, name) for name in files))


@cache
def published() -> frozenset[str]:
    """Every `model_type` that transformers knows."""
    return frozenset(Path(__file__).with_name("model_types.txt").read_text(encoding="utf-8").split())


def model_type(stated: Stated) -> str:
    """The `model_type` that `config.json` states; where it states none, that of the class named in `architectures`.

    Where no class is named either, the keys tell it, as far as they do.

    Raises:
        InputError: there is no telling.
    """
    if stated.get("model_type") is not None:
        return stated.name("model_type")
    families, named = published() & {*known()}, classes(stated)
    if found := by_class(stated, families) if named else by_keys(stated, families):
        return found
    if not named:
        return stated.name("model_type")
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
    module = import_module(f"{__name__}.{model_type.replace('-', '_')}")
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
