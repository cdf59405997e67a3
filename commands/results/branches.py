"""Branches: making one, and telling what it is and what the model says in it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from tracer import views
from tracer.debugger.debugger import Debugger
from tracer.descent import Descended
from tracer.edits import Applied, Constant, Edit, OfModel, lasting
from tracer.export import jsonl
from tracer.i18n import _, ngettext
from tracer.model_edits import Configured
from tracer.run import live
from tracer.tape import Record
from tracer.trace import Trace

from .result import Result, Results, View

if TYPE_CHECKING:
    from tracer.run import Run


SMALL, LARGE = 1e-3, 1e6
"""A number below the one, or from the other on, has a power of ten."""


def branched(debugger: Debugger, command: str, edits: Sequence[Edit], remarks: Sequence[str] = ()) -> Results:
    """Make a branch of the current run and go over to it; tell what was edited, and what the model says then.

    ``remarks`` are told beside that, a line each. All of it is computed before the session changes.

    Raises:
        InputError: this is no run that can be computed again; or as `Run.branch` does.
        AddressError: as that does.
    """
    before = live(debugger.run, command)
    yield from entered(debugger, before, before.branch(*edits), remarks)


def entered(debugger: Debugger, before: Run, branch: Run, remarks: Sequence[str] = ()) -> Results:
    """Go over to a branch, which is computed before; tell what `branched` does."""
    before.decode()
    told = _Told(before, branch)
    lines = dict.fromkeys([*told.lines(), *remarks, *told.outcome()])
    debugger.enter(branch)
    name = _("r{n}: {edits}").format(n=debugger.number, edits=told_edits(branch.edits[len(before.edits) :]))

    def view() -> View:
        sentence, shown = views.below.sentence, views.tokens.shown
        return views.below.below(sentence(shown(name)), *(sentence(shown(line), indent=2) for line in lines))

    yield Result(lambda: [branch_object(debugger, branch)], view)


class _Told:
    """What there is to tell of a branch, beside the run that it is of."""

    def __init__(self, before: Run, branch: Run) -> None:
        self._before, self._branch = before, branch
        self._new = branch.edits[len(before.edits) :]
        self._applied = [
            (record, one)
            for tape in branch.tapes()
            for record in tape
            for one in record.edits
            if one.edit.number > len(before.edits)
        ]

    def lines(self) -> Iterator[str]:
        """Where the edits hold, how many cells they changed, and what the cache makes of that."""
        for edit in self._new:
            if isinstance(edit.value, OfModel):
                yield edit.value.count(self._before.model, self._branch.model, edit)
                yield self._shared()
                continue
            mine = [(record, one) for record, one in self._applied if one.edit.number == edit.number]
            yield _("; ").join([self._where(edit, mine), _changed(mine)])
            if any(self._has_nan(one) for _record, one in mine):
                yield _("nan is put in: whatever is computed from it becomes nan")
        sources = {run for edit in self._new for run in edit.value.runs} - {self._before}
        if sources:
            there = ", ".join(f"r{number}" for number in sorted(run.number or 0 for run in sources))
            yield _("values go from {there} into a branch of r{here}").format(there=there, here=self._before.number)
        if self._applied and (cache := self._cache()):
            yield cache

    def _shared(self) -> str:
        """From which step on another model computes."""
        since, first = self._branch.since, self._branch.first
        if since == first:
            return _("the model is changed in memory; every step is computed again")
        told = _("the model is changed in memory; all is the same up to @{last}, and computed again from @{n} on")
        return told.format(last=since - 1, n=since)

    def _where(self, edit: Edit, mine: Sequence[tuple[Record, Applied]]) -> str:
        steps = sorted({record.step for record, _one in mine})
        listed = ", ".join(f"@{n}" for n in steps[:6]) + (", …" if len(steps) > 6 else "")
        if edit.is_everywhere:
            return _("in every step that has these cells: {steps}").format(steps=listed or _("none"))
        if edit.onward:
            return _("from step @{n} on: {steps}").format(n=edit.address.step, steps=listed or _("none"))
        return _("in step @{n} alone").format(n=edit.address.step)

    def _has_nan(self, one: Applied) -> bool:
        return bool((one.after != one.after).any())

    def _cache(self) -> str:
        """What becomes of keys and values that come of the edit."""
        run = self._branch
        if not run.chooses:
            return ""
        if {record.step for record, _one in self._applied} == {0}:
            return _("all steps of the decoder read what the encoder yields with the edit")
        if all(edit.is_everywhere for edit in self._new):
            return (
                _("cache on: each step keeps the rows that it made with the edit")
                if run.cached
                else _("cache off: each step computes every position again, with the edit")
            )
        return (
            _("cache on: rows of keys and values that come of the edit stay as they are in later steps")
            if run.cached
            else _("cache off: the edit ends with its step; later steps see no more of it than the tokens chosen")
        )

    def _mean_loss(self, before: float, after: float) -> str:
        has_grown = not after <= before and any(isinstance(edit.value, Descended) for edit in self._new)
        told = (
            _("mean loss {before} → {after}: it has grown, as where RATE is too large")
            if has_grown
            else _("mean loss {before} → {after}")
        )
        return told.format(before=_figure(before), after=_figure(after))

    def outcome(self) -> Iterator[str]:
        """What the model says then, and where it first differs."""
        before, after = self._before, self._branch
        if before.teacher_forced:
            losses = [
                run.step(1).find("loss").output.array for run in (before, after) if "loss" in run.step(1).addresses
            ]
            if len(losses) == 2:
                yield self._mean_loss(*(float(loss.mean()) for loss in losses))
            return
        if not after.chooses:
            return
        yield _("text: {text}").format(text=after.text or "∅")
        first = first_difference(after)
        if first is None:
            likely, now = log_probability(before), log_probability(after)
            told = _("the same text as r{n}; log p {before} → {after}")
            yield told.format(n=before.number, before=_figure(likely), after=_figure(now))
            return
        pieces = [_piece(run, first) for run in (before, after)]
        yield _("first other than r{n} at @{step}: {before} → {after}").format(
            n=before.number, step=first, before=pieces[0], after=pieces[1]
        )


def _figure(value: float | None) -> str:
    """A number with four decimals; a large or small one with a power of ten."""
    value = math.nan if value is None else value
    is_usual = not value or not math.isfinite(value) or SMALL <= abs(value) < LARGE
    return f"{value:.4f}" if is_usual else f"{value:.3e}"


def _changed(applied: Sequence[tuple[Record, Applied]]) -> str:
    """``12 of 48 cells changed``; aloud where none did."""
    total, changed = sum(one.before.size for _r, one in applied), sum(one.changed for _r, one in applied)
    if not changed:
        return (
            _("NOTHING CHANGED: the cells had these values already")
            if total
            else _("NOTHING CHANGED: it holds nowhere")
        )
    return ngettext("{n} of {total} cell changed", "{n} of {total} cells changed", total).format(n=changed, total=total)


def _piece(run: Trace, step: int) -> str:
    """The token of a step, quoted."""
    found = next((token.piece for token in run.tokens if token.step == step), None)
    return _("the end") if found is None else views.tokens.quoted(found)


def first_difference(run: Trace) -> int | None:
    """The first step whose token is another one than in the run that this is a branch of."""
    parent = run.parent
    if parent is None:
        return None
    ours, theirs = ([token.id for token in one.tokens] for one in (run, parent))
    pairs = enumerate(zip(ours, theirs, strict=False), 1)
    found = next((n for n, (a, b) in pairs if a != b), None)
    is_over = run.ended and parent.ended and len(ours) != len(theirs)
    return min(len(ours), len(theirs)) + 1 if found is None and is_over else found


def log_probability(run: Trace) -> float | None:
    """The sum of the log probabilities of the tokens chosen so far; of a given output, of its tokens.

    None where nothing tells what was thought of it.
    """
    if run.teacher_forced:
        tape = run.step(run.computed)
        return -float(tape.find("loss").output.array.sum()) if "loss" in tape.addresses else None
    return sum(math.log(token.prob) if token.prob else -math.inf for token in run.tokens)


def branch_object(debugger: Debugger, run: Trace) -> jsonl.Object:
    """A run of the session, for programs."""
    parent = kept_parent(debugger, run)
    return {
        "kind": "branch",
        "run": f"r{run.number}",
        "parent": None if parent is None else f"r{parent.number}",
        "current": run is debugger.run,
        "edits": list(map(_edit_object, run.edits)),
        "text": run.text,
        "logprob": log_probability(run),
        "first_difference": first_difference(run),
    }


def _edit_object(edit: Edit) -> jsonl.Object:
    value = edit.value.value if isinstance(edit.value, Constant | Configured) else None
    return {
        "address": _where(edit),
        "cells": ", ".join(map(str, edit.address.selectors)),
        "value": value if isinstance(value, int | float) else str(edit.value),
    }


def _where(edit: Edit) -> str:
    """Where an edit is: a record in a step or in every one; of a model, a parameter or a key."""
    if isinstance(edit.value, OfModel):
        return edit.address.path
    return f"@*:{edit.address.path}" if edit.is_everywhere else f"@{edit.address.step}:{edit.address.path}"


MOST_TOLD = 3
"""Of a run that stems from more edits than this, and from training, the last is told."""


def told_edits(edits: Iterable[Edit]) -> str:
    """Edits by number, with what each puts where; of a model in training, which has many, the last."""
    told = [(edit, _("edit {n}: {what}").format(n=edit.number, what=described(edit))) for edit in edits]
    if len(told) > MOST_TOLD and lasting([told[-1][0]]):
        return _("{n} edits; the last is {last}").format(n=len(told), last=told[-1][1])
    return _("; ").join(what for _edit, what in told)


def described(edit: Edit) -> str:
    """``@*:decoder.0.ffn.output[0] = 0``."""
    return edit.value.told(f"{'@*:' if edit.is_everywhere else ''}{edit.address}")


def kept_parent(debugger: Debugger, run: Trace) -> Trace | None:
    """The nearest run, of those that this one is a branch of, that the session has."""
    parent = run.parent
    while parent is not None and parent not in debugger.runs.values():
        parent = parent.parent
    return parent


def one_line(run: Trace) -> str:
    """What a run is: its edits, or its model and text."""
    edits = run.edits
    begun = _("{model}: {text}").format(model=run.card.name, text=" ".join(run.source or run.target[:8]))
    return told_edits(edits) if edits else begun


def tree(debugger: Debugger) -> Result:
    """Every run of the session below the one that it is a branch of."""
    runs = list(debugger.runs.values())
    below: Mapping[int | None, list[Trace]] = {
        parent: [run for run in runs if _number(kept_parent(debugger, run)) == parent]
        for parent in (None, *(run.number for run in runs))
    }
    return Result(
        lambda: [branch_object(debugger, run) for run in runs],
        lambda: views.branches.tree_view(below, debugger.run, lambda run: _facts(debugger, run)),
    )


def _number(run: Trace | None) -> int | None:
    return None if run is None else run.number


def _facts(debugger: Debugger, run: Trace) -> list[str]:
    """The lines of a run in the tree: its edits and text; its log probability and where it first differs."""
    parent, edits = kept_parent(debugger, run), run.edits
    own = edits[len(parent.edits) :] if parent is not None else edits
    said = run.text if run.ended else _("{text} …").format(text=run.text)
    first = first_difference(run)
    differs = "" if first is None else _("   first other at @{n}").format(n=first)
    sum_of_logs = log_probability(run) if run.numbers else None
    told = "" if sum_of_logs is None else f"   log p {sum_of_logs:.4f}{differs}"
    tokens = [f"{said or '∅'}{told}"] if run.numbers else []
    return [told_edits(own) if own else one_line(run), *tokens]
