"""The program in another language: what is shown is translated, when it is shown, and stands in its columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields

import pytest
from rich.cells import cell_len

from commands.registry import catalogue
from tracer import i18n
from tracer.decoding.settings import Settings
from tracer.tensor import Statistics

IDENTIFIERS = {*Statistics._fields, *(field.name for field in fields(Settings))}
"""Names that are typed, and stay as they are."""

SESSION = (
    *(
        "help",
        "help print",
        "help lang",
        "apropos mask",
        "show",
        "step 3",
        "next",
        "list",
        "where",
        "token 2",
        "tokens",
    ),
    *("info run", "info record", "info model", "info tensors dec.*.cross.* by std", "info breakpoints", "verify"),
    *("break logits", "watch argmax(probs)", "info breakpoints", "print dec.0.cross.weights[h0, 0]", "top 3"),
    *("print dec.0.self.mask", "print/r 0,.5 probs", "mask dec.0.self", "heads dec.0.cross", "formula dec.0.cross.q"),
    *("why choice", "why dec.0.ffn.norm[0, 3]", "demo softmax 1 2 -inf -inf", "demo mask 3", "continue"),
)


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    i18n.use("en")


def test_a_language_is_chosen_at_run_time(play):
    shown = play("help back", "set lang zh", "help back", "set lang en", "help back").split("(tx) help back\n")
    assert "Go back to the place" in shown[1]
    assert "回到之前停留的位置" in shown[2]
    assert "Go back to the place" in shown[3]


def test_the_locale_names_the_language(tx, monkeypatch):
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert tx("--batch", "-e", "nonsense").stderr.endswith("nonsense 不是命令；要看它的值：p nonsense\n")
    assert "说明卡" in tx("--help").stdout


@pytest.mark.parametrize("name", catalogue())
def test_examples_stay_as_they_are(name):
    english = catalogue()[name].examples
    i18n.use("zh")
    assert catalogue()[name].examples == english


@pytest.mark.parametrize("line", ["info run", "info record", 'why "爱"', "why dec.0.cross.q.weight[0, 0]"])
def test_names_of_facts_are_translated(play, line):
    i18n.use("zh")
    _motion, told = play("token 2", line).split(f"(tx) {line}\n")
    names = [shown.split("  ")[0] for shown in told.splitlines()]
    assert [name for name in names if re.search("[a-z]", name) and name not in IDENTIFIERS] == []


@pytest.mark.parametrize("width", [60, 80, 100])
def test_nothing_is_wider_than_the_page(tx, width):
    options = [part for line in SESSION for part in ("-e", line)]
    shown = tx("-t", "我爱你", "--batch", "--lang", "zh", "--width", str(width), *options)
    assert shown.returncode == 0, shown.stderr
    assert [line for line in shown.stdout.splitlines() if cell_len(line) > width and not line.startswith("(tx) ")] == []


def test_columns_are_aligned(play):
    i18n.use("zh")
    shown = play("help").splitlines()
    step, apropos = (next(line for line in shown if line.startswith(f"  {name}")) for name in ("step", "apropos"))
    assert cell_len(step.partition("执行")[0]) == cell_len(apropos.partition("列出")[0])
    facts = play("info run").splitlines()[1:]
    assert {cell_len(re.split("  +", line)[0]) + len(re.findall("  +", line)[0]) for line in facts} == {6}
