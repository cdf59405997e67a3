"""The coach, on small lessons."""

from contextlib import suppress
from io import StringIO

import pytest
from written import WEIGHTS, asking, at_scores, block, doing, guess, lesson, step, sum_up

from commands.learning.coach import Coach
from commands.learning.course import in_language
from commands.learning.lesson_file import LessonError
from commands.learning.lesson_reader import read_lesson
from commands.learning.player import begin
from commands.learning.progress import Marks
from commands.output.present import Look, TextPresenter
from tracer import i18n
from tracer.errors import TraceError


def test_what_stands_before_and_after_is_shown_in_order(teach):
    text = lesson(
        doing(
            "look",
            "shown scores",
            "p scores",
            "After it.",
            block("show", "where"),
            "The end of it.",
            before="\n".join(["First.", block("setup", "goto enc.0.self.scores"), "Then.", block("show", "tokens")]),
        ),
        intro="About.",
        minutes=5,
    )
    taught = teach(text)
    said = taught.open()
    parts = ["Sample · 5 minutes", "About.", "0/1", "Step look", "First.", "Then.", "(tx) tokens", "source 0 我"]
    assert [part for part in parts if part in said] == parts
    assert sorted(parts, key=said.index) == parts
    assert "goto" not in said
    said = taught.do("p scores")
    parts = ["encoder.0.self_attn.scores", "Done.", "After it.", "(tx) where", "The end of it.", "1/1", "finished"]
    assert sorted(parts, key=said.index) == parts


@pytest.mark.parametrize("way", [["goto enc.0.self.scores"], ["s 7"], ["b op:scores", "t", "goto @0:7"]])
def test_any_way_to_the_goal_counts(teach, way):
    taught = teach(lesson(at_scores()))
    taught.open()
    said = taught.do(*[line for line in way if "@0:7" not in line])
    assert taught.coach.is_passed, said


def test_the_way_of_the_solution_is_told_where_another_was_taken(teach):
    for way, told in (("s 7", True), ("goto enc.0.self.scores", False)):
        taught = teach(lesson(at_scores()))
        taught.open()
        assert ("One way: `goto enc.0.self.scores`" in taught.do(way)) is told


def test_live_numbers_are_those_of_the_model(teach, model):
    values = model_weights(model)
    prose = f"{{{{ max({WEIGHTS}[h0]) }}}}, {{{{ max({WEIGHTS}) | 5 }}}}, {{{{ argmax({WEIGHTS}[h0, 0]) | source }}}}."
    said = teach(lesson(guess(before=prose))).open()
    assert f"{values[0].max():.3f}, {values.max():.5f}, 我." in said


def model_weights(model):
    from tracer.run import Run

    ids, _unknown = model.source_ids("我爱你")
    return Run(model, ids).step(1)["decoder.0.cross_attn.weights"].array


def test_live_numbers_in_commands_and_hints(teach):
    text = lesson(
        step("a", block("check", "step == 2"), block("solution", "goto @{{ 1 + 1 }}"), block("hint", "{{ 3 > 2 }}!"))
    )
    taught = teach(text)
    taught.open()
    assert taught.coach.attempt.solution() == ["goto @2"]
    taught.coach.hint()
    assert taught.heard() == "yes!"


def test_a_live_number_that_is_not_there_is_told_with_its_line(teach):
    text = lesson(doing("a", "step == 1", "t", before="One line,\nand {{ bogus }} in the next."))
    taught = teach(text)
    with pytest.raises(LessonError) as caught:
        taught.open()
    [line] = [number for number, line in enumerate(text.splitlines(), 1) if "bogus" in line]
    assert f"sample.md:{line}: " in str(caught.value)


def test_a_guess_is_taken_once_and_counted(teach):
    taught = teach(lesson(guess(), guess("again"), at_scores()))
    taught.open()
    said = taught.answer("你")
    assert said.startswith("Not this time. Not so.")
    assert "Right." not in said
    assert "Right." in taught.answer("我")
    assert taught.coach.marks.predictions == {"guess": False, "again": True}
    said = taught.solve()
    assert "predicted right: 1 of 2" in said
    assert "Step guess: missed • Step again: right" in said


def test_the_first_guess_counts(teach):
    taught = teach(lesson(guess(), at_scores()))
    taught.open()
    taught.answer("爱")
    taught.coach.back()
    assert "Right." in taught.answer("我")
    assert taught.coach.marks.predictions == {"guess": False}


def test_what_is_computed_is_asked_for_until_it_is_right(teach):
    taught = teach(lesson(sum_up(more=[block("wrong 1 * 2", "That is the product.")])))
    taught.open()
    assert taught.answer("2") == "That is the product."
    assert taught.answer("4") == "Not so."
    assert taught.coach.place == 0
    assert taught.answer("1 + 2.1").startswith("Right. `1 + 2.1` = 3.1000")
    assert taught.coach.is_passed
    assert taught.coach.marks.predictions == {}


def test_a_slip_is_named_only_where_no_other_comes_to_the_same(teach):
    slips = [
        block("wrong 1 * 2", "That is the product."),
        block("wrong 2 / 1", "That is the quotient."),
        block("wrong 5", "Five."),
    ]
    taught = teach(lesson(sum_up(more=slips)))
    taught.open()
    assert taught.answer("2") == "Not so."
    assert taught.answer("5") == "Five."


@pytest.mark.parametrize(
    "text",
    [
        "3",
        "2.9",
        "3.1",
        "2,95",
        "300%",
        "1,5 + 1,5",
        "√9",
        "6 ÷ 2",
        "1 · 3",
        "1 + 2 = 3",
        "−3 + 6",
        "３",
        "２．９。",
        "１＋２",
        "（1＋2）×1",
        "sum(softmax(logits)) * 3",
        "2 ** 2 - 1",
    ],
)
def test_numbers_within_the_tolerance_are_right(teach, text):
    taught = teach(lesson(sum_up(before=block("setup", "goto @1:logits"))))
    taught.open()
    assert taught.answer(text).startswith("Right")


@pytest.mark.parametrize("text", ["", "three", "1 +", "我", "1/0 - 1/0", "logits", "9**9**9**9", '"', "0" * 5000 + "x"])
def test_what_is_no_number_is_no_answer(teach, text):
    taught = teach(lesson(sum_up()))
    taught.open()
    with pytest.raises(TraceError):
        taught.answer(text)
    assert taught.coach.place == 0


AMONG = {
    "source": ("argmax(@1:dec.0.cross.weights[h0, 0])", "我", ["0"], ["爱", "1"], ["4", "00", "7" * 5000, ""]),
    "target": ("1", "▁i", ["i", "1"], ["<s>", "0"], ["love", "2"]),
    "vocab": ("argmax(@1:logits[0])", "▁i", ["i"], ["▁love", "love", "</s>"], ["zzz", "", "我"]),
    "no, yes": ("1 > 0", "yes", ["2", "y", "Yes"], ["no", "1", "N"], ["maybe", "0", "3", "yess"]),
    "same|equal, 相同|一样|同样 的": (
        "1",
        "相同",
        ["一样", "同样的", "同", "2"],
        ["equal", "same", "S", "1"],
        ["不同", "0", "|", "样"],
    ),
}


@pytest.fixture
def choice(teach):
    def asked(among):
        answer, *_answers = AMONG[among]
        keys = (f"answer: {answer}", f"among: {among}")
        taught = teach(lesson(asking("choice", "predict", *keys, before=block("setup", "goto @1"))))
        taught.open()
        return taught

    return asked


QUOTES = ["“”", '""', "''", "‘’", "「」", "『』", "＂＂", "``"]
ENDS = ["。", "．", ".", "！", "!", "?", "？", ",", "，", ";", "；", ":", "：", "、", "…", "..."]


def dressed(text):
    """A word or a number as people may type it: in quotes, with punctuation behind, blanks, in full width."""
    yield from (f"{left}{text}{right}" for left, right in QUOTES)
    yield from (text + end for end in ENDS)
    yield from (f"“{text}”。", f"“{text}。”", f"  {text} 。 ")
    yield "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


@pytest.mark.parametrize(
    "text",
    [*dressed("1.25"), "≈1.25", "约 1.25", "~1.25", "x = 1.25", "1,25?", "１，２５", "125 %", "125％", "5/4", "５／４"],
)
def test_a_number_is_read_however_it_is_typed(teach, text):
    taught = teach(lesson(asking("a", "compute", "answer: 5 / 4", "within: 0.001")))
    taught.open()
    assert taught.answer(text).startswith("Right")


@pytest.mark.parametrize("text", ["1", "1.", "1.3", "-1.25", "1.25 1.25", "1.25x", "?", "“”"])
def test_another_number_is_not(teach, text):
    taught = teach(lesson(asking("a", "compute", "answer: 5 / 4", "within: 0.001")))
    taught.open()
    with suppress(TraceError):
        taught.answer(text)
    assert taught.coach.place == 0


@pytest.mark.parametrize("among", AMONG)
def test_an_answer_is_one_of_the_options(choice, among):
    _answer, truth, others, wrong, none = AMONG[among]
    for text in (truth, *others, *dressed(truth)):
        assert "Right." in choice(among).answer(text), text
    for text in wrong:
        assert choice(among).answer(text).startswith("Not this time. Not so.")
    for text in none:
        with pytest.raises(TraceError, match=r"is no answer here\. Answer with"):
            choice(among).answer(text)


@pytest.mark.parametrize("among", AMONG)
def test_the_known_answer_is_the_solution(choice, among):
    assert choice(among).coach.attempt.solution() == [f"answer {AMONG[among][1]}"]


def test_a_question_is_about_the_place_where_it_was_asked(teach):
    keys = ("answer: argmax(probs[0])", "among: vocab")
    wrong = "Not {{ argmax(probs[0]) | vocab }}."
    taught = teach(lesson(asking("next", "predict", *keys, wrong=wrong, before=block("setup", "goto @1"))))
    taught.open()
    taught.do("goto @0:enc.0.self.q")
    assert taught.coach.attempt.solution() == ["answer ▁i"]
    assert taught.answer("love").startswith("Not this time. Not ▁i.")


def test_hints_come_in_order_and_are_counted(teach):
    taught = teach(lesson(at_scores(), sum_up()))
    taught.open()
    said = []
    for _time in range(3):
        taught.coach.hint()
        said.append(taught.heard())
    assert said == ["First hint.", "Second hint.", "There are no more hints; `solution` shows what to type."]
    assert taught.coach.marks.hints == 2
    taught.solve()
    taught.coach.hint()
    assert taught.heard() == "First hint."
    assert "3 hints" in taught.solve()


def test_the_solution_comes_line_by_line(teach):
    taught = teach(lesson(step("a", block("check", "step == 2"), block("solution", "goto @1", "t"))))
    taught.open()
    assert [taught.coach.attempt.next_line() for _time in range(3)] == ["goto @1", "t", "goto @1"]


def test_skipping_shows_what_would_have_been_done(teach):
    taught = teach(lesson(at_scores("a"), guess("b"), doing("c", "at enc.0.self.weights", "s 3")))
    taught.open()
    for _time in range(2):
        taught.coach.skip()
    assert "(tx) goto enc.0.self.scores" in taught.heard()
    said = taught.do("s 3")
    assert "Step a: skipped • Step b: skipped" in said
    assert taught.coach.is_over
    assert not taught.coach.is_passed


def test_what_was_skipped_can_be_made_up_for(teach):
    taught = teach(lesson(at_scores(), sum_up()))
    taught.open()
    taught.coach.skip()
    taught.coach.back()
    taught.solve()
    taught.solve()
    assert taught.coach.is_passed
    assert (taught.coach.marks.done, taught.coach.marks.skipped) == (["scores", "sum"], [])


def test_going_back_brings_back_the_state(teach):
    taught = teach(lesson(doing("a", "step == 1", "t"), doing("b", "step == 2", "t"), sum_up()))
    taught.open()
    taught.do("t", "b logits", "run", "goto @2")
    assert taught.coach.place == 2
    taught.coach.back()
    session = taught.coach.session
    assert taught.coach.place == 1
    assert (session.here.step, session.opener.text, len(list(session.stops))) == (1, "我爱你", 0)
    assert "Step b" in taught.heard()
    for _time in range(3):
        taught.coach.back()
    assert (taught.coach.place, taught.coach.marks.where) == (0, "a")


def test_remarks_are_said_as_their_state_arises_and_not_twice_at_once(teach):
    far = block("wrong reached enc.0.self.weights", "Too far: {{ step }}.")
    taught = teach(lesson(at_scores("scores", far)))
    taught.open()
    assert "Too far" not in taught.do("s")
    assert taught.do("s 10").endswith("Too far: 0.")
    assert "Too far" not in taught.do("s")
    taught.do("run")
    assert "Too far: 0." in taught.do("s 12")


def test_after_three_wrong_attempts_a_hint_is_offered(teach):
    far = block("wrong reached enc.0.self.weights", "Too far.")
    taught = teach(lesson(at_scores("scores", far)))
    taught.open()
    said = [taught.do(line) for line in ("s 10", *["s"] * 6)]
    assert ["tries: `hint` gives a hint." in one for one in said] == [False, False, True, False, False, True, False]
    taught.coach.again()
    assert "tries" not in taught.do("s 10")


def test_after_three_wrong_numbers_a_hint_is_offered_and_then_the_solution(teach):
    taught = teach(lesson(sum_up()))
    taught.open()
    assert [taught.answer(text) for text in "1245"] == [
        "Not so.",
        "Not so.",
        "Not so. That makes 3 tries: `hint` gives a hint.",
        "Not so.",
    ]
    taught.coach.hint()
    taught.coach.hint()
    taught.heard()
    assert taught.answer("6") == "Not so."
    assert taught.answer("7") == "Not so. That makes 6 tries: `solution` says what to type."


def test_after_a_few_tries_the_help_is_named(teach):
    taught = teach(lesson(at_scores()))
    taught.open()
    said = [taught.do("where") for _time in range(5)]
    assert ["If you are stuck" in one for one in said] == [False, False, False, True, False]


def test_another_text_is_spoken_of_once(teach):
    taught = teach(lesson(at_scores()))
    taught.open()
    said = taught.do("run 你爱我"), taught.do("where"), taught.do("run 我爱你"), taught.do("run 你爱我")
    assert ["`again` brings it back" in one for one in said] == [True, False, False, True]
    taught.coach.again()
    assert taught.coach.session.opener.text == "我爱你"


def test_a_goal_counts_on_the_text_of_its_step_alone(teach):
    taught = teach(lesson(at_scores(), guess()))
    taught.open()
    assert "`again` brings it back" in taught.do("run 你爱我", "goto enc.0.self.scores")
    assert taught.coach.place == 0
    taught.do("run 我爱你", "goto enc.0.self.scores")
    assert taught.coach.place == 1
    taught.do("run 你爱我")
    assert "`again` brings it back" in taught.answer("我")
    assert taught.coach.marks.predictions == {}


def test_what_was_shown_before_the_step_does_not_count(teach):
    shown = doing("b", "shown enc.0.self.scores", "p enc.0.self.scores", before=block("show", "p enc.0.self.scores"))
    taught = teach(lesson(at_scores("a"), shown))
    taught.open()
    taught.do("goto enc.0.self.scores")
    assert taught.coach.place == 1
    taught.do("where")
    assert taught.coach.place == 1
    taught.do("p scores")
    assert taught.coach.is_over


STEPS = (
    doing("a", "breakpoint logits", "b logits", block("setup", "set decimals 5")),
    doing("b", "hit logits", "c"),
    doing("c", 'token == "▁love"', "t 2"),
    sum_up("d"),
)


def test_a_lesson_goes_on_where_it_was_left(teach):
    first = teach(lesson(*STEPS, intro="About."))
    first.open()
    for _step in range(2):
        first.solve()
    second = teach(lesson(*STEPS, intro="About."), marks=first.coach.marks)
    said = second.open()
    assert second.coach.step.id == first.coach.step.id == "c"
    assert "Step c" in said
    assert "About." not in said
    there, here = first.coach.session, second.coach.session
    assert (here.cursor, here.preferences) == (there.cursor, there.preferences)
    assert [str(point) for point in here.stops] == [str(point) for point in there.stops]
    assert here.preferences == {"decimals": 5}


def test_a_newer_lesson_without_the_step_goes_on_at_the_first_that_is_not_done(teach):
    marks = Marks(where="gone", done=["a", "c"], skipped=["b"])
    assert teach(lesson(*STEPS), marks=marks).coach.step.id == "d"
    assert teach(lesson(*STEPS), marks=Marks(where="gone")).coach.step.id == "a"
    assert teach(lesson(*STEPS), marks=Marks(done=["a", "b", "c", "d"], finished=True)).coach.step.id == "a"
    assert teach(lesson(*STEPS), marks=Marks(where="gone", done=["a", "b", "c", "d"])).coach.step.id == "a"


def test_a_learner_far_off_can_begin_the_step_again(teach):
    taught = teach(lesson(at_scores("a"), doing("b", "at scores", "goto scores", before=block("setup", "goto logits"))))
    taught.open()
    with pytest.raises(LessonError, match="logits"):
        taught.solve()
    assert (taught.coach.step.id, taught.coach.marks.where) == ("b", "b")


def test_info_says_what_is_asked_for(teach):
    taught = teach(lesson(doing("a", "step == 1", "t", before="Go to the first word."), guess()))
    taught.open()
    taught.coach.describe()
    assert taught.heard() == "Sample, step 1 of 2: Step a Go to the first word."
    taught.do("t")
    taught.coach.describe()
    assert (
        taught.heard()
        == "Sample, step 2 of 2: Step guess Answer with one of these, or with its place (0 to 3): 我 爱 你 </s>"
    )


def test_what_was_shown_is_shown_again_as_it_was(teach):
    shown = block("show", "where", "p step", "s 3")
    told = "\n".join(["At {{ step }}.", "", block("setup", "goto @2"), "Look.", "", shown, "Then {{ step }}."])
    taught = teach(lesson(at_scores(before=told)))
    first = taught.open().partition("Step scores")[2]
    taught.do("goto @1", "run 你爱我")
    before = state_of(taught.coach.session)
    taught.coach.describe()
    assert taught.heard() == f"Sample, step 1 of 1: Step scores{first}"
    assert state_of(taught.coach.session) == before


def state_of(session):
    """What a learner has in a session."""
    return session.cursor, session.opener.text, list(session.runs), len(session.history), session.furthest


def test_a_language_with_the_same_steps_is_spoken(write):
    english = read_lesson(write(lesson(at_scores()), "en/a.md"))
    write(lesson(at_scores(), title="样本"), "zh/a.md")
    i18n.use("zh")
    assert in_language(english).title == "样本"
    alone = read_lesson(write(lesson(at_scores()), "elsewhere/a.md"))
    assert in_language(alone) is alone


def test_words_are_taken_from_a_lesson_with_the_same_steps(teach, write):
    taught = teach(lesson(at_scores()))
    taught.open()
    taught.coach.speak(read_lesson(write(lesson(at_scores(), sum_up(), title="样本"), "longer.md")))
    assert taught.coach.lesson.title == "Sample"
    taught.coach.speak(read_lesson(write(lesson(at_scores(), title="样本"), "same.md")))
    assert taught.coach.lesson.title == "样本"


def test_a_question_keeps_its_place_in_another_language(teach, write):
    english = lesson(asking("a", "predict", "answer: 1", "among: no, yes"))
    taught = teach(english)
    taught.open()
    taught.coach.speak(read_lesson(write(english.replace("no, yes", "否, 是"), "zh.md")))
    assert "Right." in taught.answer("是")


def test_info_tells_the_numbers_of_before_wherever_the_cursor_stands(teach):
    told = "\n".join(["At {{ step }}.", "", block("setup", "goto @2"), "Now {{ step }}."])
    taught = teach(lesson(at_scores(before=told)))
    taught.open()
    for line in ("goto @3", "run 你爱我", "goto @1"):
        taught.do(line)
        taught.coach.describe()
        assert "At 0. Now 2." in taught.heard()


def test_the_options_are_the_tokens_that_were_there_when_it_was_asked(teach):
    taught = teach(lesson(asking("a", "predict", "answer: 1", "among: target", before=block("setup", "goto @1"))))
    asked = taught.open().rpartition("Answer with")[2]
    taught.do("goto @3")
    taught.coach.describe()
    assert taught.heard().rpartition("Answer with")[2] == asked
    with pytest.raises(TraceError, match="is no answer here"):
        taught.answer("love")


@pytest.mark.parametrize("truth", ["1024", "1.024"])
@pytest.mark.parametrize(("text", "may_be"), [("1,024", True), ("10,24", False), ("1,0240", False)])
def test_a_comma_before_three_digits_is_read_either_way(teach, truth, text, may_be):
    taught = teach(lesson(asking("a", "compute", f"answer: {truth}", "within: 1e-6")))
    taught.open()
    assert taught.answer(text).startswith("Right") is (may_be or float(text.replace(",", ".")) == float(truth))


def test_the_verdict_of_a_guess_is_a_paragraph_of_its_own(write):
    stream = StringIO()
    coach = Coach(read_lesson(write(lesson(guess(), sum_up()))), begin, TextPresenter(stream, Look(80, "never")))
    coach.open()
    coach.answer("你")
    assert [line.strip() for line in stream.getvalue().partition("Not this time.")[2].splitlines()[:3]] == [
        "",
        "",
        "Not so.",
    ]


def test_skipping_fills_the_solution_as_it_is_proved(teach):
    lines = ("goto @{{ step + 1 }}", "goto @{{ step + 2 }}")
    first = step("a", block("setup", "goto @1"), block("check", "step == 3"), block("solution", *lines))
    proved, skipped = (teach(lesson(first, sum_up())) for _time in range(2))
    proved.open()
    skipped.open()
    proved.solve()
    skipped.do("goto @4")
    skipped.coach.skip()
    said = skipped.heard()
    assert [line in said for line in ("(tx) goto @2", "(tx) goto @3")] == [True, True]
    assert skipped.coach.session.cursor == proved.coach.session.cursor


def test_taking_something_back_is_no_try(teach):
    contents = ("", block("check", "at enc.0.self.output"), block("solution", "goto enc.0.self.output"))
    taught = teach(lesson(step("a", *contents)))
    taught.open()
    said = taught.do("ablate enc.0.self.h0", *["undo"], "where", "where")
    assert "If you are stuck" not in said
    assert "If you are stuck" in taught.do("where")


def test_the_way_that_was_typed_after_another_is_not_told_again(teach):
    taught = teach(lesson(at_scores()))
    taught.open()
    assert "One way" not in taught.do("where", "goto enc.0.self.scores")
