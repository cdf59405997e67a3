"""Ablation: what a head, a sublayer or a layer contributes, taken away."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Annotated, NamedTuple

from tracer.addresses import Address, Everywhere, UnknownAddressError, matching
from tracer.debugger.acts.ablate import average, nothing
from tracer.debugger.debugger import Debugger
from tracer.edits import Beside, Constant, Edit, Value
from tracer.i18n import _
from tracer.run import live
from tracer.stream import additions
from tracer.trace import Trace

from ..grammar.address_suggestions import heads
from ..grammar.edited import Onward, Source, cells, runs, source
from ..grammar.parameters import Kind
from ..grammar.suggestions import Suggestion, Typing, words
from ..registry import command
from ..results.branches import branched
from ..results.result import Results
from .held import anywhere, edit_at, path_of, taken_from, within

ZERO, MEAN, FROM = "zero", "mean", "from"
OUTPUT = "output"
"""What a sublayer and a layer hand on."""
_WORD = re.compile(r'(?:[^\s"\[]|"(?:[^"\\]|\\.)*"|\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\])+|\S+')
_WHAT = re.compile(r"(?P<parts>.+?)(?:\s+(?P<word>zero|mean)|\s+from(?!\S)\s*(?P<run>.*))?", re.DOTALL)


class Ablation(NamedTuple):
    """What is taken away, and what is put in its place: ``zero``, ``mean``, or what a run has."""

    parts: Sequence[Address | Everywhere]
    how: str | Source


def _ablation(text: str) -> Ablation:
    """Addresses, and perhaps what is put in at the end; raises as `cells` and `source` do."""
    match = _WHAT.fullmatch(text)
    assert match is not None
    how = match["word"] or ZERO if match["run"] is None else source(match["run"])
    return Ablation([cells(word[0]) for word in _WORD.finditer(match["parts"])], how)


def _suggested(typing: Typing) -> Iterable[Suggestion]:
    """Heads and modules; after one of them what is put in their place."""
    *before, last = re.split(r"\s+", typing.text)
    if before and before[-1] == FROM:
        return runs(replace(typing, text=last))
    ends = {ZERO: _("0 instead"), MEAN: _("the mean over the positions"), FROM: _("what another run has there")}
    typing = replace(typing, text=last)
    return chain(words(lambda _debugger: ends if before else {})(typing), heads(typing))


What = Annotated[Ablation, Kind("HEAD… [zero|mean|from RUN]", _ablation, _suggested)]


@command("ablate", group="change")
def ablate(debugger: Debugger, what: What, *, onward: Onward = False) -> Results:
    """Take away what a head, a sublayer or a layer contributes.

    A HEAD is dec.1.cross.h2 (heads of queries are counted), or several: dec.*.cross.h*. z of it, its weights · V,
    becomes 0 in every step, and the bias of the output projection stays. A sublayer, as dec.0.ffn, has the output 0
    then. A layer, as dec.0, adds nothing: its output is its input.

    mean puts in the mean over all positions of this run, from r1 what r1 has at the same place, token by token; where
    the lengths differ, tokens go by their labels. Of a layer that is its output. @3: before a HEAD is for step 3 alone,
    --onward from there on.

    (tx) ablate dec.0.cross.h1
    (tx) ablate dec.*.self.h* mean
    (tx) ablate enc.0.ffn dec.0
    (tx) ablate @2:dec.0.ffn from r0 --onward
    """
    parts = list(chain.from_iterable(_whole(debugger, part) for part in what.parts))
    values = [_value(debugger, part, what.how) for part in parts]
    edits = [edit_at(debugger, part, value, onward=onward) for part, value in zip(parts, values, strict=True)]
    yield from branched(debugger, "ablate", edits, _remarks(edits))


def _whole(debugger: Debugger, part: Address | Everywhere) -> Iterator[Address | Everywhere]:
    """The records that a part stands for: a record itself, or what a module hands on, a layer each for itself."""
    try:
        anywhere(debugger, part)
        yield part
        return
    except UnknownAddressError as unknown:
        whole = within(part, f"{path_of(part)}.{OUTPUT}")
        try:
            path = anywhere(debugger, whole).path
        except UnknownAddressError:
            raise unknown from None
    found = [name for name in _names(debugger.run, path) if _adds(debugger.run, name)] if "*" in path else [path]
    yield from (within(whole, name) for name in found)


def _value(debugger: Debugger, part: Address | Everywhere, how: str | Source) -> Value:
    run = live(debugger.run, "ablate")
    if isinstance(how, Source):
        return taken_from(debugger, how, part)
    if how == MEAN:
        return average(run, run.decode().computed)
    return nothing(run, anywhere(debugger, part).path)


def _adds(run: Trace, path: str) -> bool:
    """Whether a module adds to the stream."""
    return any(additions(run.step(number), path.rpartition(".")[0]) for number in run.begins.values())


def _names(run: Trace, path: str) -> Iterator[str]:
    for number in run.begins.values():
        yield from matching(path, run.step(number).addresses)


def _remarks(edits: Sequence[Edit]) -> Sequence[str]:
    """What was taken away, in words, each once."""
    return list(dict.fromkeys(remark for edit in edits for remark in _remark(edit)))


def _remark(edit: Edit) -> Iterator[str]:
    scope, _dot, last = edit.address.path.rpartition(".")
    what = str(replace(edit.address, path=scope if last == OUTPUT else edit.address.path, step=None))
    if isinstance(edit.value, Beside):
        yield _("{layer} adds nothing: its output is its input").format(layer=what)
    elif isinstance(edit.value, Constant) and last == "heads":
        yield _("z, which is weights · V, is 0 there; the bias of the output projection stays")
    elif isinstance(edit.value, Constant):
        yield _("{module} yields 0").format(module=what)
