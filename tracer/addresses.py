"""Addresses: ``[rN][@STEP:]path[selectors]``, as text and as a value, and what a shortened path stands for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import takewhile
from operator import itemgetter

from .dataclass import dataclass
from .errors import AddressError
from .i18n import _
from .listed import listed
from .namedtuple import NamedTuple
from .slips import distance, slips

GRADIENT, VIA = "grad.", ".via."
"""Stands before the path of what something is the gradient of, and before that of what it comes back from."""

_BLANKS, _LONGER = " ▁", 3
"""What pieces begin with, and by how many letters one may be longer than what was typed for it."""
_BACKSLASH = re.compile(r"\\(?!x[0-9a-f]{2})")
_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\r": "\r", '\\"': '"', "\\\\": "\\"}
_ESCAPE = re.compile(r"\\(?:[ntr\"\\]|u(?!d[89a-f])[0-9a-f]{4}|U00(?:0[0-9a-f]|10)[0-9a-f]{4})")


def doubled(text: str) -> str:
    r"""A text with its backslashes doubled, save those of a byte: ``\xe4`` is how the piece of one is shown."""
    return _BACKSLASH.sub(r"\\\\", text)


def escaped(text: str) -> str:
    r"""A text as it stands between double quotes: ``\n`` for a line break, ``\\`` for a backslash."""
    text = doubled(text).replace('"', '\\"')
    return text.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")


def unescaped(text: str) -> str:
    """What stands between double quotes as text; the inverse of `escaped`."""
    return _ESCAPE.sub(lambda match: _ESCAPES.get(match[0]) or chr(int(match[0][2:], 16)), text)


class Index(NamedTuple):
    """One place on an axis, negative from the end; ``head`` where it was written ``h1``."""

    value: int
    head: bool = False

    def __str__(self) -> str:
        return f"{'h' if self.head else ''}{self.value}"


class Span(NamedTuple):
    """A slice of an axis."""

    start: int | None = None
    stop: int | None = None
    step: int | None = None

    def __str__(self) -> str:
        text = f"{'' if self.start is None else self.start}:{'' if self.stop is None else self.stop}"
        return text if self.step is None else f"{text}:{self.step}"


class Label(NamedTuple):
    """The place of a token, by its piece; ``occurrence`` counts from 1."""

    text: str
    occurrence: int = 1

    def __str__(self) -> str:
        written = f'"{escaped(self.text)}"'
        return written if self.occurrence == 1 else f"{written}#{self.occurrence}"


Selector = Index | Span | Label


class At(NamedTuple):
    """Which pass an address lies in: ``@n`` is that of a step, ``@n.b`` that of hypothesis b, of n tokens."""

    number: int
    beam: int | None = None

    def __str__(self) -> str:
        return f"@{self.number}" if self.beam is None else f"@{self.number}.{self.beam}"


def written(path: str, at: At | None = None, index: Iterable[object] = ()) -> str:
    """A path as people read it, ``@1:logits[0,3]``: after the pass it lies in, and with the cell that is meant."""
    cell = ",".join(map(str, index))
    return (path if at is None else f"{at}:{path}") + (f"[{cell}]" if cell else "")


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed address. ``step`` is None for the cursor's step; ``record`` is the k of ``#k``, counted from 1.

    ``beam`` is the b of ``@n.b``: hypothesis b, of n tokens, of a beam search. ``run`` is the n of ``rn``, counted from
    0; None for the current one.
    """

    path: str = ""
    step: int | None = None
    record: int | None = None
    selectors: tuple[Selector, ...] = ()
    beam: int | None = None
    run: int | None = None

    @classmethod
    def of(cls, path: str, at: At | None = None, index: Iterable[int] = ()) -> Address:
        """The whole address of what was recorded in a pass, or of a parameter, or of a cell of one."""
        number, beam = (None, None) if at is None else at
        return cls(path, number, None, tuple(map(Index, index)), beam)

    @property
    def at(self) -> At | None:
        """The pass that it names, None where that is the cursor's."""
        return None if self.step is None else At(self.step, self.beam)

    @property
    def is_glob(self) -> bool:
        """Whether the path may stand for several records."""
        return "*" in self.path.split(".") or "**" in self.path.split(".")

    def __str__(self) -> str:
        where = f"#{self.record}" if self.record is not None else self.path
        at = str(self.at or "")
        at = at if self.run is None else f"r{self.run}{at}"
        joint = ":" if at and where and self.record is None else ""
        return f"{at}{joint}{where}" + (f"[{', '.join(map(str, self.selectors))}]" if self.selectors else "")


class Everywhere(NamedTuple):
    """``[rN]@*:path[selectors]``: an address in every step; with an empty path, all of every step."""

    address: Address

    def __str__(self) -> str:
        run = "" if self.address.run is None else f"r{self.address.run}"
        return f"{run}@*:{replace(self.address, run=None)}".removesuffix(":")


_SEGMENT = r"(?:[A-Za-z_][A-Za-z0-9_]*|\d+|\*\*|\*)"
PATH = rf"{_SEGMENT}(?:\.{_SEGMENT})*"
RUN = r"r(?P<run>\d{1,9})(?:(?=@[\d*]|\#)|:(?=[\w*]))"
"""A run before the rest of an address."""
_ADDRESS = re.compile(
    rf"""\s*(?:{RUN})?
      (?:@(?P<step>\d{{1,9}})(?:\.(?P<beam>\d{{1,4}}))?(?::(?=[\w*])|(?=\#|\s*$)))?
      (?:\#(?P<record>\d{{1,9}})|(?P<path>{PATH}))?
    \s*(?:\[(?P<selectors>.*)\])?\s*""",
    re.VERBOSE | re.DOTALL,
)
_NUMBERS = ("step", "record", "beam", "run")
_SELECTOR = re.compile(
    r"""\s*(?:
      "(?P<label>(?:[^"\\]|\\.)*)"(?:\#(?P<occurrence>[1-9]\d{0,8}))?
    | (?P<start>-?\d{1,18})?\s*:\s*(?P<stop>-?\d{1,18})?(?:\s*:\s*(?P<step>-?\d{1,18})?)?
    | (?P<head>h)?(?P<index>-?\d{1,18})
    )\s*(?P<end>,|$)""",
    re.VERBOSE | re.DOTALL,
)


@lru_cache(maxsize=512)
def parse(text: str) -> Address:
    """An address from its text; the inverse of `str`.

    Raises:
        AddressError: the text is no address, or a selector in it does not parse.
    """
    match = _ADDRESS.fullmatch(text)
    named = match and (match["path"] or match["record"] or (match["step"] and match["selectors"] is None))
    if not match or not named:
        raise AddressError(
            _(
                "{text!r} is no address; expected [rN][@STEP:]path[selectors], e.g. @3:decoder.0.cross_attn.weights[h1]"
            ).format(text=text)
        )
    step, record, beam, run = (None if (n := match[name]) is None else int(n) for name in _NUMBERS)
    return Address(match["path"] or "", step, record, parse_selectors(match["selectors"] or ""), beam, run)


def parse_anywhere(text: str) -> Address | Everywhere:
    """An address, or one in every step after ``@*``; raises as `parse` does."""
    match = re.fullmatch(rf"\s*(?:{RUN})?@\*(?::(?P<rest>.+))?\s*", text, re.DOTALL)
    if match is None:
        return parse(text)
    address = parse(match["rest"]) if match["rest"] else Address()
    if address.step is not None or address.record is not None or address.run is not None:
        raise AddressError(_("{text} names a step, and @* is every step; write one of them").format(text=text.strip()))
    return Everywhere(address if match["run"] is None else replace(address, run=int(match["run"])))


def parse_selectors(text: str) -> tuple[Selector, ...]:
    """The selectors between brackets, e.g. ``h1, "love"#2, 0:3``; raises as `parse` does."""
    selectors: list[Selector] = []
    at = 0
    while text[at:].strip() or (at and text[at - 1] == ","):
        match = _SELECTOR.match(text, at)
        if not match:
            raise AddressError(
                _("selector {text!r} does not parse; expected a number, a slice a:b, h1 or a label in quotes").format(
                    text=text[at:].strip()
                )
            )
        selectors.append(_selector(match))
        at = match.end()
    return tuple(selectors)


def _selector(match: re.Match[str]) -> Selector:
    if match["label"] is not None:
        return Label(unescaped(match["label"]), int(match["occurrence"] or 1))
    if match["index"] is not None:
        return Index(int(match["index"]), match["head"] is not None)
    start, stop, step = (None if (n := match[name]) is None else int(n) for name in ("start", "stop", "step"))
    if step == 0:
        raise AddressError(_("a slice can't advance by 0"))
    return Span(start, stop, step)


def matching(path: str, names: Iterable[str], scope: str = "") -> list[str]:
    """The names that a shortened or globbed path stands for, in the order of ``names``.

    A segment may be shortened, and an exact segment beats a prefix; ``*`` is any one segment, ``**`` any number.
    A path that matches nothing from the top is looked up outwards from ``scope``. Gradients are matched by paths that
    begin as theirs do, and ``grad.`` before a whole name is of that record alone.
    """
    return list(_matched(path, tuple(names), scope))


@lru_cache(maxsize=256)
def _matched(path: str, every: tuple[str, ...], scope: str) -> Sequence[str]:
    """Passes of a kind have the same names, and what is asked of many of them asks the same of each."""
    names = _meant(path, every)
    candidates = _narrowed(path.split("."), names)
    inner = scope.split(".") if scope else []
    while not candidates and inner:
        inside = ".".join(inner) + "."
        found = _narrowed(path.split("."), [name[len(inside) :] for name in names if name.startswith(inside)])
        candidates = [inside + name for name in found]
        inner.pop()
    return candidates


def _meant(path: str, names: Iterable[str]) -> list[str]:
    """The names without those of gradients, where a path with globs asks for none; none where there is no such one."""
    names = list(names)
    if "*" in path and not GRADIENT.startswith(path.partition(".")[0] or "*"):
        return [name for name in names if not name.startswith(GRADIENT)]
    is_of_none = path.startswith(GRADIENT) and path not in names and path.removeprefix(GRADIENT) in names
    return [] if is_of_none else names


def resolve(path: str, names: Sequence[str], scope: str = "") -> str:
    """The one name that a shortened path stands for, looked up outwards from ``scope`` if need be.

    Raises:
        AddressError: it stands for none (the nearest is suggested) or for several (they are listed).
    """
    inner = scope.split(".") if scope else []
    outermost = [GRADIENT.removesuffix(".")] if path in names else []
    while inner and inner != outermost:
        if (local := f"{'.'.join(inner)}.{path}") in names:
            return local
        inner.pop()
    found = [path] if path in names else matching(path, names, scope)
    if len(found) == 1:
        return found[0]
    if found:
        raise AddressError(_("{path} is ambiguous: {names}").format(path=path, names=listed(found, 6)))
    raise UnknownAddressError(path, _nearest_first(names, scope.split(".")))


def _nearest_first(names: Sequence[str], scope: Sequence[str]) -> list[str]:
    """Names in the order of how many of the modules of a scope hold them; the later ones before others."""

    def shared(place: int) -> tuple[int, int]:
        pairs = zip(scope, names[place].split("."), strict=False)
        return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs))), place

    return [names[place] for place in sorted(range(len(names)), key=shared, reverse=True)]


class UnknownAddressError(AddressError):
    """Nothing is recorded at a path; ``known`` are the names that might have been meant, of equals the likeliest first.

    ``written`` is how the nearest is written, where that is not its name.
    """

    def __init__(self, path: str, known: Sequence[str], written: Callable[[str], str] = str) -> None:
        self.path, self.known = path, known
        super().__init__(_without_gradient(path, known) or _unknown(path, known, written))


def _unknown(path: str, known: Sequence[str], written: Callable[[str], str]) -> str:
    nearest = suggestion(path, known)
    hint = _("; did you mean {nearest}?").format(nearest=written(nearest)) if nearest else ""
    return _("nothing is recorded at {path}{hint}").format(path=path, hint=hint)


def _without_gradient(path: str, known: Sequence[str]) -> str:
    """Why there is no such gradient, where it is not for a slip."""
    of = path.removeprefix(GRADIENT)
    if of == path:
        return ""
    if not any(name.startswith(GRADIENT) for name in known):
        return _("no gradients are recorded in this step; backward E records them, e.g. backward sum(loss)")
    if of not in known:
        return ""
    return _("no gradient comes to {path}: the expression does not change with it").format(path=of)


def suggestion(text: str, known: Iterable[str]) -> str | None:
    """The known name nearest to a mistyped one: with the fewest `slips`, then the least added; None if none is near."""
    return _nearest(text, tuple(known))


@lru_cache(maxsize=256)
def _nearest(text: str, known: tuple[str, ...]) -> str | None:
    """A display without a value asks the same at every stop."""
    near = [(n, distance(text, name), name) for name in known if (n := slips(text, name)) is not None]
    return min(near, key=itemgetter(0, 1))[-1] if near else None


def near_piece(text: str, pieces: Sequence[str]) -> str | None:
    """The piece nearest to a mistyped one, as `suggestion` finds it, whatever blank they begin with.

    Of many thousands, only those are looked at that are about as long and share one of their first two letters.
    """
    typed = text.lstrip(_BLANKS)
    first, most = {*typed[:2].lower()}, len(typed) + _LONGER
    known: dict[str, str] = {}
    for piece in pieces:
        bare = piece.lstrip(_BLANKS)
        if len(bare) <= most and not first.isdisjoint(bare[:2].lower()):
            known.setdefault(bare, piece)
    nearest = suggestion(typed, known)
    return None if nearest is None else known[nearest]


def _narrowed(pattern: list[str], names: list[str]) -> list[str]:
    pattern = [
        segment for segment, before in zip(pattern, [None, *pattern], strict=False) if not segment == before == "**"
    ]
    found = [name for name in names if _ranks(pattern, name.split(".")) is not None]
    ranks = [_ranks(pattern, name.split(".")) for name in found]
    if len(found) < 2 or any(segment.startswith("*") for segment in pattern):
        return found
    best = min(rank for rank in ranks if rank is not None)
    return [name for name, rank in zip(found, ranks, strict=True) if rank == best]


def _ranks(pattern: list[str], segments: list[str]) -> tuple[int, ...] | None:
    """How each segment of a pattern fits: 0 exactly, 1 as a prefix; None where it does not."""
    if not pattern:
        return None if segments else ()
    head, rest = pattern[0], pattern[1:]
    if head == "**":
        fits = (_ranks(rest, segments[i:]) for i in range(len(segments) + 1))
        return next((fit for fit in fits if fit is not None), None)
    if not segments or not (head == "*" or segments[0].startswith(head)) or (head.isdigit() and head != segments[0]):
        return None
    below = _ranks(rest, segments[1:])
    return None if below is None else (int(head not in ("*", segments[0])), *below)
