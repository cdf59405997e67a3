"""What another program computed, against a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import NamedTuple

from tracer.comparing.comparison import Comparison, Computed
from tracer.comparing.comparison import compare as held
from tracer.comparing.mapping import Mapping as Names
from tracer.dumps.opening import open_dump
from tracer.errors import InputError
from tracer.export.writer import Title
from tracer.i18n import _
from tracer.loading import find
from tracer.model import Model
from tracer.models.texts import Given
from tracer.reading import MASK, POSITIONS, SEGMENTS
from tracer.trace_file import is_trace

from ..guard import FINE, UNEXPECTED
from ..launch import Output, making, onto
from ..opener import open_model, read_ids, read_numbers
from ..results.compared import beside, compared, typed


class Asked(NamedTuple):
    """A dump, the checkpoint that it is of, and what the command line says of both."""

    dump: Path
    model: str
    kind: str | None = None
    names: Path | None = None
    computed: Computed | None = None
    text: str | None = None
    ids: bool = False
    target: str | None = None
    attention_mask: str | None = None
    position_ids: str | None = None
    segment_ids: str | None = None
    adapter: str | None = None

    def stated(self, model: Model) -> Given | None:
        """What is said to have gone in; None where that is for the dump to say.

        Raises:
            InputError: it is nothing that the model can read.
        """
        said = (self.text, self.target, self.attention_mask, self.position_ids, self.segment_ids)
        if all(one is None for one in said):
            if self.ids:
                raise InputError(_("--ids says what --text and --target hold, and neither is there"))
            return None
        mask = None if self.attention_mask is None else read_numbers(self.attention_mask, MASK)
        positions = None if self.position_ids is None else read_numbers(self.position_ids, POSITIONS)
        segments = None if self.segment_ids is None else read_numbers(self.segment_ids, SEGMENTS)
        return Given(self.given_source(model), self.given_target(model), mask, positions, segments=segments)

    def given_source(self, model: Model) -> list[int]:
        if self.text is None:
            return []
        return read_ids(self.text) if self.ids else list(model.source_ids(self.text)[0])

    def given_target(self, model: Model) -> list[int] | None:
        if self.target is None:
            return None
        return read_ids(self.target) if self.ids else list(model.target_ids(self.target))

    def follow(self, model: Model) -> str:
        """The command that goes to the first difference; none where a run can't be given what was said to go in."""
        if self.ids and self.target is not None and model.target is not None:
            return ""
        inner = typed("compare", self.dump, {"--as": self.kind, "--map": self.names, "--computed": self.computed})
        if not inner:
            return ""
        places = {MASK: self.attention_mask, POSITIONS: self.position_ids, SEGMENTS: self.segment_ids}
        given = _words({"-m": self.model, "--adapter": self.adapter, "-t": self.text, "--target": self.target} | places)
        return " ".join(map(quote, ["tx-trace", *given, *(["--ids"] if self.ids else []), "-e", inner]))


def _words(options: Mapping[str, object]) -> list[str]:
    """Those options that have a value, as words of a line."""
    return [word for option, value in options.items() if value is not None for word in (option, str(value))]


def compare(asked: Asked, output: Output) -> int:
    """Show every tensor with its difference, the first one and its cause; the status says whether all agree.

    Raises:
        InputError: the dump, the checkpoint or what is said of them can't be read, or there is nothing to compare.
    """
    made = making(output)
    if is_trace(find(asked.model)):
        told = _("{path}: is only a trace; a comparison computes with the model, so that -m names its checkpoint")
        raise InputError(told.format(path=asked.model))
    dump = open_dump(beside(find(asked.model), asked.dump), asked.kind)
    names = None if asked.names is None else Names.read(asked.names)
    model = open_model(asked.model, adapter=asked.adapter)
    with onto(output, made, lambda: Title(asked.dump.name, model.describe())) as presenter:
        found = held(model, dump, stated=asked.stated(model), names=names, computed=asked.computed)
        presenter.show(compared(found, asked.follow(model)))
    return _status(found)


def _status(found: Comparison) -> int:
    return UNEXPECTED if found.beyond else FINE
