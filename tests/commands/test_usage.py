"""What typer says by itself, in the user's language."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from rich.cells import cell_len

from commands.usage import SENTENCES, translated
from tracer import i18n

SUBCOMMANDS = ((), ("models",), ("learn",), ("worksheet",), ("check",), ("survey",), ("train",))
"""The program itself, and what it has below."""

WRONG = (
    ("--foo",),
    ("--wid",),
    ("--width", "5"),
    ("--width", "x"),
    ("--temperature", "x"),
    ("--color", "red"),
    ("--lang", "fr"),
    ("--ids=3",),
    ("-t",),
    ("nosuch",),
    ("chek",),
    ("check",),
    ("check", "a", "b", "c"),
    ("models", "--foo"),
    ("train", "x"),
    ("--resume", "--seed", "3"),
)

NAMES = {"log", "learn", "Transformer", "dropout", "float", "pip", "install", "shell", "auto", "greedy", "text"}
NAMES |= {"logits", "always", "never", "true", "false", "rounded", "simple"}
NAMES |= {"byte", "pieces", "survey", "Dask", "tcp", "tsv", "jsonl", "parquet"}
TYPED = re.compile(
    r"'[^']*'|`[^`]*`|<[^>]*>|[\[{]\S*[A-Z][^]}]*[\]}]|--?[a-z-]+|[\w|]+[./|][\w./|]+|tx-trace( [a-z]+)?"
)
"""Options, commands, placeholders, choices and files."""


@pytest.fixture(autouse=True)
def chinese(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The locale of a Chinese reader."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    i18n.use("zh")
    yield
    i18n.use("en")


def english(text: str) -> set[str]:
    """Words of at least three letters that nobody types."""
    return set(re.findall(r"(?<![A-Za-z])[A-Za-z]?[a-z]{3,}", TYPED.sub("", text))) - NAMES


def described(text: str) -> str:
    """Help without the names that begin its lines."""
    return re.sub(r"^  [-\[\w].*?(?=  |$)", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("subcommand", SUBCOMMANDS, ids=" ".join)
def test_help_is_translated(tx, subcommand):
    shown = tx(*subcommand, "--help").stdout
    assert shown.startswith("用法：tx-trace")
    assert "选项：\n" in shown
    assert english(described(shown)) == set()
    assert max(map(cell_len, shown.splitlines())) <= 80


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_complaints_are_translated(tx, arguments):
    done = tx(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "错误：" in done.stderr
    assert english(done.stderr) == set()


@pytest.mark.parametrize("sentence", SENTENCES)
def test_every_complaint_is_recognised(sentence):
    values = {name: f"'{name}'" for name in re.findall(r"{(\w+)}", sentence)}
    assert translated(str.format(sentence, **values), SENTENCES) == i18n.spoken(sentence.format(**values))


def test_what_is_not_known_stays_as_it_is():
    assert translated("Something {else} went wrong.", SENTENCES) == "Something {else} went wrong."


def test_a_language_that_is_none_leaves_that_of_the_locale(tx):
    assert tx("--lang", "fr").stderr.startswith("用法：")


def test_english_is_as_typer_says_it(tx, monkeypatch):
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    assert tx("nosuch").stderr == (
        "Usage: tx-trace [OPTIONS] COMMAND [ARGS]...\n"
        "Try 'tx-trace --help' for help.\n\n"
        "Error: No such command 'nosuch'.\n"
    )
