"""``mask ADDRESS RULE…``: other keys hidden than the model hides, in a branch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from tracer.addresses import Address, Everywhere, Label, Selector, Span, matching, parse_selectors
from tracer.debugger.debugger import Debugger
from tracer.edits import Edit
from tracer.errors import AddressError, InputError, SelectorError
from tracer.i18n import N_, _, spoken
from tracer.listed import listed
from tracer.mask_rules import Causal, Hide, MaskedBy, Nothing, Rule, Show, Window, leak, leaks
from tracer.operation import Trait
from tracer.run import live
from tracer.tape import Record
from tracer.trace import Trace

from ..grammar.suggestions import Suggestion, Typing, words
from ..results.branches import entered
from ..results.result import Results

RULES = {
    "none": N_("nothing is hidden"),
    "causal": N_("keys after the query"),
    "shift": N_("keys after the query, the border moved by N"),
    "window": N_("keys N or more places before the query"),
    "hide": N_("these keys, from every query"),
    "show": N_("these keys are visible, whatever the rules before say"),
}
"""What each rule hides."""

_WORD = re.compile(r'\s*("(?:[^"\\]|\\.)*"(?:#\d+)?|[^\s,"]+)\s*,?')
_MOST = 4
"""So many queries that see later keys are told one by one."""


def read_rules(text: str) -> tuple[Rule, ...]:
    """Rules in the order in which they were written.

    Raises:
        InputError: a word is no rule, or a rule lacks what it needs.
        AddressError: what is to be hidden does not read.
    """
    words = _WORD.findall(text)
    starts = [n for n, word in enumerate(words) if word in RULES]
    if not words or starts[:1] != [0]:
        told = _("{word!r} is no rule of a mask; rules are none, causal, shift N, window N, hide LABEL…, show LABEL…")
        raise InputError(told.format(word=words[0] if words else text))
    ends = [*starts[1:], len(words)]
    return tuple(_rule(words[a], words[a + 1 : b]) for a, b in zip(starts, ends, strict=True))


def _rule(name: str, arguments: Sequence[str]) -> Rule:
    if name in ("hide", "show"):
        if not arguments:
            raise InputError(_('{rule} needs the keys that are meant, e.g. {rule} "爱"').format(rule=name))
        return (Hide if name == "hide" else Show)(tuple(map(_key, arguments)))
    if name in ("none", "causal"):
        if arguments:
            raise InputError(_("{rule} takes no {text!r}").format(rule=name, text=arguments[0]))
        return Nothing() if name == "none" else Causal()
    least = 1 if name == "window" else -999
    if len(arguments) != 1 or not re.fullmatch(r"[+-]?\d{1,6}", arguments[0]) or int(arguments[0]) < least:
        raise InputError(_("{rule} needs one whole number, e.g. {rule} 1").format(rule=name))
    return Window(int(arguments[0])) if name == "window" else Causal(int(arguments[0]))


def _key(text: str) -> Selector:
    """A token, in quotes or without, a number or a slice."""
    if re.fullmatch(r"-?\d+|-?\d*:-?\d*", text) or text.startswith('"'):
        return parse_selectors(text)[0]
    return Label(text)


def masked(debugger: Debugger, cells: Address | Everywhere, rules: Sequence[Rule]) -> Results:
    """Make a branch in which a mask is one by other rules; raises as `Run.branch` does, and where there is no mask."""
    run = live(debugger.run, "mask").decode()
    address = placed_at(debugger, run, cells, "mask", lambda record: record.has(Trait.MASK))
    _check_keys(run, address, rules)
    branch = run.branch(Edit(address, MaskedBy(rules))).decode()
    yield from entered(debugger, run, branch, list(leaks_in(branch)))


def placed_at(
    debugger: Debugger, run: Trace, cells: Address | Everywhere, name: str, fits: Callable[[Record], bool]
) -> Address:
    """Where records that fit stand: at an address, or by ``name`` below it; every step, unless one is named.

    Raises:
        AddressError: there are none, or several without a ``*``.
        InputError: it lies in another run.
    """
    typed, known = of_current(debugger, cells), records_of(run, cells, fits)
    patterns = [typed.path, f"{typed.path}.{name}", f"{typed.path}.**.{name}"]
    path, found = next(((path, found) for path in patterns if (found := matching(path, known))), ("", []))
    if not found:
        raise AddressError(_("{address} is no {name} of an attention").format(address=typed, name=name))
    if len(found) > 1 and not typed.is_glob:
        raise AddressError(_("{address} is ambiguous: {names}").format(address=typed, names=", ".join(found)))
    return replace(typed, path=path if typed.is_glob else found[0])


def of_current(debugger: Debugger, cells: Address | Everywhere) -> Address:
    """An address of the current run; raises `InputError` where it is of another, or of a hypothesis."""
    typed = cells.address if isinstance(cells, Everywhere) else cells
    if debugger.here.run_of(typed) is not debugger.run or typed.beam is not None:
        told = _("an edit makes a branch of the current run, r{n}; leave out what {address} begins with, or switch")
        raise InputError(told.format(n=debugger.number, address=typed))
    return replace(typed, run=None)


def records_of(run: Trace, cells: Address | Everywhere, fits: Callable[[Record], bool]) -> Iterable[str]:
    """The paths of records that fit, in the step of an address; without one, in the first of each kind."""
    step = None if isinstance(cells, Everywhere) else cells.step
    steps = run.begins.values() if step is None else [step]
    return dict.fromkeys(record.address for n in steps for record in run.step(n) if fits(record))


def _check_keys(run: Trace, address: Address, rules: Sequence[Rule]) -> None:
    """Insist that every key that is named occurs somewhere; raises `SelectorError` where it does not."""
    tapes = [run.step(n) for n in (run.numbers if address.step is None else [address.step])]
    outputs = [
        tape.find(path).output
        for tape in tapes
        for path in matching(address.path, tape.addresses)
        if tape.find(path).has(Trait.MASK)
    ]
    for selector in (selector for rule in rules for selector in rule.selectors):
        failures = []
        for output in outputs:
            try:
                output.locate([Span(None, None), selector])
                break
            except SelectorError as error:
                failures.append(error)
        else:
            raise failures[-1]


def leaks_in(branch: Trace) -> Iterator[str]:
    """Which queries see what comes after them by the last edit, in the attention that lets them see most."""
    last = branch.edits[-1]
    masks = (record for n in branch.numbers for record in branch.step(n) if record.has(Trait.MASK))
    edited = (record for record in masks if any(one.edit is last for one in record.edits))
    found = [(record, queries) for record in edited if (queries := list(leaks(record)))]
    if found:
        record, queries = max(found, key=lambda pair: sum(n for _query, n in pair[1]))
        told = listed((leak(*query) for query in queries), _MOST)
        yield _("LEAK in {address}: {queries}").format(address=record.output.address, queries=told)


def suggested(typing: Typing) -> Iterable[Suggestion]:
    """The rules, and tokens after hide and show."""
    typed = re.search(r"\S*$", typing.text)
    last = replace(typing, text=typed[0] if typed else "")
    yield from words(lambda _debugger: {name: spoken(sentence) for name, sentence in RULES.items()})(last)
    if re.search(r"\b(hide|show)\s[^a-z]*$", typing.text):
        pieces = [*session_pieces(typing.debugger)]
        yield from words(lambda _debugger: dict.fromkeys((str(Label(piece)) for piece in pieces), _("token")))(last)


def session_pieces(debugger: Debugger) -> Iterator[str]:
    """The tokens that are read, on every side."""
    yield from dict.fromkeys(piece for side in debugger.run.pieces.values() for piece in side)
