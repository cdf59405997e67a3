"""What a pickle describes, without running it.

A pickle is a program for a machine with a stack and a memory. Of its opcodes those are known that build containers,
numbers and strings. A name that it asks for is looked up in no module, but stands for itself, and what comes of calling
it is asked of whoever knows. Format: `pickletools` of Python's library describes every opcode.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping
from itertools import chain, islice
from typing import Any, NamedTuple

from ..dataclass import dataclass
from ..errors import InputError
from ..i18n import _
from ..outward import visible

MOST_OPCODES = 1_000_000
"""About thirty make a tensor."""

LONGEST_NAME = 200
"""characters of what a pickle asks for"""

DEEPEST = 64
"""containers in one another"""

MOST_PARTS = 1_000_000
"""of all containers, counted as often as they stand in another"""

BYTES_OF_INTEGER = 9
STOP = ord(".")

CONSTANTS: Mapping[bytes, Callable[[], Any]] = {
    b"N": lambda: None,
    b"\x88": lambda: True,
    b"\x89": lambda: False,
    b")": tuple,
    b"]": list,
    b"}": dict,
}
BYTE, WORD, LONG, SIGNED, QUAD, REAL = map(struct.Struct, ("<B", "<H", "<I", "<i", "<Q", ">d"))
NUMBERS = {b"K": BYTE, b"M": WORD, b"J": SIGNED, b"G": REAL}
TEXTS = {b"\x8c": BYTE, b"X": LONG, b"\x8d": QUAD}
BYTES = {b"C": BYTE, b"B": LONG, b"\x8e": QUAD}
TUPLES = {b"\x85": 1, b"\x86": 2, b"\x87": 3}
PUTS = {b"q": BYTE, b"r": LONG}
GETS = {b"h": BYTE, b"j": LONG}


@dataclass(frozen=True)
class Global:
    """What a pickle asks for by name."""

    name: str


class Passive(dict[Any, Any]):
    """An object of a class that is not opened, as what it holds by name."""


class Meaning(NamedTuple):
    """Why a name is refused, if it is, what comes of it when it is ``called``, and what an ``outer`` id stands for."""

    refused: Callable[[str], str | None]
    called: Callable[[str, tuple[Any, ...]], Any]
    outer: Callable[[Any], Any]
    error: Callable[[str], InputError]


def described(data: bytes | bytearray, meaning: Meaning) -> Any:
    """What a pickle describes: dictionaries, lists and tuples of numbers, strings and whatever is called.

    Raises:
        InputError: it asks for what is not known, is cut short or broken, or describes what has no end.
    """
    found = _Machine(data, meaning).result()
    _check_bounded(found, meaning.error)
    return found


class _Machine:
    """The state of such a program; ``_below`` are the stacks under each mark."""

    def __init__(self, data: bytes | bytearray, meaning: Meaning) -> None:
        self._data, self._at, self._meaning = data, 0, meaning
        self._stack: list[Any] = []
        self._below: list[list[Any]] = []
        self._memory: dict[int, Any] = {}

    def result(self) -> Any:
        for _step in range(MOST_OPCODES):
            opcode = self._bytes(1)[0]
            if opcode == STOP:
                return self._pop()
            if (act := ACTIONS.get(opcode)) is None:
                told = _("its pickle has opcode {opcode:#04x}, which is not opened")
                raise self._meaning.error(told.format(opcode=opcode))
            act(self)
        raise self._meaning.error(_("its pickle has more than {n} opcodes").format(n=MOST_OPCODES))

    def _bytes(self, count: int) -> bytes | bytearray:
        data = self._data[self._at : self._at + count]
        if len(data) < count:
            raise self._meaning.error(_("its pickle is cut short"))
        self._at += count
        return data

    def _number(self, kind: struct.Struct) -> Any:
        return kind.unpack(self._bytes(kind.size))[0]

    def _push(self, make: Callable[[], Any]) -> None:
        self._stack.append(make())

    def _push_number(self, kind: struct.Struct) -> None:
        self._stack.append(self._number(kind))

    def _push_text(self, kind: struct.Struct) -> None:
        self._stack.append(self._bytes(self._number(kind)).decode("utf-8", "replace"))

    def _push_bytes(self, kind: struct.Struct) -> None:
        self._stack.append(bytes(self._bytes(self._number(kind))))

    def _push_tuple(self, count: int) -> None:
        if len(self._stack) < count:
            raise self._broken()
        self._stack[-count:] = [tuple(self._stack[-count:])]

    def _put(self, kind: struct.Struct) -> None:
        self._memory[self._number(kind)] = self._top()

    def _line(self) -> str:
        stop = self._data.find(b"\n", self._at, self._at + LONGEST_NAME)
        if stop < 0:
            raise self._broken()
        line = self._bytes(stop - self._at).decode("utf-8", "replace")
        self._at += 1
        return line

    def _top(self) -> Any:
        if not self._stack:
            raise self._broken()
        return self._stack[-1]

    def _pop(self) -> Any:
        top = self._top()
        self._stack.pop()
        return top

    def _get(self, kind: struct.Struct) -> None:
        place = self._number(kind)
        if place not in self._memory:
            raise self._broken()
        self._stack.append(self._memory[place])

    def _marked(self) -> list[Any]:
        """What stands above the last mark, which goes away."""
        if not self._below:
            raise self._broken()
        items, self._stack = self._stack, self._below.pop()
        return items

    def _mark(self) -> None:
        self._below.append(self._stack)
        self._stack = []

    def _integer(self) -> None:
        length = self._number(BYTE)
        if length > BYTES_OF_INTEGER:
            raise self._meaning.error(_("its pickle has an integer of {n} bytes").format(n=length))
        self._stack.append(int.from_bytes(self._bytes(length), "little", signed=True))

    def _memoize(self) -> None:
        self._memory[len(self._memory)] = self._top()

    def _tuple(self) -> None:
        items = tuple(self._marked())
        self._stack.append(items)

    def _extend(self, items: list[Any]) -> None:
        container = self._top()
        if not isinstance(container, list):
            raise self._broken()
        container.extend(items)

    def _set(self, items: list[Any]) -> None:
        container = self._top()
        if not isinstance(container, dict) or len(items) % 2:
            raise self._broken()
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, str | int | float | None):
                raise self._broken()
            container[key] = value

    def _ask(self, module: Any, name: Any) -> None:
        if not (isinstance(module, str) and isinstance(name, str)) or len(module) + len(name) > LONGEST_NAME:
            raise self._broken()
        asked = f"{module}.{name}"
        if (why := self._meaning.refused(asked)) is not None:
            raise self._meaning.error(why.format(name=visible(asked)))
        self._stack.append(Global(asked))

    def _call(self) -> None:
        arguments, called = self._pop(), self._pop()
        if not isinstance(called, Global) or not isinstance(arguments, tuple):
            raise self._broken()
        self._stack.append(self._meaning.called(called.name, arguments))

    def _build(self) -> None:
        """Attributes, which dictionaries have beside their items, are of interest where there is nothing else."""
        state, built = self._pop(), self._top()
        if not isinstance(built, dict):
            raise self._broken()
        if isinstance(built, Passive) and isinstance(state, dict):
            for name, value in state.items():
                built.setdefault(name, value)

    def _pop_two(self) -> list[Any]:
        last = self._pop()
        return [self._pop(), last]

    def _broken(self) -> InputError:
        return self._meaning.error(_("its pickle is broken"))


Action = Callable[[_Machine], None]


def _each(kinds: Mapping[bytes, Any], act: Callable[[_Machine, Any], None]) -> Mapping[bytes, Action]:
    """What opcodes do that differ in one thing alone, as in the length of a number."""
    return {opcode: lambda machine, kind=kind: act(machine, kind) for opcode, kind in kinds.items()}  # type: ignore[misc]


OPCODES: Mapping[bytes, Action] = {
    b"\x80": lambda machine: machine._number(BYTE),
    b"\x95": lambda machine: machine._number(QUAD),
    b"(": _Machine._mark,
    b"\x8a": _Machine._integer,
    b"\x94": _Machine._memoize,
    b"t": _Machine._tuple,
    b"a": lambda machine: machine._extend([machine._pop()]),
    b"e": lambda machine: machine._extend(machine._marked()),
    b"s": lambda machine: machine._set(machine._pop_two()),
    b"u": lambda machine: machine._set(machine._marked()),
    b"c": lambda machine: machine._ask(machine._line(), machine._line()),
    b"\x93": lambda machine: machine._ask(*machine._pop_two()),
    b"R": _Machine._call,
    b"\x81": _Machine._call,
    b"b": _Machine._build,
    b"Q": lambda machine: machine._stack.append(machine._meaning.outer(machine._pop())),
    **_each(CONSTANTS, _Machine._push),
    **_each(NUMBERS, _Machine._push_number),
    **_each(TEXTS, _Machine._push_text),
    **_each(BYTES, _Machine._push_bytes),
    **_each(TUPLES, _Machine._push_tuple),
    **_each(PUTS, _Machine._put),
    **_each(GETS, _Machine._get),
}
ACTIONS = {opcode[0]: act for opcode, act in OPCODES.items()}
"""What each opcode that is known does."""


def _check_bounded(found: Any, error: Callable[[str], InputError]) -> None:
    """Insist that containers hold neither themselves, nor each other so often that there is no end of it."""
    layer, left = [found], MOST_PARTS
    for _depth in range(DEEPEST):
        layer = list(islice(chain.from_iterable(map(_parts, layer)), left + 1))
        left -= len(layer)
        if left < 0:
            break
        if not layer:
            return
    raise error(_("holds containers that are nested too deep, hold themselves, or are too many"))


def _parts(found: Any) -> Iterable[Any]:
    if isinstance(found, dict):
        return found.values()
    return found if isinstance(found, list | tuple) else ()
