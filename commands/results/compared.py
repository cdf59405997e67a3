"""A checkpoint against what another implementation computed, as a result."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from tracer import views
from tracer.errors import ExpectationError, InputError
from tracer.export import jsonl
from tracer.i18n import _, ngettext
from tracer.outward import as_word

from .result import Result

if TYPE_CHECKING:
    from tracer.comparing.comparison import Comparison

REFERENCE = "reference.safetensors"
"""What stands beside a checkpoint."""


def compared(comparison: Comparison, follow: str) -> Result:
    """Every tensor, the first difference and its cause; ``follow`` is the command that goes there."""
    return Result(lambda: jsonl.comparison(comparison), lambda: views.comparison.comparison_view(comparison, follow))


def typed(command: str, file: Path | None, options: Mapping[str, object] = MappingProxyType({})) -> str:
    """A command that goes to the first difference, as one types it; nothing where a file is called as no line can."""
    given = {option: as_word(str(value)) for option, value in options.items() if value is not None}
    words = [*([] if file is None else [as_word(str(file))]), *(word for pair in given.items() for word in pair)]
    return " ".join([command, *words, "--go"]) if all(words) else ""


def insist(comparison: Comparison) -> None:
    """Let a comparison in which something differs fail, as an expectation does."""
    if comparison.verdict is not None:
        n = len(comparison.beyond)
        text = ngettext("{n} address differs: {first}", "{n} addresses differ, first: {first}", n)
        raise ExpectationError(text.format(n=n, first=comparison.verdict.address))


def beside(directory: Path, file: Path | None = None) -> Path:
    """A file of results, as it is named or beside a checkpoint, or in it; the usual one there if none is named.

    Raises:
        InputError: it is in neither place.
    """
    directory = directory if directory.is_dir() else directory.parent
    places = [directory / REFERENCE] if file is None else [file, directory / file]
    if found := [place for place in places if place.exists()]:
        return found[0]
    told = _("{path}: is missing; it holds what another implementation computed from the checkpoint")
    if file is not None:
        told = _("{path}: is missing, here and in {directory}")
    raise InputError(told.format(path=places[0], directory=directory))
