"""The program in another language: what is shown is translated, when it is shown, and stands in its columns."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from rich.cells import cell_len

from commands.registry import catalogue
from tracer import i18n
from tracer.decoding.settings import Settings
from tracer.loading import builtin, find
from tracer.tensor import Statistics

FIXTURES = Path(__file__).parents[1] / "fixtures"

IDENTIFIERS = {*Statistics._fields, *(field.name for field in fields(Settings))}
"""Names that are typed, and stay as they are."""

SESSION = (
    *(
        "help",
        "help all",
        "help addresses",
        "help pipes",
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
    assert "回到上一次停留的位置" in shown[2]
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
    shown = play("help all").splitlines()
    step, apropos = (next(line for line in shown if line.startswith(f"  {name}")) for name in ("step", "apropos"))
    assert cell_len(step.partition("执行")[0]) == cell_len(apropos.partition("列出")[0])
    facts = play("info run").splitlines()[1:]
    assert {cell_len(re.split("  +", line)[0]) + len(re.findall("  +", line)[0]) for line in facts} == {6}


def test_what_was_computed_in_english_is_shown_in_chinese(tx):
    commands = ("token 2", "set lang zh", "why choice.logits[9]", "goto @1", "why choice.logits[9]", "tokens")
    options = [part for line in commands for part in ("-e", line)]
    shown = tx("-m", str(FIXTURES / "gpt2_untied"), "--ids", "-t", "5 7 11", "--batch", *options).stdout
    _english, chinese = shown.split("set lang zh\n")
    assert chinese.count("─ 结束得太早") == 2
    assert re.findall("[a-z]{3,} (?!if )[a-z]{2,} [a-z]{2,}", chinese) == []


def test_breakpoints_set_in_english_are_told_in_chinese(play):
    lines = ("break logits if max(probs) > .5", "watch argmax(probs)", "catch nan", "display max(logits)", "token 2")
    _english, chinese = play(*lines, "set lang zh", "info breakpoints", "info display", "c", "list").split(
        "lang zh\n", 1
    )
    assert re.findall("[a-z]{3,} (?!if )[a-z]{2,} [a-z]{2,}", chinese) == []


def test_a_message_with_values_is_looked_up_when_it_is_shown():
    told = i18n.N_("would repeat {n} tokens in a row").format(n=3)
    assert told == "would repeat 3 tokens in a row"
    i18n.use("zh")
    assert i18n.spoken(told) == "会使连续 3 个词元重复"


@pytest.mark.parametrize("output", ["markdown", "html"])
def test_words_within_formulas_are_translated(play, output):
    i18n.use("zh")
    shown = play("token", "formula dec.0.self.mask", "formula choice.logits", output=output)
    words = re.findall(r"\\text\{([^}]*)\}|<mtext>(.*?)</mtext>", shown)
    assert "否则" in str(words)
    assert not re.search("if|else|visible|allowed", str(words))


def test_formulas_are_the_same_in_every_language_for_programs(objects):
    i18n.use("zh")
    *_, told = objects("token", "formula choice.logits")
    assert told["data"]["latex"] == r"z_{t,i}\text{ if }i\text{ is allowed, else }-\infty"


def test_what_the_system_says_is_translated(tx, tmp_path):
    done = tx("--lang", "zh", "--batch", str(tmp_path / "none"))
    assert done.stderr.endswith("无法读取（没有这个文件或目录）\n")


def test_what_is_wrong_with_a_file_is_translated():
    i18n.use("zh")
    with pytest.raises(UnicodeDecodeError) as broken:
        b"a\xff".decode()
    assert i18n.cause(broken.value) == "位置 1 处的字节 0xff"
    with pytest.raises(json.JSONDecodeError) as cut:
        json.loads("[1,")
    assert i18n.cause(cut.value) == "应为一个值：第 1 行，第 4 列"
    assert i18n.cause(ValueError("that")) == "that"


@pytest.mark.parametrize("name", sorted(builtin()))
@pytest.mark.parametrize("language", i18n.LANGUAGES[1:])
def test_a_model_has_a_card_in_every_language(name, language):
    cards = [(find(name) / card).read_text(encoding="utf-8") for card in ("card.md", f"card.{language}.md")]
    headings, numbers = (
        [re.findall(pattern, card, re.MULTILINE) for card in cards] for pattern in (r"^#+ ", r"\d(?:[\d,.]*\d)?")
    )
    assert headings[0] == headings[1]
    assert sorted(numbers[0]) == sorted(numbers[1])


def test_cards_are_shown_in_the_users_language(tx):
    assert "## 数据" in tx("--lang", "zh", "models", "zh-en-tiny").stdout
    assert "## Data" in tx("--lang", "en", "models", "zh-en-tiny").stdout
    assert "一个小到每个矩阵都能完整显示的" in tx("--lang", "zh", "models").stdout
