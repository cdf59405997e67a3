"""Texts that nobody thinks of, and texts that are nearly what somebody meant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from tests.signs import SIGNS

ATOMS = (
    *(
        "",
        " ",
        "\t",
        "\0",
        "\x1b[2J",
        SIGNS,
        "\ud800",
        "\udcff",
        "é",
        "爱",
        "…",
        "−",
        "∞",
        "。",
        "＞",
        "\u2028",
        "\u00a0",
    ),
    *('"', "'", "`", "\\", "\\u{", "(", ")", "[", "]", "{", "}", "{0}", "%s", "<b>", "&lt;", "$1", "$", "#", "##", "/"),
    *("*", "**", "@*:", "@0:", "@1:", "@-1:", "@99:", "r0", "r1", "r0@1:", "grad.", "h0", "h*", "->", "|", ">", ">>"),
    *("0", "-1", "1", "2", "3", "0.5", "1e400", "-inf", "nan", "1_000", "٣", "0x10", "1" * 400),
    *("~", "~nosuch", "~/x", "..", "./", "/dev/null", "/dev/full", "/dev/zero", "/nowhere/x"),
    *("[" * 99, "(" * 99, "-" * 99, "**." * 99, "not " * 99),
    *("-d", "-n", "--all", "at", "from", "if", "by", "over", "measure", "not", "end", "off", "on", "auto", "start"),
)
"""Pieces that mean something to somebody."""

LONG = tuple(
    piece * (30_000 // len(piece))
    for piece in ("[", "(", '"', " ", "-", "**.", "not ", "x", "é", "a/", "9", "a,", "1+")
)
"""Pieces that have no end."""

PROGRAMS = ("cat", "true", "false", "head -1", "wc -c", "sort -r", "nosuch", "'", "cat | cat", "")
"""Programs that do no harm, and what is none."""


def _put(text: str, chance: Random) -> str:
    at = chance.randint(0, len(text))
    piece = chance.choice(LONG if chance.random() < 0.02 else ATOMS)
    return text[:at] + piece + text[at:]


def _left_out(text: str, chance: Random) -> str:
    at = chance.randint(0, len(text))
    return text[:at] + text[at + chance.randint(1, 4) :]


def _doubled(text: str, chance: Random) -> str:
    at = chance.randint(0, len(text))
    return text[:at] + text[at:] * chance.choice((2, 2, 3, 50))


def _shuffled(text: str, chance: Random) -> str:
    words = text.split(" ")
    chance.shuffle(words)
    return " ".join(words)


def _one_word_changed(text: str, chance: Random) -> str:
    words = text.split(" ")
    words[chance.randrange(len(words))] = chance.choice(ATOMS)
    return " ".join(words)


def _another_sign(text: str, chance: Random) -> str:
    at = chance.randint(0, len(text))
    return text[:at] + chr(chance.choice((chance.randrange(128), chance.randrange(0x3000)))) + text[at + 1 :]


CHANGES: Sequence[Callable[[str, Random], str]] = (
    _put,
    _put,
    _left_out,
    _doubled,
    _shuffled,
    _one_word_changed,
    _another_sign,
)


def changed(text: str, chance: Random) -> str:
    """A text with one or a few things changed in it."""
    for _time in range(chance.choice((1, 1, 1, 2, 5))):
        text = chance.choice(CHANGES)(text, chance)
    return text
