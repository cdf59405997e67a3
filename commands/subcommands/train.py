"""``tx-trace train``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from tracer import render
from tracer.errors import InputError
from tracer.i18n import _
from tracer.outward import visible

from ..output.present import complain


def train_model(
    pairs: Path,
    directory: Path,
    *,
    resume: bool = False,
    exclude: Path | None = None,
    start: Path | None = None,
    teacher: Sequence[Path] = (),
    **choices: Any,
) -> int:
    """Train a model on a file of sentence pairs; ``choices`` are fields of `Plan` and `Recipe`.

    Raises:
        InputError: the libraries for training are missing, or as `fit` does.
    """
    try:
        from tracer.training.fit import STATE, Plan, fit
        from tracer.training.loop import Recipe
    except ModuleNotFoundError as error:
        hint = _("training needs {module}: pip install torch safetensors sacrebleu, or tx-trace with the extra train")
        raise InputError(hint.format(module=error.name)) from error
    recipe = {field.name: choices.pop(field.name) for field in fields(Recipe) if field.name in choices}
    console = render.console.make_console(sys.stderr, width=None, color="auto", accessible=False, environ=os.environ)
    try:
        with render.progress.training_progress(console) as report:
            plan = Plan(**choices, recipe=Recipe(**recipe))
            best = fit(
                pairs, directory, plan, exclude=exclude, start=start, teacher=teacher, resume=resume, report=report
            ).best
    except KeyboardInterrupt:
        complain(_interrupted(directory, can_resume=(directory / STATE).exists()))
        raise
    told = _("{directory}: trained, BLEU {best} on held-out pairs")
    print(visible(told.format(directory=directory, best=f"{best:.1f}")))
    return 0


def _interrupted(directory: Path, *, can_resume: bool) -> str:
    if not can_resume:
        return _("interrupted in the first pass; {directory} holds nothing yet").format(directory=directory)
    return _("interrupted; {directory} holds the best checkpoint so far; to go on, add --resume").format(
        directory=directory
    )
