"""Lessons from a file of answers, and the words that lead through them."""

import io
import itertools
import re
import subprocess
import sys

import pytest
from taught import Desk, one_line
from terminal import ROOT
from written import WEIGHTS, asking, at_scores, block, doing, guess, lesson, sum_up

from commands.guard import FAILED, FINE, UNEXPECTED, UNUSABLE
from commands.learning.lesson_shell import LessonShell
from commands.learning.player import Player
from commands.learning.progress import Marks, Progress
from commands.output.present import Look, TextPresenter
from commands.terminal.history import TypedLines

LESSON = lesson(
    at_scores(before="Go there."),
    guess(wrong="Not {{ 1 | source }} but another."),
    sum_up(more=["What remains."]),
    intro="About this.",
)
PASSED = "goto enc.0.self.scores\n我\n3\n"


@pytest.fixture
def learn(tx, write):
    """Play answers to a lesson."""

    def played(answers, *arguments, text=LESSON):
        return tx("learn", str(write(text)), *arguments, stdin=answers)

    return played


def test_a_lesson_that_is_passed_is_status_0(learn):
    done = learn(PASSED)
    assert (done.returncode, done.stderr) == (FINE, "")
    parts = ["Sample", "About this.", "0/3", "Go there.", "(tx) goto", "Done.", "1/3", "(tx) 我", "Right.", "2/3"]
    parts += ["Answer with a number", "(tx) 3", "What remains.", "3/3", "Sample: finished", "predicted right: 1 of 1"]
    assert [part for part in parts if part not in done.stdout] == []
    assert sorted(parts, key=done.stdout.index) == parts


def test_answers_that_end_early_are_status_1(learn):
    done = learn("goto enc.0.self.scores\n你")
    assert done.returncode == FAILED
    assert done.stderr == "Sample: not passed; the answers end at step 3 of 3: Step sum\n"
    assert "Not 爱 but another." in done.stdout
    assert learn("").stderr == "Sample: not passed; the answers end at step 1 of 3: Step scores\n"
    assert learn("quit\n" + PASSED).stderr == learn("").stderr
    assert learn("b logits\ncommands 1\n" + PASSED).stderr.endswith(learn("").stderr)


def test_skipped_steps_are_status_1(learn):
    done = learn("skip\n我\n3\n")
    assert done.returncode == FAILED
    assert done.stderr == "Sample: not passed; steps were skipped\n"
    assert "(tx) goto enc.0.self.scores" in done.stdout


def test_what_follows_the_end_is_not_read(learn):
    done = learn(PASSED + "bogus\n")
    assert (done.returncode, done.stderr) == (FINE, "")


def test_comments_and_empty_lines_do_nothing(learn):
    done = learn("# to the scores\n\n" + PASSED.replace("\n", "\n# so\n\n"))
    assert (done.returncode, done.stderr) == (FINE, "")


def test_the_end_of_lines_may_be_that_of_another_system(learn):
    assert learn(PASSED.replace("\n", "\r\n")).returncode == FINE


@pytest.mark.parametrize(
    ("keys", "answers"),
    [
        (("answer: 1", "among: step, run, quit"), ["run", "answer run", "2"]),
        (("answer: 0", "among: hint, quit"), ["answer hint", "1"]),
        (
            ("answer: 1 / 4", "within: 0.01"),
            ["0.25", ".25", "1/4", "０．２５", "1÷4。", "answer 1/4", "exp(0) / 4", "(1) / 4", "-1 + 1.25"],
        ),
        ((f"answer: max({WEIGHTS})", "within: 1e-3"), [f"max({WEIGHTS})", f"answer max({WEIGHTS}[h1])"]),
        (("answer: 18", "among: vocab"), ["answer i", "▁i", "“i”"]),
    ],
    ids=[
        "a command among the words",
        "a word of the coach",
        "numbers",
        "expressions",
        "tokens",
    ],
)
def test_answers_may_be_bare_unless_they_are_commands(learn, keys, answers):
    for answer in answers:
        done = learn(f"{answer}\n", text=lesson(asking("a", "predict", *keys)))
        assert (done.returncode, done.stderr) == (FINE, "")
        assert "predicted right: 1 of 1" in done.stdout


def test_commands_work_while_something_is_asked(learn):
    done = learn("s 2\np enc.0.self.scores[h0, 0]\n3\n", text=lesson(sum_up()))
    assert done.returncode == FINE
    assert "#2  encoder.embed.positions" in done.stdout


def test_an_answer_where_nothing_is_asked_is_told_so(learn):
    done = learn("answer 3\n")
    assert done.stderr.splitlines()[0].startswith("nothing is asked here")


GARBAGE = [
    "爱你",
    '"',
    "[",
    "{{ 1 }}",
    "9**9**9**9**9",
    "\x00",
    "\x1b[31m",
    "x" * 5000,
    "answer",
    "learn none",
    "learn \x00.md",
]


@pytest.mark.parametrize("line", GARBAGE)
def test_garbage_is_a_sentence_and_the_lesson_goes_on(learn, line):
    for first, others in (("", PASSED), ("goto enc.0.self.scores\n我\n", "3\n")):
        done = learn(f"{first}{line}\n{others}")
        assert done.returncode == FINE
        assert len(done.stderr.splitlines()) == 1
        assert "\x1b" not in done.stdout + done.stderr


def test_words_of_the_coach(learn):
    done = learn("hint\nhint\nsolution\ninfo\nback\n" + PASSED)
    said = one_line(done.stdout)
    assert (done.returncode, done.stderr) == (FINE, "")
    parts = ["(tx) hint First hint.", "(tx) hint Second hint.", "(tx) solution goto enc.0.self.scores"]
    parts += ["Sample, step 1 of 3: Step scores", "`skip` on to the next step"]
    parts += ["(tx) back", "2 hints"]
    assert [part for part in parts if part not in said] == []


def test_the_solution_of_a_question_is_its_answer(learn):
    done = learn("goto enc.0.self.scores\nsolution\n我\nsolution\n3\n")
    assert "answer 我" in done.stdout
    assert "answer 3.0" in done.stdout or "answer 3\n" in done.stdout


def test_free_play_touches_nothing(learn):
    played = "play\ns 3\nrun 你爱我\nset decimals 7\nb logits\ngoto enc.0.self.scores\nbogus\nhint\nreturn\n"
    done = learn(played + "where\ni breakpoints\n" + PASSED)
    said = one_line(done.stdout)
    assert done.returncode == FINE
    assert "(tx) return Sample, step 1 of 3: Step scores" in said
    assert len(done.stderr.splitlines()) == 2
    after = said[said.index("(tx) return") :]
    assert "source 0 你" not in after


def test_free_play_leaves_the_text_of_the_lesson(learn):
    done = learn("play\nrun 你爱我\nreturn\nwhere\nrun\n", text=lesson(doing("a", "text", "run 你爱我")))
    assert done.returncode == FAILED
    assert "finished" not in done.stdout


def test_answers_may_end_in_free_play(learn):
    done = learn("play\ns\n")
    assert done.stderr == "Sample: not passed; the answers end at step 1 of 3: Step scores\n"
    assert learn("play\nquit\n" + PASSED).returncode == FINE


def test_a_learner_who_left_the_way_gets_a_fresh_session(learn):
    second = doing("b", "shown logits", "p logits", before=block("setup", "goto @3"))
    done = learn("set max-tokens 1\ngoto enc.0.self.scores\np logits\n", text=lesson(at_scores(), second))
    assert done.returncode == FINE
    assert re.fullmatch(r"\S+sample.md:30: there is no step @3; .*\n", done.stderr)
    assert done.stdout.count("Step b") == 2


def test_a_solution_that_has_become_impossible_can_be_skipped_all_the_same(learn):
    text = lesson(doing("a", f'shown {WEIGHTS}[h0, 0, "爱"]', f'p {WEIGHTS}[h0, 0, "爱"]'), sum_up())
    done = learn("run 你\nskip\nskip\n3\n", text=text)
    assert done.stderr.splitlines()[-1] == "Sample: not passed; steps were skipped"


def test_the_last_words_may_fail(learn):
    done = learn("goto @1:logits\n", text=lesson(doing("a", "step == 1", "t", block("show", "goto scores"))))
    assert re.fullmatch(r"\S+sample.md:\d+: nothing is recorded at scores.*\n", done.stderr)
    assert done.returncode == FINE


def test_the_menu_lists_the_course(learn):
    done = learn("menu\n")
    assert re.search(r"04 softmax +Softmax", done.stdout)
    assert len(re.findall(r"^\d\d \S+  ", done.stdout, re.MULTILINE)) == 22


def test_another_lesson_may_be_taken(learn, write):
    other = write(lesson(sum_up(), title="Other"), "other.md")
    done = learn(f"learn {other}\n3\n")
    assert (done.returncode, done.stderr) == (FINE, "")
    assert "Other: finished" in done.stdout
    done = learn("learn 4\n")
    assert done.stderr.startswith("Softmax: one row by hand: not passed; the answers end at step 1 of 11")


def test_nothing_is_kept_of_a_pipe(learn, tmp_path):
    learn("goto enc.0.self.scores\n")
    assert not (tmp_path / "state").exists()
    (tmp_path / "state/tx-trace").mkdir(parents=True)
    file = tmp_path / "state/tx-trace/lessons.json"
    file.write_text("corrupt")
    assert learn(PASSED).stderr == ""
    assert (file.read_text(), [path.name for path in file.parent.iterdir()]) == ("corrupt", ["lessons.json"])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("99", "there is no lesson 99; lessons are 0 to 21, and `learn menu` lists them"),
        ("sofmax", "there is no lesson sofmax; did you mean softmax?"),
        ("ma", "ma is ambiguous: "),
        ("nowhere.md", "nowhere.md: can't be read (No such file or directory)"),
        ("/a.md", "/a.md: can't be read (No such file or directory)"),
    ],
)
@pytest.mark.parametrize("options", [(), ("--check",)], ids=["taken", "checked"])
def test_an_unknown_lesson_is_status_2_with_a_hint(tx, name, message, options):
    done = tx("learn", name, *options)
    assert (done.returncode, done.stdout) == (UNUSABLE, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_answers_that_can_not_be_read_are_status_2(write):
    command = [sys.executable, "-m", "commands", "learn", str(write(LESSON))]
    done = subprocess.run(command, input=b"\xff\xfe", capture_output=True, cwd=ROOT, check=False)
    assert done.returncode == UNUSABLE
    assert done.stderr == b"tx-trace: standard input is not UTF-8 text (byte 0xff in position 0)\n"


def test_a_bad_lesson_is_status_2(learn):
    done = learn(PASSED, text=LESSON.replace("```compute", "```guess"))
    assert done.returncode == UNUSABLE
    assert re.fullmatch(r"tx-trace: \S+sample.md:\d+: unknown block guess; expected one of .*\n", done.stderr)


def test_a_lesson_whose_model_or_text_can_not_be_had_is_status_2(learn):
    assert "there is no model 'nowhere'" in learn("", text=LESSON.replace("zh-en-tiny", "nowhere")).stderr
    assert learn("", text=LESSON.replace("zh-en-tiny", "nowhere")).returncode == UNUSABLE


def test_checking_a_good_lesson_is_status_0(learn):
    done = learn("", "--check")
    assert (done.returncode, done.stderr) == (FINE, "")
    assert done.stdout.endswith("sample.md: 3 steps; every goal is reached, and none is reached by itself\n")


def test_checking_a_lesson_with_a_fault_is_status_3(learn):
    done = learn("", "--check", text=lesson(doing("a", "step == 0", "where"), sum_up()))
    assert (done.returncode, done.stdout) == (UNEXPECTED, "")
    assert re.fullmatch(r"\S+sample.md:12: the check holds before anything is done\n", done.stderr)


def test_checking_what_is_no_lesson_is_status_3(learn):
    done = learn("", "--check", text="nothing")
    assert (done.returncode, done.stdout) == (UNEXPECTED, "")
    assert "sample.md:1: a lesson begins with lines between" in done.stderr


def test_checking_the_course_names_every_fault(tx, write, monkeypatch):
    for name in ("en/01-a", "en/02-b", "zh/01-a"):
        path = write(lesson(sum_up()), f"{name}.md")
    monkeypatch.setattr("commands.learning.course.LESSONS", path.parents[1])
    done = tx("learn", "--check")
    assert done.returncode == UNEXPECTED
    assert done.stderr == f"{path.parents[1]}/zh/02-b.md: this lesson is missing in its language\n"
    assert [line.partition(":")[0].rpartition("/")[2] for line in done.stdout.splitlines()] == ["01-a.md", "01-a.md"]


@pytest.mark.parametrize("width", [80, 40])
def test_it_is_as_wide_as_wanted(tx, width):
    done = tx("learn", "4", "--width", str(width), stdin="hint\ninfo\nskip\n我\nmenu\n")
    lines = [line for line in done.stdout.splitlines() if not line.startswith("(tx) ")]
    assert max(map(len, lines)) <= width
    assert any(len(line) > width - 15 for line in lines)


def test_there_are_no_colours_unless_they_are_wanted(tx, monkeypatch):
    assert "\x1b" not in tx("learn", "4").stdout
    assert "\x1b" in tx("learn", "4", "--color", "always").stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in tx("learn", "4").stdout


@pytest.mark.parametrize("name", ["3", "4", "6", "10"])
def test_accessible_is_ascii_but_for_tokens(tx, name):
    answers = "hint\ninfo\nmenu\nplay\nreturn\nzzz\n1000\n" + "skip\n" * 12
    done = tx("learn", name, "--accessible", stdin=answers)
    tokens = re.compile("[\u4e00-\u9fff▁。]|`[^`]*`")
    assert "finished" in done.stdout
    assert [line for line in done.stdout.splitlines() if not tokens.sub("", line).isascii()] == []


def test_the_language_of_the_locale_is_spoken(tx, monkeypatch):
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    done = tx("learn", "4", stdin="hint\n")
    assert done.stdout.strip().startswith("4 · Softmax")
    assert re.search("[\u4e00-\u9fff]{6}", done.stdout)
    assert re.search("[\u4e00-\u9fff]{4}", done.stderr)


@pytest.fixture
def attend(tmp_path):
    """Take a lesson at a prompt, as one person all along; what is seen, and the desk."""

    def attended(name, *lines, prepare=lambda _session: None, typed=None):
        stream, desk = io.StringIO(), Desk(lines)
        progress = Progress.read(tmp_path / "lessons.json", pytest.fail)
        shell = LessonShell(TextPresenter(stream, Look(80, "never")), desk.sit, progress, prepare, typed)
        shell.open(None if name is None else str(name))
        shell.hold()
        return one_line(stream.getvalue()), desk

    return attended


@pytest.fixture
def marks(tmp_path):
    """What is kept of a lesson."""
    return lambda name: Progress.read(tmp_path / "lessons.json", pytest.fail).of(str(name))


def test_the_solution_is_written_into_the_prompt_and_not_run(attend, write):
    two = doing("a", "step == 2", "goto @1").replace("goto @1\n", "goto @1\nt\n")
    said, desk = attend(write(lesson(two)), "solution", "solution", "solution")
    assert desk.drafts == ["goto @1", "t", "goto @1"]
    assert said.count("It stands at the prompt: press Enter.") == 3
    assert "Done" not in said


def test_the_bar_tells_step_words_and_place(attend, write):
    _said, desk = attend(write(LESSON), "goto enc.0.self.scores", "我", "3")
    first, second, *_others, last = desk.bars
    assert first == "1/3  hint solution skip again info   not started"
    assert second.startswith("2/3  ")
    assert "encoder.0.self_attn.scores" in second
    assert last == "finished   learn: the next lesson   menu: all lessons"


@pytest.mark.parametrize("key", [KeyboardInterrupt, EOFError])
def test_nothing_is_lost_by_control_c_and_control_d(attend, write, marks, key):
    path = write(LESSON)
    attend(path, "goto enc.0.self.scores", "你", key())
    assert (marks(path).where, marks(path).done, marks(path).predictions) == (
        "sum",
        ["scores", "guess"],
        {"guess": False},
    )
    said, _desk = attend(path, key(), "3")
    assert "About this." not in said
    assert "2/3 Step sum" in said or key is EOFError


def test_control_c_within_the_lesson_goes_back_to_the_prompt(attend, write, monkeypatch):
    def interrupted(_coach):
        raise KeyboardInterrupt

    monkeypatch.setattr("commands.learning.coach.Coach.hint", interrupted)
    said, _desk = attend(write(LESSON), "hint", "goto enc.0.self.scores")
    assert "1/3 Step guess" in said


def test_a_finished_lesson_begins_anew_and_stays_finished(attend, write, marks):
    path = write(LESSON)
    attend(path, "hint", *PASSED.splitlines())
    assert marks(path) == Marks("", ["scores", "guess", "sum"], [], {"guess": True}, 1, True)
    said, _desk = attend(path)
    assert "About this." in said
    assert marks(path) == Marks("scores", finished=True)


def test_a_language_is_switched_in_the_middle(attend, write):
    chinese = LESSON.replace("Sample", "样本").replace("Step guess", "猜").replace("First hint.", "提示。")
    path = write(LESSON, "en/a.md")
    write(chinese, "zh/a.md")
    said, _desk = attend(path, "goto enc.0.self.scores", "set lang zh", "hint", "我", "set lang en", "hint")
    before, _switch, after = said.partition("猜")
    assert "1/3 Step guess" in before
    assert "样本" in before
    assert "提示。" in after
    assert "2/3 Step sum" in after
    assert after.endswith("First hint.")


def test_in_another_language_the_attempt_goes_on_and_nothing_is_played(attend, write):
    before = block("show", "goto @1")
    stop = doing("a", "hit @2:logits", "c", before=f"First {{{{ step }}}}.\n\n{before}")
    path = write(lesson(stop, sum_up()), "en/a.md")
    write(lesson(stop.replace("First", "先"), sum_up()), "zh/a.md")
    said, _desk = attend(path, "tb @2:logits", "set lang zh", "c")
    assert said.count("(tx) goto @1") == 2
    assert "先 0." in said
    assert "1/2 Step sum" in said


def test_what_a_step_showed_is_shown_in_the_language_that_is_switched_to(attend, write):
    shown = doing("a", "step == 2", "goto @2", before=block("show", "where"))
    path = write(lesson(shown), "en/a.md")
    write(lesson(shown), "zh/a.md")
    said, _desk = attend(path, "set lang zh", "set lang en", "goto @2")
    assert said.count("(tx) where") == 3
    assert said.count("not started") == 2
    assert "尚未开始" in said
    assert "1/1" in said


def test_a_language_in_which_the_file_is_bad_is_a_sentence(attend, write, capsys):
    path = write(LESSON, "en/a.md")
    write("nothing", "zh/a.md")
    said, _desk = attend(path, "set lang zh", "goto enc.0.self.scores")
    assert "zh/a.md:1: " in capsys.readouterr().err
    assert "1/3 Step guess" in said


def test_a_language_in_which_a_number_can_not_be_had_is_a_sentence(attend, write, capsys):
    path = write(LESSON, "en/a.md")
    write(LESSON.replace("Go there.", "{{ bogus }}"), "zh/a.md")
    said, _desk = attend(path, "set lang zh", "goto enc.0.self.scores")
    assert re.fullmatch(r"\S+zh/a.md:\d+: .*bogus.*\n", capsys.readouterr().err)
    assert "1/3 Step guess" in said


def test_what_the_learner_has_set_stays_set(attend, write):
    prepared = []

    def prepare(session):
        session.preferences["decimals"] = 7
        prepared.append(session)

    _said, desk = attend(write(LESSON), "set decimals 2", "alias far goto @1", "back", "skip", prepare=prepare)
    assert len(prepared) == 1
    assert desk.session is not prepared[0]
    assert (desk.session.preferences, desk.session.aliases) == ({"decimals": 2}, {"far": "goto @1"})


def test_what_a_lesson_sets_does_not_outlast_the_way_to_a_step(attend, write):
    setting = block("setup", "set decimals 7")
    path = write(lesson(at_scores("a"), doing("b", "step == 1", "t", before=setting)))
    other = write(lesson(sum_up()), "other.md")
    there = ("set rows 5", "goto enc.0.self.scores")
    for more, kept in (((), {"decimals": 7}), (("back",), {}), ((f"learn {other}",), {})):
        _said, desk = attend(path, *there, *more)
        assert desk.session.preferences == {"rows": 5, **kept}
        attend(path, "back")


@pytest.mark.parametrize(
    "lines", [["learn {}"], ["lear {}"], ["alias more learn {}", "more"], ["alias go learn", "go {}"]]
)
def test_another_lesson_is_taken_by_any_spelling(attend, write, lines):
    other = write(lesson(sum_up(), title="Other"), "other.md")
    said, _desk = attend(write(LESSON), *(line.format(other) for line in lines), "3")
    assert "Other: finished" in said


def test_what_is_typed_and_logged_goes_on_from_sitting_to_sitting(attend, write, tmp_path):
    typed = TypedLines(tmp_path / "typed", pytest.fail)
    typed.add("first")
    other = write(lesson(sum_up()), "other.md")
    lines = [f"log {tmp_path}/log", "where", "again", "tokens", f"learn {other}", "list", "log off"]
    _said, desk = attend(write(LESSON), *lines, typed=typed)
    assert desk.session.lines == ["first", *(line for line in lines if line != "again")]
    logged = re.findall(r"^\(tx\) (.*)$", (tmp_path / "log").read_text(), re.MULTILINE)
    assert logged == ["where", "tokens", f"learn {other}", "list", "log off"]


def test_a_log_begun_after_a_way_that_was_interrupted_goes_on(attend, write, tmp_path, monkeypatch):
    replay, times = Player.replay, itertools.count()

    def replayed(player, pieces):
        if next(times) == 1:
            raise KeyboardInterrupt
        replay(player, pieces)

    monkeypatch.setattr(Player, "replay", replayed)
    attend(write(lesson(at_scores())), "back", f"log {tmp_path}/log", "again", "where", "log off")
    assert "(tx) where" in (tmp_path / "log").read_text()


def test_an_empty_line_does_not_repeat_what_reached_a_goal(attend, write):
    _said, desk = attend(write(lesson(doing("a", "step == 1", "t"), doing("b", "step == 2", "t"))), "t", "")
    assert desk.session.cursor.step == 1


def test_a_lesson_that_has_changed_begins_again_and_says_so(attend, write, marks, capsys):
    path = write(LESSON)
    attend(path, "goto enc.0.self.scores")
    write(LESSON.replace("goto enc", "goto nowhere.enc"))
    said, _desk = attend(path)
    [told] = capsys.readouterr().err.splitlines()
    assert told.startswith(f"{path}:")
    assert told.endswith("so the lesson begins again")
    assert "0/3 Step scores" in said
    assert marks(path) == Marks("scores")


def test_the_course_is_taken_one_by_one(attend, write, monkeypatch):
    for number in range(3):
        path = write(lesson(sum_up(), sum_up("more"), title=f"Title {number}"), f"en/{number:02}-name{number}.md")
    monkeypatch.setattr("commands.learning.course.LESSONS", path.parents[1])
    said, _desk = attend(None, "3", "menu", "3", "learn", "3", "3", "menu", "learn")
    assert said.startswith("1 · Title 1")
    assert "01 name1 Title 1 1 of 2 steps" in said
    assert "`learn` goes on with Title 2; `menu` lists all lessons." in said
    assert "That was the whole course." in said
    assert "01 name1 Title 1 finished 02 name2 Title 2 finished" in said
