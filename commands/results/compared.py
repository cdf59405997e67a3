"""A checkpoint against what another implementation computed, as a result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tracer import views
from tracer.errors import ExpectationError, InputError
from tracer.export import jsonl
from tracer.i18n import _, ngettext

from .result import Result

if TYPE_CHECKING:
    from tracer.comparing.comparison import Comparison

REFERENCE = "reference.safetensors"
"""What stands beside a checkpoint."""


def compared(comparison: Comparison, follow: str) -> Result:
    """Every tensor, the first difference and its cause; ``follow`` is the command that goes there."""
    return Result(lambda: jsonl.comparison(comparison), lambda: views.comparison.comparison_view(comparison, follow))


def typed(file: Path, kind: str | None, names: Path | None, computed: str | None) -> str:
    """What `compare` takes at the prompt, as one types it."""
    options = {"--as": kind, "--map": names, "--computed": computed}
    words = [str(file), *(word for option, value in options.items() if value is not None for word in (option, value))]
    return " ".join(f'"{word}"' if " " in str(word) else str(word) for word in words)


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
