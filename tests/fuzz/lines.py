"""Lines for the shell, made from its own grammar: whatever the registry has is written, well or badly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from random import Random

from commands.grammar.blocks import END
from commands.grammar.parameters import Kind
from commands.grammar.parsing import Grammar, grammar
from commands.grammar.suggestions import MOST, Suggestion, Typing
from commands.registry import Command, catalogue
from commands.session import Session
from commands.settings import SETTINGS, Setting
from tracer.debugger.expressions import FUNCTIONS
from tracer.errors import TraceError

from .words import ATOMS, PROGRAMS, changed

OPERATORS = (*("+", "-", "*", "/", "@", "**", "<", ">", "==", "!=", "<=", ">=", "and", "or"),)
NAMED = {"AXIS": ("key", "head", "layer", "feature", "step"), "RUN": ("r0", "r1"), "POSITION": ("-1", "0", "5")}
"""What stands for a word in the usage of a function."""
LONGEST = 4
"""So deep expressions are nested."""


class Lines:
    """Lines for a session, one after the other, as chance has them."""

    def __init__(self, session: Session, files: Sequence[str], chance: Random) -> None:
        self._session = session
        self._files = files
        self._chance = chance

    def line(self) -> str:
        """Another line, perhaps with a block after it."""
        made = self._chance.choices(
            (self._by_grammar, self._example, self._setting, self._noise), weights=(60, 25, 10, 5)
        )[0]()
        return changed(made, self._chance) if self._is(0.25) else made

    def _is(self, likely: float) -> bool:
        return self._chance.random() < likely

    def _by_grammar(self) -> str:
        command = self._chance.choice([*catalogue().values()])
        known = grammar(command)
        parts = [self._called(command), *self._flags(known), *self._mixed(known)]
        line = " ".join(part for part in parts if part) + self._sent()
        return "\n".join([line, *self._block()]) if known.blocks else line

    def _called(self, command: Command) -> str:
        beginning = command.name[: self._chance.randint(1, len(command.name))]
        return self._chance.choice((command.name, command.name, beginning, *command.words))

    def _flags(self, known: Grammar) -> Iterator[str]:
        for flag in known.flags.values():
            if self._is(0.2):
                name, *takes = flag.placeholder.split(" ")
                yield " ".join([f"/{self._meant(name)}", *(self._meant(word) for word in takes)])

    def _mixed(self, known: Grammar) -> list[str]:
        """The arguments, with options somewhere among them."""
        words: list[str] = []
        for place, argument in enumerate(known.arguments):
            if not (argument.optional and self._is(0.5)):
                words.append(self._value(argument.kind, tuple(words) if len(words) == place else None))
        for option in known.options.values():
            if self._is(0.25):
                value = f" {self._meant(option.placeholder)}" if option.placeholder else ""
                words.insert(self._chance.randint(0, len(words)), option.word + value)
        return words

    def _sent(self) -> str:
        """Where what is shown goes: mostly nowhere."""
        kind = self._chance.random()
        if kind < 0.05:
            return f' > "{self._chance.choice(self._files)}"'
        return f" | {self._chance.choice(PROGRAMS)}" if kind < 0.08 else ""

    def _block(self) -> Iterator[str]:
        for _line in range(self._chance.randint(0, 3)):
            yield self._by_grammar()
        if self._is(0.9):
            yield END

    def _value(self, kind: Kind, before: tuple[str, ...] | None) -> str:
        """An argument: as it is suggested after the others, as usage lines name it, or any word at all."""
        way = self._chance.random()
        if way < 0.45 and before is not None and (offered := self._suggested(kind, before)):
            return offered
        return self._meant(kind.placeholder) if way < 0.85 else self._chance.choice(_words())

    def _suggested(self, kind: Kind, before: tuple[str, ...]) -> str:
        """What comes of taking one suggestion after the other."""
        text = ""
        for _time in range(self._chance.randint(1, 8)):
            offered = self._offered(kind, Typing(self._session, text, before))
            if not offered:
                break
            one = self._chance.choice(offered)
            text = text[: len(text) - one.length] + one.text
        return text

    def _offered(self, kind: Kind, typing: Typing) -> list[Suggestion]:
        """What a prompt would offer."""
        try:
            return [*islice(kind.suggestions(typing), MOST)]
        except TraceError:
            return []

    def _meant(self, placeholder: str) -> str:
        """What may stand for a name in a usage line: one of its own words, or what its capitals stand for."""
        words = [word for word in re.split(r"[|…\s\[\]]+", placeholder) if word]
        known = [word for word in words if not word.isupper()]
        if known and self._is(0.6):
            return self._chance.choice(known)
        return " ".join(self._thing() for _word in range(self._chance.choice((1, 1, 1, 2))))

    def _thing(self) -> str:
        made = self._chance.choices(
            (self._number, self._address, self._expression, self._token, self._file, self._atom),
            weights=(25, 25, 20, 15, 5, 10),
        )[0]
        return made()

    def _number(self) -> str:
        return self._chance.choice(("0", "1", "2", "3", "-1", "7", ".5", "1,2", "0,1", ".1,", "1e9", "100", "@1", "@2"))

    def _address(self) -> str:
        where = self._chance.choice(("", "", "", "@1:", "@2:", "@*:", "r0@1:", "grad."))
        return where + self._path() + self._selectors()

    def _path(self) -> str:
        """The name of a record that there is, perhaps shortened, or with stars."""
        parts = self._chance.choice(self._paths()).split(".")
        for i, part in enumerate(parts):
            if self._is(0.15):
                parts[i] = self._chance.choice(("*", "**", part[:3], part[:1]))
        return ".".join(parts[self._chance.choice((0, 0, 0, -1, -2)) :])

    def _paths(self) -> list[str]:
        run = self._session.run
        tape = run.step(self._chance.choice(run.numbers)) if run.numbers else ()
        return [record.address for record in tape] or ["logits", "encoder.output", "decoder.0.self_attn.weights"]

    def _selectors(self) -> str:
        if self._is(0.4):
            return ""
        choices = ("0", "-1", "h0", "h1", ":", "1:", "::2", "::-1", "99", '"爱"', '"a"#2', "h*", "0", "")
        return f"[{', '.join(self._chance.choice(choices) for _axis in range(self._chance.randint(1, 3)))}]"

    def _expression(self, depth: int = 0) -> str:
        if depth == LONGEST or self._is(0.35):
            return self._chance.choice((self._number, self._address, self._token))()
        if self._is(0.5):
            operator = self._chance.choice(OPERATORS)
            return f"{self._expression(depth + 1)} {operator} {self._expression(depth + 1)}"
        if self._is(0.15):
            return f"({self._chance.choice(('-', 'not ', ''))}{self._expression(depth + 1)})"
        return self._call(depth)

    def _call(self, depth: int) -> str:
        name = self._chance.choice([*FUNCTIONS])
        taken = FUNCTIONS[name].taken if self._is(0.7) else "X, X"
        given = [self._taken(word, depth) for word in re.split(r"[\[\], …]+", taken) if word]
        return f"{name}({', '.join(given[: self._chance.randint(1, 3)])})"

    def _taken(self, word: str, depth: int) -> str:
        named = {
            "AXIS": ("key", "head", "layer", "feature", "step"),
            "RUN": ("r0", "r1"),
            "TOKEN": ('"爱"', "5", '"a"'),
        }
        return self._chance.choice(named[word]) if word in named else self._expression(depth + 1)

    def _token(self) -> str:
        pieces = [piece for token in self._session.run.tokens[:20] for piece in [token.piece]] or ["▁love"]
        return self._chance.choice((f'"{self._chance.choice(pieces)}"', "5", '"爱"', '"#2', "我爱你", '"<s>"', "hello"))

    def _file(self) -> str:
        return self._chance.choice(self._files)

    def _atom(self) -> str:
        return self._chance.choice(ATOMS)

    def _example(self) -> str:
        """A line of somebody's help, at times with words of another."""
        words = self._chance.choice(_examples()).split(" ")
        if self._is(0.4):
            words[self._chance.randrange(len(words))] = self._chance.choice(_words())
        return " ".join(words) + self._sent()

    def _setting(self) -> str:
        """A setting, with a value that it may have, or nearly."""
        setting = self._chance.choice([*SETTINGS.values()])
        verb = self._chance.choice(("set", "set", "set", "show"))
        return f"{verb} {setting.name} {self._chance.choice([*self._values(setting)])}"

    def _values(self, setting: Setting) -> Iterable[str]:
        low, high = getattr(setting.domain, "low", 0), getattr(setting.domain, "high", 3)
        ends = (low, high, low - 1, high + 1, (low + min(high, 100)) / 2, self._chance.randint(0, 5))
        return [*setting.offered(self._session), *map(str, ends), self._chance.choice(_words()), self._thing()]

    def _noise(self) -> str:
        return "".join(self._chance.choice(ATOMS) for _piece in range(self._chance.randint(0, 4)))


@cache
def _examples() -> list[str]:
    """Every line that a help has."""
    return [line for command in catalogue().values() for line in command.examples]


@cache
def _words() -> list[str]:
    """Every word of these lines."""
    return sorted({word for line in _examples() for word in line.split()})
