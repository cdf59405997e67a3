"""Options alone are read without typer, as typer reads them; what is not read so is left to it."""

from __future__ import annotations

from typing import Any

import pytest

from commands import application
from commands.main import with_batch_value
from commands.options import plainly
from commands.settings import LOOK, RUN

READ = (
    "",
    "-t x",
    "--text x -m zh-en-tiny",
    "--text=x --ids --model=y",
    "--text= --batch",
    "--text=-x",
    "--text=a=b --attention-mask=0",
    "--batch -e step -e token --execute p",
    "--batch - --keep-going --format jsonl -o out",
    "--batch FILE --output=out --adapter a",
    "--resume",
    "-t x -t y",
    "--width 80 --width 90 --color never --accessible",
    "--cache --no-cache",
    "--strategy beam --beams 2 --seed 7 --dtype float64",
    "--target 我 --lang zh --position-ids 1 --segment-ids 0",
)
LEFT = (
    "--help",
    "--version",
    "models",
    "-t x models",
    "-tx",
    "-t=x",
    "-t -x",
    "-t",
    "--tex x",
    "--nosuch x",
    "--ids=1",
    "--width 5",
    "--width 5 --width 90",
    "--color red",
    "--resume -t x",
    "--resume --keep-going",
    "-- x",
)


@pytest.fixture
def by_typer(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What typer hands on of a command line."""

    def read(arguments: list[str]) -> dict[str, Any]:
        seen: list[dict[str, Any]] = []
        monkeypatch.setattr(application, "begin", lambda **given: seen.append(given) or 0)
        with pytest.raises(SystemExit):
            application.run(arguments)
        return seen[0]

    return read


@pytest.mark.parametrize("line", READ)
def test_options_alone_are_read_as_typer_reads_them(by_typer, line):
    arguments = with_batch_value(line.split())
    usual = by_typer([])
    assert {**usual, **(plainly(arguments) or {})} == by_typer(arguments)
    assert plainly(arguments) is not None


@pytest.mark.parametrize("setting", [*LOOK.values(), *RUN.values()], ids=lambda setting: setting.name)
def test_every_setting_is_read_as_typer_reads_it(by_typer, setting):
    word = next(iter(setting.domain.words), "30") if setting.default is not False else ""
    arguments = [f"--{setting.name}", *filter(None, [word])]
    read = plainly(arguments)
    assert read is None or {**by_typer([]), **read} == by_typer(arguments)
    assert read is None or read.keys() == {setting.keyword}


@pytest.mark.parametrize("line", LEFT)
def test_all_else_is_left_to_typer(line):
    assert plainly(with_batch_value(line.split())) is None
