"""Suggestions from what was recorded: addresses, the selectors of their axes, the tokens of the vocabulary."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice

from tracer.addresses import Address, Label, matching, parse, unescaped
from tracer.debugger.debugger import Debugger
from tracer.debugger.expressions import DISTRIBUTION, FUNCTIONS, VARIABLES, OverAll, earlier, wants_value
from tracer.debugger.locations import performed
from tracer.errors import AddressError
from tracer.i18n import _, ngettext
from tracer.namedtuple import NamedTuple
from tracer.stack import LAYER, PLACE, STEP
from tracer.tape import Record, Tape
from tracer.tensor import Axis, Tensor
from tracer.trace import Trace

from .suggestions import MOST, Suggestion, Typing, fuzzily

CHEAP = 1e9
"""Multiplications in a pass that may be performed unasked, only to know its addresses."""


_RUN = r"(?P<run>r\d{1,9}(?=[@:#]):?)?"
_PATH = rf"{_RUN}(?:@(?P<step>\d{{1,9}}):)?(?P<path>(?:[A-Za-z_*][\w*]*(?:\.(?:\w+|\*+))*\.?)?)$"
_QUOTED = r'"((?:[^"\\]|\\.)*)$'
_EARLIER = r"\$\d*$"
_TAKING_A_TOKEN = rf"\b(?:{'|'.join(DISTRIBUTION)})\(\s*$"
_TAKING_ANOTHER = r'\blogit_diff\(\s*"(?:[^"\\]|\\.)*"\s*,\s*$'
_CALLING = r'"(?:[^"\\]|\\.)*"|\[[^\]]*\]|(?P<name>\w*)\(|(?P<close>\))|(?P<comma>,)'
_WORD = r"\w*$"
_TAKING_A_TEXT = r"\btext\s*[=!]=\s*$"


def locations(typing: Typing) -> Iterator[Suggestion]:
    """Addresses of records in this pass and the next, and selectors within brackets."""
    return _of_address(typing, ahead="")


def addresses(typing: Typing) -> Iterator[Suggestion]:
    """As `locations`; a record of a later pass than the cursor's gets its step."""
    return _of_address(typing, ahead="@1:")


def heads(typing: Typing) -> Iterator[Suggestion]:
    """Modules, as `addresses` has them, and the heads of an attention: ``dec.1.cross.h2``."""
    scope, _dot, last = typing.text.rpartition(".")
    if scope and "[" not in scope and "h*".startswith(last[:1]):
        yield from (Suggestion(name, len(last), _("head")) for name in _heads(typing, scope) if name.startswith(last))
    yield from addresses(typing)


def _heads(typing: Typing, scope: str) -> Iterator[str]:
    """The heads of the attentions that a path stands for, and all of them."""
    with suppress(AddressError):
        address = replace(parse(f"{scope}.heads"), run=None)
        for tape in _tapes(typing, address.step):
            with suppress(AddressError):
                tensor = _first(tape, replace(address, step=None), _scope(typing, tape))
                yield from ("h*", *(f"h{n}" for n in range(tensor.shape[0])))
                return


def operands(typing: Typing) -> Iterator[Suggestion]:
    """As `addresses`, and parameters."""
    return _of_address(typing, ahead="@1:", trained=True)


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
    """What an expression may go on with: addresses and selectors, functions, tokens in quotes, earlier values."""
    text = typing.text
    if (bracket := _open_bracket(text)) is not None:
        return _selectors(typing, text[:bracket], text[bracket + 1 :])
    quote = re.search(_QUOTED, text) if text.count('"') % 2 else None
    if quote:
        return iter(()) if re.search(_TAKING_A_TEXT, text[: quote.start()]) else _vocabulary(typing, quote[1])
    if re.search(_TAKING_A_TOKEN, text) or re.search(_TAKING_ANOTHER, text):
        return iter([Suggestion('"', 0, _("a token"))])
    return _axes(typing) if _takes_an_axis(text) else _values(typing)


def _takes_an_axis(text: str) -> bool:
    """Whether a text ends within a call, after its first value, where names of axes may stand."""
    calls: list[tuple[str, bool]] = []
    for match in re.finditer(_CALLING, text):
        if match["name"] is not None:
            calls.append((match["name"], False))
        elif match["close"] and calls:
            calls.pop()
        elif match["comma"] and calls:
            calls[-1] = calls[-1][0], True
    return bool(calls) and calls[-1][1] and isinstance(FUNCTIONS.get(calls[-1][0]), OverAll)


def _axes(typing: Typing) -> Iterator[Suggestion]:
    """The names of axes that tensors have, and those along which several of them lie."""
    word = re.search(_WORD, typing.text)
    typed = word[0] if word else ""
    dims = (axis for tape in _tapes(typing, None) for record in tape for axis in record.output.dims)
    names = dict.fromkeys([*(axis.name for axis in dims), LAYER, PLACE, STEP])
    return (Suggestion(name, len(typed), _("axis")) for name in names if name.startswith(typed))


def _values(typing: Typing) -> Iterator[Suggestion]:
    """What may stand where a value is wanted."""
    text = typing.text
    if (found := re.search(_EARLIER, text)) and wants_value(text[: found.start()]):
        kept = ((f"${n}", value.text) for n, value in enumerate(typing.debugger.history, 1))
        yield from (Suggestion(name, len(found[0]), asked) for name, asked in kept if name.startswith(found[0]))
        return
    match = re.search(_PATH, text)
    if match is None or not wants_value(text[: match.start()]):
        return
    yield from _addresses(typing, match, "@1:", trained=True)
    if match.start() == match.start("path"):
        runs = {f"r{n}:": _("run") for n in typing.debugger.runs} if len(typing.debugger.runs) > 1 else {}
        notes = {**{f"{name}(": _("function") for name in FUNCTIONS}, **dict.fromkeys(VARIABLES, ""), **runs}
        typed = match["path"]
        yield from (Suggestion(name, len(typed), notes[name]) for name in notes if name.startswith(typed))


def _of_address(typing: Typing, ahead: str, *, trained: bool = False) -> Iterator[Suggestion]:
    """``ahead`` goes before addresses that the cursor's pass has not."""
    bracket = _open_bracket(typing.text)
    if bracket is not None:
        return _selectors(typing, typing.text[:bracket], typing.text[bracket + 1 :])
    match = re.fullmatch(_PATH, typing.text)
    return iter(()) if match is None else _addresses(typing, match, ahead, trained=trained)


def _addresses(typing: Typing, match: re.Match[str], ahead: str, *, trained: bool) -> Iterator[Suggestion]:
    """What a path may go on with, one segment; whole addresses that hold the letters, where none begins so."""
    typed, step = match["path"], None if match["step"] is None else int(match["step"])
    run = typing.debugger.run
    if match["run"]:
        run = typing.debugger.here.run_of(parse(f"{match['run'].rstrip(':')}:x"))
    tapes = list(_tapes(typing, step, run))
    places = [_Place(tape.addresses, tape, _scope(typing, tape), _prefix(typing, tape, step, ahead)) for tape in tapes]
    if trained and tapes and step is None:
        places.append(_Place(run.parameters.names))
    found: dict[str, Suggestion] = {}
    for suggested in (_next, _holding):
        for place in places if not found else ():
            for text, meta in suggested(typed, place):
                found.setdefault(text, Suggestion(place.prefix + text, len(typed), meta))
    yield from islice(found.values(), MOST)


def _prefix(typing: Typing, tape: Tape, step: int | None, ahead: str) -> str:
    return ahead if step is None and tape.number > typing.debugger.cursor.step else ""


class _Place(NamedTuple):
    """Names that may be meant: of the records on a tape or, without one, of parameters; ``prefix`` goes before each."""

    names: Sequence[str]
    tape: Tape | None = None
    scope: str = ""
    prefix: str = ""

    def note(self, name: str) -> str:
        """What a name is."""
        return note(self.tape.find(name)) if self.tape else _("parameter")


def note(record: Record) -> str:
    """``[2,1,4] softmax``: the shape of a record and its operation."""
    return f"[{','.join(map(str, record.output.shape))}] {record.op.name}"


def _tapes(typing: Typing, step: int | None, of: Trace | None = None) -> Iterator[Tape]:
    """The passes that an address may lie in: the one it names, or the cursor's, the encoder's and the first.

    They are ``of`` a run, where that is not the current one.
    """
    run, at = of or typing.debugger.run, typing.debugger.cursor.step
    numbers = [step] if step is not None else list(dict.fromkeys([at, run.first, 1]))
    may_compute = typing.patient or _work(typing.debugger) < CHEAP
    for number in numbers:
        if number in run.numbers or (may_compute and run.first <= number <= 1 and performed(run, number)):
            yield run.step(number)


def _work(debugger: Debugger) -> float:
    numbers = sum(math.prod(parameter.shape) for parameter in debugger.run.parameters.stored.values())
    return numbers * float(len(debugger.run.source) + 1)


def _next(typed: str, place: _Place) -> Iterator[tuple[str, str]]:
    """What the segment that is being typed may become, with a note: a record, or a module with a dot after it.

    Segments before it that were shortened stay so where they can mean one thing only. Below a name that is typed in
    full comes what is below it.
    """
    if typed and "." not in typed and place.scope:
        inside = [name for name in place.names if name.rpartition(".")[0] == place.scope]
        local = ((name, name.rpartition(".")[2]) for name in inside)
        yield from ((last, place.note(name)) for name, last in local if last.startswith(typed))
    head, dot, last = typed.rpartition(".")
    depth = head.count(".") + 1 if dot else 0
    below = [name for name in place.names if _extends(typed.split("."), name.split("."))]
    short = len({tuple(name.split(".")[:depth]) for name in below}) == 1
    for path, names in _by_beginning(below, depth + 1).items():
        whole = [head, *path[depth:]] if dot and short else path
        yield from _level(".".join(whole), names, ".".join(path), place, is_typed=path[depth] == last)


def _by_beginning(names: Sequence[str], depth: int) -> Mapping[tuple[str, ...], list[str]]:
    """Names by their first segments, so many of them."""
    found: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        found.setdefault(tuple(name.split(".")[:depth]), []).append(name)
    return found


def _level(text: str, names: Sequence[str], path: str, place: _Place, *, is_typed: bool) -> Iterator[tuple[str, str]]:
    """A name itself, if it is one, and what goes on from it: the next segment of each, or only that there is more."""
    if path in names:
        yield text, place.note(path)
    deeper = [name for name in names if name != path]
    if deeper and path in names and is_typed:
        yield from ((text + name[len(path) :], place.note(name)) for name in deeper)
    elif deeper and path not in names:
        yield f"{text}.", ngettext("{n} tensor", "{n} tensors", len(names)).format(n=len(names))


def _holding(typed: str, place: _Place) -> Iterator[tuple[str, str]]:
    """Whole names that hold the letters typed, in their order."""
    return ((name, place.note(name)) for name in fuzzily(typed, place.names)) if typed else iter(())


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


_ADDRESS_BEFORE = rf"{_RUN}(?:(?:@\d{{1,9}}:)?[A-Za-z_*][\w.*]*|(?:@\d{{1,9}})?#\d{{1,9}})$|(?P<earlier>\$\$?\d*)$"
_INSIDE = r'(?P<before>(?:(?:"(?:[^"\\]|\\.)*"|[^",])*,)*)\s*(?P<last>"(?:[^"\\]|\\.)*(?:"#?\d*)?|[^",]*)'
_SELECTED = r'(?:"(?:[^"\\]|\\.)*"|[^",])*,'


def _selectors(typing: Typing, before: str, inside: str) -> Iterator[Suggestion]:
    """The places on the axis that the last selector within a bracket is for."""
    match, typed = re.search(_ADDRESS_BEFORE, before.rstrip()), re.fullmatch(_INSIDE, inside)
    tensor = _tensor(typing, match) if match and typed else None
    if tensor is None or typed is None:
        return
    place, last = len(re.findall(_SELECTED, typed["before"])), typed["last"]
    if place >= len(tensor.dims):
        return
    axis, size = tensor.dims[place], tensor.shape[place]
    found = (Suggestion(text, len(last), meta) for text, meta in _places(axis, size) if _begins(text, last))
    yield from islice(found, MOST)


def _begins(text: str, typed: str) -> bool:
    """Whether a selector goes on from what was typed; a label may be typed without its leading blank."""
    return text.startswith(typed) or (typed.startswith('"') and text.replace('"▁', '"', 1).startswith(typed))


def _tensor(typing: Typing, match: re.Match[str]) -> Tensor | None:
    """The tensor, or the first of several, that the text before a bracket stands for, as far as that is known."""
    if match["earlier"]:
        value = typing.debugger.here.history.find(earlier(match[0]))
        return value if isinstance(value, Tensor) else None
    address = parse(match[0])
    within = replace(address, run=None, step=None)
    for tape in _tapes(typing, address.step, typing.debugger.here.run_of(address)):
        with suppress(AddressError):
            return _first(tape, within, _scope(typing, tape))
    with suppress(AddressError):
        return next(iter(typing.debugger.here.parameters(address).values()), None)
    return None


def _first(tape: Tape, address: Address, scope: str) -> Tensor:
    if not address.is_glob:
        return tape.resolve(address, scope).output
    found = matching(address.path, tape.addresses, scope)
    return tape.find(found[0] if found else address.path).output


def _scope(typing: Typing, tape: Tape) -> str:
    """The scope from which addresses of a pass are looked up outwards."""
    return typing.debugger.here.scope if tape.number == typing.debugger.cursor.step else ""


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


def vocabulary(typing: Typing) -> Iterator[Suggestion]:
    """Tokens of the output vocabulary in quotes."""
    quote, typed = typing.text[:1], typing.text[1:]
    return _vocabulary(typing, typed) if quote == '"' else iter([Suggestion('"', 0, _("a token"))][len(typing.text) :])


def _vocabulary(typing: Typing, typed: str) -> Iterator[Suggestion]:
    """Tokens of the output vocabulary, after a quote; a leading blank may be left out."""
    pieces = typing.debugger.run.card.pieces("target")
    found = (piece for piece in pieces if piece.removeprefix("▁").removeprefix(" ").startswith(unescaped(typed)))
    yield from (Suggestion(str(Label(piece))[1:], len(typed)) for piece in islice(found, MOST if typed else 0))
