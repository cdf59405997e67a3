"""The index of the lecture: each slide with its lessons and a command, each formula with its address in a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tracer import views
from tracer.i18n import spoken
from tracer.trace import Trace
from tracer.views.course import Computed, Subject

from ..results.result import Result, View, answer
from .course import slides, titles
from .formulas import Found, found
from .slides import SLIDES


def index(run: Trace) -> Result:
    """The index, with addresses in a run."""
    formulas, taught = found(run), slides()
    return answer("learn", lambda: _data(formulas, taught), lambda: _view(formulas, taught, run.source_text))


def _view(formulas: Sequence[Found], taught: Mapping[str, Sequence[str]], text: str) -> View:
    named = titles()
    subjects = [
        Subject(spoken(slide.title), [_lesson(name, named) for name in taught[slide.name]], slide.command)
        for slide in SLIDES
    ]
    computed = [
        Computed(spoken(one.written.name), one.written.formula, one.command, _reference(one)) for one in formulas
    ]

    return views.course.course_index(subjects, computed, text)


def _data(formulas: Sequence[Found], taught: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    return {
        "slides": [
            {"slide": slide.name, "lessons": list(taught[slide.name]), "command": slide.command} for slide in SLIDES
        ],
        "formulas": [
            {
                "name": one.written.name,
                "formula": one.written.formula.text,
                "latex": one.written.formula.latex,
                "address": one.record.output.address if one.record else None,
                "reference": _reference(one) or None,
                "command": one.command or None,
            }
            for one in formulas
        ],
    }


def _lesson(name: str, named: Mapping[str, str]) -> str:
    """``4 Softmax``: a lesson by its number and its title."""
    return f"{int(name.partition('-')[0])} {named[name]}"


def _reference(one: Found) -> str:
    """Where the operation stands in the literature."""
    return spoken(one.record.op.reference) if one.record else ""
