"""The file of a lesson: read whole, or one sentence about what is wrong, with the line."""

from pathlib import Path

import pytest
from written import doing, lesson

from commands.learning.lesson import Asking, Commands, Doing, Prose
from commands.learning.lesson_file import MOST, LessonError
from commands.learning.lesson_reader import read_lesson
from tracer.errors import InputError

GOOD = """\
---
title: Sample: of everything
model: zh-en-tiny
text: 我爱你
minutes: 5
---

Before the first step,
at length.

```setup
goto enc.0.self.scores
```

## Look {#look}

It says {{ max(scores) | 2 }}.

- an item

```show
where
p scores
```

Print them.

```check
shown scores
at scores
```

```hint
First.
```
```hint
Second.
```

```solution
p scores
```

```wrong reached weights
Too far.
```

After it.

```show
p weights
```

## Guess {#guess}

```predict
answer: argmax(weights[h0, 0])
among: source
```

```hint
Only one.
```

```wrong 3
The last one.
```
```wrong
Another one.
```

## Compute {#compute}

```compute
answer: 1 + 2
within: 0.5
```

```hint
Add.
```

```wrong
No.
```
"""


def line_of(text, marker):
    """The number of the line that a marker stands in."""
    [number] = [number for number, line in enumerate(text.splitlines(), 1) if marker in line]
    return number


@pytest.fixture
def good(write):
    return read_lesson(write(GOOD, "04-sample.md"))


def test_the_head_is_read(good):
    assert (good.title, good.heading) == ("Sample: of everything", "4 · Sample: of everything")
    assert (good.model, good.text, good.target, good.minutes) == ("zh-en-tiny", "我爱你", None, 5)


def test_what_stands_before_the_first_step_is_the_introduction(good):
    prose, setup = good.intro
    assert (prose.text.text, prose.text.line) == ("Before the first step,\nat length.", 8)
    assert (setup.shown, setup.lines[0].text, setup.lines[0].line) == (False, "goto enc.0.self.scores", 12)


def test_steps_are_read_with_their_lines(good):
    assert [(step.id, step.title) for step in good.steps] == [
        ("look", "Look"),
        ("guess", "Guess"),
        ("compute", "Compute"),
    ]
    assert [step.line for step in good.steps] == [line_of(GOOD, f"{{#{step.id}}}") for step in good.steps]


def test_pieces_stand_in_order_on_their_side_of_the_goal(good):
    look = good.steps[0]
    assert [type(piece) for piece in look.before] == [Prose, Commands, Prose]
    assert [type(piece) for piece in look.after] == [Prose, Commands]
    assert look.before[0].text.text == "It says {{ max(scores) | 2 }}.\n\n- an item"
    assert look.before[2].text.line == line_of(GOOD, "Print them.")
    assert look.before[1].shown
    assert [line.text for line in look.before[1].lines] == ["where", "p scores"]
    assert look.after[1].lines[0].line == line_of(GOOD, "p weights")


def test_a_goal_of_checks_is_read(good):
    goal = good.steps[0].goal
    assert isinstance(goal, Doing)
    assert [(check.text, check.line) for check in goal.checks] == [
        ("shown scores", line_of(GOOD, "shown scores")),
        ("at scores", line_of(GOOD, "at scores")),
    ]
    [remark] = goal.remarks
    assert (remark.when.text, remark.text.text) == ("reached weights", "Too far.")


def test_questions_are_read(good):
    guess, compute = (step.goal for step in good.steps[1:])
    assert isinstance(guess, Asking)
    assert (guess.is_guess, guess.among, guess.within) == (True, "source", 0)
    assert [(slip.of.text, slip.text.text) for slip in guess.slips] == [("3", "The last one.")]
    assert guess.otherwise.text == "Another one."
    assert (compute.is_guess, compute.among, compute.within, compute.answer.text) == (False, None, 0.5, "1 + 2")


def test_help_is_read(good):
    look = good.steps[0]
    assert [hint.text for hint in look.hints] == ["First.", "Second."]
    assert [(line.text, line.line) for line in look.commands] == [("p scores", line_of(GOOD, "```solution") + 1)]


def test_a_target_may_be_given(write):
    taught = read_lesson(write(lesson(doing("a", "step == 1", "t"), target="i love you")))
    assert (taught.target, taught.minutes) == ("i love you", None)


@pytest.mark.parametrize(
    "among",
    ["one, two, three", "一，二，三", "甲、乙、丙", "no,yes"],
    ids=["commas", "fullwidth", "enumeration", "bare"],
)
def test_words_to_choose_from(write, among):
    read = read_lesson(write(GOOD.replace("among: source", f"among: {among}")))
    words = among.translate(str.maketrans("，、", ",,")).replace(" ", "").split(",")
    assert read.steps[1].goal.among == tuple((word,) for word in words)


def test_an_option_may_have_several_names(write):
    read = read_lesson(write(GOOD.replace("among: source", "among: 相同|一样 | same, 不同|不一样")))
    assert read.steps[1].goal.among == (("相同", "一样", "same"), ("不同", "不一样"))


@pytest.mark.parametrize(
    "changed",
    [lambda text: "\ufeff" + text, lambda text: text.replace("\n", "\r\n"), lambda text: text.rstrip()],
    ids=["byte order mark", "CRLF", "no newline at the end"],
)
def test_how_it_was_saved_makes_no_difference(tmp_path, good, changed):
    path = tmp_path / "04-sample.md"
    path.write_bytes(changed(GOOD).encode())
    read = read_lesson(path)
    assert [(step.line, list(step.code)) for step in read.steps] == [
        (step.line, list(step.code)) for step in good.steps
    ]
    assert read.steps[2].goal.otherwise == good.steps[2].goal.otherwise


def test_a_comment_is_no_command(write):
    read = read_lesson(write(GOOD.replace("where\n", "# where\n\nwhere\n")))
    assert [line.text for line in read.steps[0].before[1].lines] == ["where", "p scores"]


def test_a_fence_without_a_word_is_text(write):
    read = read_lesson(write(GOOD.replace("Print them.", "```\n## no step\n```")))
    assert read.steps[0].before[2].text.text == "```\n## no step\n```"


def test_only_headings_of_the_second_level_begin_a_step(write):
    read = read_lesson(write(GOOD.replace("Print them.", "### Print them\n\n> ## quoted")))
    assert len(read.steps) == 3


BAD = {
    "no front matter": ("---\ntitle", "title", 1, "a lesson begins with lines between --- and ---"),
    "front matter without end": ("5\n---\n", "5\n", 1, "a lesson begins with lines between --- and ---"),
    "no title": ("title: Sample: of everything\n", "", 1, "the front matter lacks title"),
    "no model": ("model: zh-en-tiny\n", "", 1, "the front matter lacks model"),
    "no text": ("text: 我爱你\n", "", 1, "the front matter lacks text"),
    "empty text": ("text: 我爱你", "text:", "text:", "text: expected one of title, model, text"),
    "unknown key": ("minutes: 5", "hours: 5", "hours: 5", "hours: expected one of title, model, text"),
    "a line without a key": ("minutes: 5", "five", "five", "'five' is no line KEY: VALUE"),
    "minutes": ("minutes: 5", "minutes: -5", "minutes: -5", "minutes: expected a whole number, not '-5'"),
    "minutes without end": ("minutes: 5", f"minutes: {'5' * 5000}", "minutes: 5", "minutes: expected a whole number"),
    "a key twice": ("minutes: 5", "minutes: 5\ntitle: Other", "title: Other", "title stands twice"),
    "a key of a question twice": ("within: 0.5", "within: 0.5\nwithin: 1", "within: 1", "within stands twice"),
    "a block within a list": (
        "- an item\n",
        "- an item\n\n  ```setup\n  goto @1\n  ```\n",
        "  ```setup",
        "a block stands at the margin, not within something else",
    ),
    "a block within a quotation": (
        "- an item\n",
        "> an item\n>\n> ```show\n> goto @1\n> ```\n",
        "> ```show",
        "a block stands at the margin, not within something else",
    ),
    "minutes in words": ("minutes: 5", "minutes: ５", "minutes: ５", "minutes: expected a whole number"),
    "heading without an id": ("## Guess {#guess}", "## Guess", "## Guess", "a step begins with ## Title {#id}, not"),
    "heading without a title": ("## Guess {#guess}", "## {#guess}", "{#guess}", "a step begins with ## Title {#id}"),
    "the same id": ("{#guess}", "{#look}", "## Guess", "there are two steps with the id look"),
    "unknown block": ("```show\nwhere", "```shwo\nwhere", "```shwo", "unknown block shwo; expected one of check"),
    "a goal before the first step": ("```setup", "```check", 11, "check stands before the first step"),
    "no goal": ("```compute", "```show", "{#compute}", "this step has 0 goals; it needs one"),
    "two goals": ("Print them.", "```check\nstep == 1\n```", "{#look}", "this step has 2 goals; it needs one"),
    "no hint": ("```hint\nAdd.\n```", "", "{#compute}", "this step lacks a block hint"),
    "no solution": ("```solution\np scores\n```", "", "{#look}", "this step lacks a block solution"),
    "no wrong": ("```wrong\nNo.\n```", "", "{#compute}", "this step lacks a block wrong"),
    "only slips": ("```wrong\nNo.", "```wrong 5\nNo.", "```compute", "one block wrong speaks of any other answer"),
    "wrong of nothing": ("```wrong reached weights", "```wrong", 44, "wrong names the state that it speaks of"),
    "empty check": ("shown scores\nat scores", "", "```check", "nothing stands in this block check"),
    "a check of comments": ("shown scores\nat scores", "# later", "```check", "nothing stands in this block check"),
    "empty hint": ("First.\n", "", 33, "nothing stands in this block hint"),
    "empty solution": (
        "```solution\np scores\n",
        "```solution\n",
        "```solution",
        "nothing stands in this block solution",
    ),
    "unknown word": ("at scores", "seen scores", "seen scores", "an operator is missing before 'scores'"),
    "no expression": ("at scores", "max(at", "max(at", "column"),
    "no address": ("at scores", "at scores..x", "at scores..x", "'scores..x' is no address"),
    "unknown setting": ("at scores", "setting cahce on", "setting cahce", "cahce is no setting"),
    "value of a setting": ("at scores", "setting cache maybe", "maybe", "cache: 'maybe' is none of on, off"),
    "unknown command": ("at scores", "result verfy", "result verfy", "verfy is no command"),
    "state of a remark": ("wrong reached weights", "wrong reached ..", "wrong reached", "'..' is no address"),
    "slip": ("```wrong 3", "```wrong 3 +", "```wrong 3 +", "a value is missing at the end"),
    "answer": ("answer: 1 + 2", "answer: 1 +", "```compute", "a value is missing at the end"),
    "no answer": ("answer: 1 + 2\n", "", "```compute", "compute needs answer, and either among or within"),
    "neither among nor within": ("within: 0.5\n", "", "```compute", "compute needs answer, and either among or within"),
    "both": ("within: 0.5", "within: 0.5\namong: source", "```compute", "either among or within"),
    "unknown key of a question": ("within: 0.5", "whitin: 0.5", "whitin", "'whitin: 0.5' is none of: answer: E"),
    "within words": ("within: 0.5", "within: near", "```compute", "within: expected a number from 0, not 'near'"),
    "within less than nothing": ("within: 0.5", "within: -1", "```compute", "within: expected a number from 0"),
    "within everything": ("within: 0.5", "within: inf", "```compute", "within: expected a number from 0"),
    "within nan": ("within: 0.5", "within: nan", "```compute", "within: expected a number from 0"),
    "among one word twice": (
        "among: source",
        "among: Yes, no|yes",
        "```predict",
        "or at least two words, not 'Yes, no|yes'",
    ),
    "among a word without a name": ("among: source", "among: yes|, no", "```predict", "or at least two words"),
    "among one word": ("among: source", "among: one", "```predict", "or at least two words, not 'one'"),
    "among nothing": ("among: source", "among: one,,two", "```predict", "or at least two words"),
    "live number": ("max(scores) | 2", "max(scores | 2", "It says", "column"),
    "filter": ("max(scores) | 2", "max(scores) | two", "It says", "two is no way to show a number"),
    "live number without end": ("scores) | 2 }}", "scores) | 2", "It says", "{{ is never closed"),
    "live number in a later line": ("- an item", "- an\n  {{ item( }}", "item(", "column"),
    "live number in a command": (
        "p scores\n```\n\nPrint",
        "p {{ | }}\n```\n\nPrint",
        "p {{ | }}",
        "a value is missing",
    ),
    "live number in a hint": ("First.", "First {{ x y }}", "First {{", "an operator is missing"),
}


@pytest.mark.parametrize(("old", "new", "where", "message"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_one_sentence_with_its_line(write, old, new, where, message):
    assert GOOD.count(old) == 1
    text = GOOD.replace(old, new)
    path = write(text)
    number = where if isinstance(where, int) else line_of(text, where)
    with pytest.raises(LessonError) as caught:
        read_lesson(path)
    told = str(caught.value)
    assert told.startswith(f"{path}:{number}: ")
    assert message in told
    assert "\n" not in told


def test_a_model_of_its_own_lies_where_the_lesson_lies(write):
    for name, place in (("./own", "folder/own"), ("../own", "own"), ("zh-en-tiny", None)):
        path = write(lesson(doing("a", "step == 1", "t"), model=name), "folder/a.md")
        assert read_lesson(path).model == (name if place is None else str(path.parents[1] / place))


def test_no_steps(write):
    path = write(lesson())
    with pytest.raises(LessonError, match=r":1: there is no step; one begins with ## Title \{#id\}"):
        read_lesson(path)


def unreadable(path):
    with pytest.raises(InputError) as caught:
        read_lesson(path)
    return str(caught.value)


def test_what_is_no_file_is_one_sentence(tmp_path):
    assert unreadable(tmp_path / "none.md") == f"{tmp_path}/none.md: can't be read (No such file or directory)"
    assert unreadable(tmp_path) == f"{tmp_path}: can't be read (Is a directory)"
    assert unreadable(Path("/a.md")) == "/a.md: can't be read (No such file or directory)"
    assert unreadable(tmp_path / "a\0b.md").endswith("can't be read (embedded null byte)")


def test_what_is_no_text_is_one_sentence(tmp_path):
    path = tmp_path / "lesson.md"
    path.write_bytes(GOOD.encode() + b"\xff")
    assert unreadable(path) == f"{path}: is not UTF-8 text (byte 0xff in position {len(GOOD.encode())})"
    path.write_bytes(b"x" * (MOST + 1))
    assert unreadable(path) == f"{path}: too long for a lesson"
    assert unreadable(Path("/dev/zero")) == "/dev/zero: too long for a lesson"
    path.write_bytes(b"")
    assert unreadable(path).startswith(f"{path}:1: a lesson begins with")
