"""Suggestions from what was recorded: addresses, the selectors of their axes, the tokens of the vocabulary."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice

from tracer.addresses import Label, parse, unescaped
from tracer.debugger.expressions import DISTRIBUTION, FUNCTIONS, VARIABLES
from tracer.debugger.locations import performed
from tracer.debugger.session import Session
from tracer.errors import AddressError
from tracer.i18n import _
from tracer.tape import Record, Tape
from tracer.tensor import Axis

from .suggestions import MOST, Suggestion, Typing, fuzzily

CHEAP = 1e9
"""Multiplications in a pass that may be performed unasked, only to know its addresses."""


_PATH = re.compile(r"(?:@(?P<step>\d{1,9}):)?(?P<path>(?:[A-Za-z_]\w*(?:\.(?:\w+|\*))*\.?)?)$")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)$')
_AFTER_VALUE = re.compile(r'(?:[\w\])"]|/\S*)\s+$|[\])\d"]$')


def locations(typing: Typing) -> Iterator[Suggestion]:
    """Addresses of records in this pass and the next, and selectors within brackets."""
    return _of_address(typing, ahead="")


def addresses(typing: Typing) -> Iterator[Suggestion]:
    """As `locations`; a record of a later pass than the cursor's gets its step."""
    return _of_address(typing, ahead="@1:")


def stops(typing: Typing) -> Iterator[Suggestion]:
    """As `locations`, and operations after ``op:``, tokens after ``token:``."""
    tag, colon, typed = typing.text.partition(":")
    if colon and tag == "op":
        names = {record.op.name for tape in _tapes(typing, None) for record in tape}
        return (Suggestion(name, len(typed)) for name in fuzzily(typed, sorted(names)))
    if colon and tag == "token":
        return _vocabulary(typing, typed.removeprefix('"')) if typed.startswith('"') else iter(())
    return locations(typing)


def expressions(typing: Typing) -> Iterator[Suggestion]:
    """What an expression may go on with: addresses and selectors, functions, tokens in quotes."""
    quote = _QUOTED.search(typing.text) if typing.text.count('"') % 2 else None
    if quote and _open_bracket(typing.text) is None:
        yield from _vocabulary(typing, quote[1])
        return
    yield from addresses(typing)
    match = _PATH.search(typing.text)
    if match and match["path"] and match["step"] is None:
        notes = {**{f"{name}(": _("function") for name in (*FUNCTIONS, *DISTRIBUTION)}, **dict.fromkeys(VARIABLES, "")}
        typed = match["path"]
        yield from (Suggestion(name, len(typed), notes[name]) for name in notes if name.startswith(typed))


def _of_address(typing: Typing, ahead: str) -> Iterator[Suggestion]:
    """``ahead`` goes before addresses that the cursor's pass has not."""
    bracket = _open_bracket(typing.text)
    if bracket is not None:
        return _selectors(typing, typing.text[:bracket], typing.text[bracket + 1 :])
    return _addresses(typing, _PATH.search(typing.text), ahead)


def _addresses(typing: Typing, match: re.Match[str] | None, ahead: str) -> Iterator[Suggestion]:
    """The addresses that a path may become."""
    if match is None or (not match[0] and _AFTER_VALUE.search(typing.text)):
        return
    typed, step = match["path"], match["step"]
    found: dict[str, Suggestion] = {}
    for tape in _tapes(typing, None if step is None else int(step)):
        prefix = ahead if step is None and tape.number > typing.session.cursor.step else ""
        for name, text in _paths(typed, tape.addresses, _scope(typing, tape)):
            found.setdefault(name, Suggestion(prefix + text, len(typed), note(tape.find(name))))
    yield from islice(found.values(), MOST)


def note(record: Record) -> str:
    """``[2,1,4] softmax``: the shape of a record and its operation."""
    return f"[{','.join(map(str, record.output.shape))}] {record.op.name}"


def _tapes(typing: Typing, step: int | None) -> Iterator[Tape]:
    """The passes that an address may lie in: the one it names, or the cursor's, the encoder's and the first."""
    run, at = typing.session.run, typing.session.cursor.step
    numbers = [step] if step is not None else list(dict.fromkeys([at, run.first, 1]))
    may_compute = typing.patient or _work(typing.session) < CHEAP
    for number in numbers:
        if run.first <= number <= run.computed or (may_compute and run.first <= number <= 1 and performed(run, number)):
            yield run.step(number)


def _work(session: Session) -> float:
    numbers = sum(math.prod(parameter.shape) for parameter in session.run.model.parameters.values())
    return numbers * float(len(session.run.source_ids) + 1)


def _paths(typed: str, names: Sequence[str], scope: str) -> Iterator[tuple[str, str]]:
    """The names that a typed path may become, each with the text for it: segments that were shortened stay so."""
    if typed and "." not in typed and scope:
        inside = [name for name in names if name.rpartition(".")[0] == scope]
        yield from ((name, name.rpartition(".")[2]) for name in inside if name[len(scope) + 1 :].startswith(typed))
    head, dot, _last = typed.rpartition(".")
    depth = head.count(".") + 1 if dot else 0
    below = [name for name in names if _extends(typed.split("."), name.split("."))]
    short = len({tuple(name.split(".")[:depth]) for name in below}) == 1
    for name in below:
        yield name, ".".join([head, *name.split(".")[depth:]]) if dot and short else name
    yield from ((name, name) for name in fuzzily(typed, names))


def _extends(typed: list[str], segments: list[str]) -> bool:
    """Whether every typed segment begins the segment in its place; a number must be the whole of it."""
    *whole, last = typed
    if len(segments) < len(typed) or not segments[len(whole)].startswith(last):
        return False
    return all(s == t if t.isdigit() else t == "*" or s.startswith(t) for t, s in zip(whole, segments, strict=False))


def _open_bracket(text: str) -> int | None:
    """The place of a bracket that is not closed yet, if there is one."""
    opened = None
    for match in re.finditer(r'"(?:[^"\\]|\\.)*(?:"|$)|[\[\]]', text):
        opened = match.start() if match[0] == "[" else None if match[0] == "]" else opened
    return opened


_ADDRESS_BEFORE = re.compile(r"(?:@\d{1,9}:)?[A-Za-z_][\w.]*$|(?:@\d{1,9})?#\d{1,9}$")
_INSIDE = re.compile(r'(?P<before>(?:(?:"(?:[^"\\]|\\.)*"|[^",])*,)*)\s*(?P<last>"(?:[^"\\]|\\.)*(?:"#?\d*)?|[^",]*)')
_SELECTED = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^",])*,')


def _selectors(typing: Typing, before: str, inside: str) -> Iterator[Suggestion]:
    """The places on the axis that the last selector within a bracket is for."""
    match, typed = _ADDRESS_BEFORE.search(before.rstrip()), _INSIDE.fullmatch(inside)
    record = _record(typing, match[0]) if match and typed else None
    if record is None or typed is None:
        return
    place, last = len(_SELECTED.findall(typed["before"])), typed["last"]
    if place >= len(record.output.dims):
        return
    axis, size = record.output.dims[place], record.output.shape[place]
    found = (Suggestion(text, len(last), meta) for text, meta in _places(axis, size) if text.startswith(last))
    yield from islice(found, MOST)


def _record(typing: Typing, text: str) -> Record | None:
    address = parse(text)
    within = str(replace(address, step=None))
    for tape in _tapes(typing, address.step):
        with suppress(AddressError):
            return tape.find(within, _scope(typing, tape))
    return None


def _scope(typing: Typing, tape: Tape) -> str:
    """The scope from which addresses of a pass are looked up outwards."""
    return typing.session.here.scope if tape.number == typing.session.cursor.step else ""


def _places(axis: Axis, size: int) -> Iterator[tuple[str, str]]:
    """The selectors for each place of an axis, and what it is: ``h0``, ``"love"#2``, ``3``."""
    if axis.name in ("head", "kv_head"):
        yield from ((f"h{place}", axis.name) for place in range(size))
    elif axis.labels is None:
        yield from ((str(place), axis.name) for place in range(size))
    else:
        seen: dict[str, int] = {}
        for place in range(size):
            label = axis.labels[place]
            seen[label] = seen.get(label, 0) + 1
            yield str(Label(label, seen[label])), f"{axis.name} {place}"
        yield from ((str(place), axis.labels[place]) for place in range(size))


def _vocabulary(typing: Typing, typed: str) -> Iterator[Suggestion]:
    """Tokens of the output vocabulary, after a quote; a leading blank may be left out."""
    model = typing.session.run.model
    pieces = (model.piece(i, "target") for i in range(model.facts.target_vocab if model.target else 0))
    found = (piece for piece in pieces if piece.removeprefix("▁").removeprefix(" ").startswith(unescaped(typed)))
    yield from (Suggestion(str(Label(piece))[1:], len(typed)) for piece in islice(found, MOST if typed else 0))
