"""Worksheets as the command line makes them, has them filled in, and grades them."""

import io
import json
import re
from functools import cache, partial
from html import unescape

import pytest

from commands import opener
from commands.guard import FAILED, FINE, UNUSABLE
from commands.learning.asked import Asked
from commands.learning.course import SHEET, files, find, names
from commands.learning.lesson import Sight
from commands.learning.lesson_file import read_front
from commands.learning.sheet_lesson import lesson_of
from commands.output.present import Look, TextPresenter
from commands.results.result import Result
from tracer.debugger.expressions import compile_expression
from tracer.errors import InputError
from tracer.worksheets.tiny import Drawn, drawn

SEED = "2"
COPIES = {"encoder.0.self_attn.concat", "decoder.0.self_attn.masked"}
"""Records that may have no box of their own: all their numbers stand in others, but for −∞ in the second."""
WITH_SHEET = [name for name in names() if SHEET in read_front(find(name))]


@pytest.fixture
def sheet(tx, tmp_path):
    """Write a sheet to a file; its text."""

    def written(name, *arguments):
        path = tmp_path / name
        done = tx("worksheet", *arguments, "--seed", SEED, "-o", str(path))
        assert (done.returncode, done.stdout, done.stderr) == (FINE, "", "")
        return path.read_text(encoding="utf-8")

    return written


@cache
def key(*what, level="easy"):
    """The right answers, a line each."""
    asked = Asked(what, int(SEED), level)
    from commands.results.sheets import answers_of

    return [f"{number} {answer}" for number, answer in answers_of(asked.sheet()).items()]


def answers_to(line, lines):
    return "\n".join([line, *lines]) + "\n"


def seen_of(step):
    """What is shown before a box is asked for."""
    stream = io.StringIO()
    presenter = TextPresenter(stream, Look(80, "never"))
    for piece in step.before:
        if isinstance(piece, Sight):
            presenter.show(Result(lambda: (), partial(piece.view, None)))
    return stream.getvalue()


@pytest.fixture
def graded(tx, tmp_path):
    """Grade answers."""

    def done(lines, line=f"worksheet 3 --seed {SEED} --blanks easy", *arguments):
        path = tmp_path / "answers.txt"
        path.write_text(answers_to(line, lines), encoding="utf-8")
        return tx("learn", "--grade", str(path), *arguments)

    return done


@pytest.mark.parametrize("name", WITH_SHEET)
@pytest.mark.parametrize("level", ["easy", "hard"])
def test_every_lesson_that_names_records_has_a_sheet_with_blanks(name, level):
    sheet = Asked((name[:2],), int(SEED), level).sheet()
    assert sheet.blanks
    asked = {blank.record.address for blank in sheet.blanks}
    assert asked <= {part.tensor.path for part in sheet.parts}
    assert {part.tensor.path for part in sheet.parts if part.record} - asked <= COPIES


def test_a_sheet_is_the_same_in_every_language():
    for name in names():
        texts = {path.parent.name: read_front(path).get(SHEET) for path in files() if path.stem == name}
        assert len({None if text is None else text.text for text in texts.values()}) == 1, name


@pytest.mark.parametrize("suffix", ["html", "md", "svg", "txt", "jsonl"])
def test_the_same_seed_is_the_same_sheet_byte_for_byte(sheet, suffix):
    assert sheet(f"a.{suffix}", "4") == sheet(f"b.{suffix}", "4")


def test_another_seed_is_another_sheet(sheet, tx):
    assert sheet("a.md", "4") != tx("worksheet", "4", "--seed", "7").stdout


def test_on_paper_blanks_are_boxes_and_nothing_is_wider_than_a_page(sheet):
    page = sheet("a.html", "10", "--blanks", "hard")
    count = len(Asked(("10",), int(SEED), "hard").sheet().blanks)
    boxes = re.findall(r'<td class="blank"[^>]*>(\d+) </td>', page)
    assert sorted(set(map(int, boxes))) == list(range(1, count + 1))
    rows = re.findall(r"<tr>(.*?)</tr>", page)
    widths = [24 * row.count("<td") + 16 * row.count('class="blank"') for row in rows]
    assert max(widths) <= 480, "points; a page of A4 with these margins has 527"
    assert "@media print" in page
    assert f"worksheet 10 --seed {SEED} --blanks hard" in page


@pytest.mark.parametrize(
    ("suffix", "box"), [("md", r"1 \_\_\_\_\_\_ |"), ("txt", "1 ______"), ("svg", 'rect class="blank"')]
)
def test_every_format_has_boxes_and_the_line_that_says_which_sheet_it_is(sheet, suffix, box):
    text = sheet(f"a.{suffix}", "3")
    assert box in text
    assert SEED in text
    assert "worksheet" in text


def test_objects_have_every_blank_and_no_answer_unless_it_is_the_key(sheet):
    empty = [json.loads(line) for line in sheet("a.jsonl", "4").splitlines()]
    full = [json.loads(line) for line in sheet("b.jsonl", "4", "--key").splitlines()]
    assert [one["kind"] for one in empty] == ["worksheet", *["blank"] * (len(empty) - 1)]
    assert "value" not in empty[1]
    assert [f"{one['number']} {one['answer']}" for one in full[1:]] == key("4")


def test_the_key_fills_the_boxes_and_works_them_out(sheet):
    text = sheet("a.md", "3", "--key")
    assert "\\_\\_\\_" not in text
    for line in key("3"):
        number, answer = line.split()
        assert re.search(rf"\*\*{number} +{re.escape(answer)} ± 0\.\d+", text), line
    assert "Key" in text
    assert "q kᵀ / √d\\_k" in text or "\\sqrt{d_k}" in text


def test_a_model_of_ones_own_is_cropped_and_says_so(tx):
    done = tx("worksheet", "dec.0.self.scores", "-m", "zh-en-tiny", "-t", "我爱你")
    assert done.returncode == FINE
    done = tx("worksheet", "enc.0.self.scores", "-m", "zh-en-tiny", "-t", "我爱你", "--seed", "1")
    assert "-m zh-en-tiny -t" in done.stdout
    done = tx("worksheet", "enc.0.self.residual", "-m", "zh-en-tiny", "-t", "我爱你")
    assert "feature: 0–11 of 16" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["99"], "there is no lesson 99; lessons are 0 to"),
        (["tour"], "lesson 00-tour has no worksheet: nothing in it is worked out by hand"),
        (["dec.0.nothing"], "nothing is recorded at dec.0.nothing"),
        (["dec.0.self.scores["], "is no address"),
        (["--seed", "x"], "--seed: 'x' is no whole number from 0 to 999999"),
        (["--seed", "-1"], "--seed: '-1' is no whole number from 0 to 999999"),
        (["--blanks", "some"], "--blanks: 'some' is none of easy, hard"),
        (["-o", "sheet.pdf"], "sheet.pdf: this format is not known"),
        (["3", "-o", "/nowhere/sheet.html"], "/nowhere/sheet.html: can't be written"),
        (["-m", "zh-en-tiny"], "a worksheet of another model needs both: -m MODEL -t TEXT"),
        (["enc.0.ffn.norm", "-m", "zh-en-tiny", "-t", "我爱你"], "ask for smaller records"),
        (["3", "--fill", "--key"], "--fill fills the sheet in here; leave out -o and --key"),
    ],
)
def test_what_can_not_be_made_is_told_in_a_sentence(tx, arguments, told):
    done = tx("worksheet", *arguments)
    assert (done.returncode, done.stdout) == (UNUSABLE, "")
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_key_passes(graded):
    done = graded(key("3"))
    assert (done.returncode, done.stderr) == (FINE, "")
    assert f"{len(key('3'))} of {len(key('3'))} right (100%): passed" in done.stdout


def test_every_answer_that_is_off_is_told(graded):
    for line in key("3"):
        number, answer = line.split()
        done = graded([f"{number} 55.5" if other == line else other for other in key("3")])
        assert f"{number} 55.5 is wrong; it is {answer}" in done.stdout


def test_too_few_right_answers_are_status_1(graded):
    done = graded(key("3")[:2])
    assert done.returncode == FAILED
    assert "not passed; 80% is asked for" in done.stdout
    assert "not answered" in done.stdout


def test_answers_may_be_calculations_and_written_as_people_write(graded):
    lines = [line.replace(" ", ": ", 1) + " + 0" for line in key("3")]
    assert graded(["# mine", "", *lines]).returncode == FINE


def test_tokens_are_answers_too(graded):
    line = f"worksheet 10 --seed {SEED} --blanks hard"
    lines = list(key("10", level="hard"))
    assert graded(lines, line).returncode == FINE
    assert "nosuch is no token of the vocabulary" in graded([*lines[:-1], f"{len(lines)} nosuch"], line).stderr


@pytest.mark.parametrize(
    ("line", "lines", "told"),
    [
        ("12 0.5", [], "does not say which worksheet is answered"),
        ("worksheet 3 --bogus 1", [], "--bogus: no option of a worksheet"),
        ("worksheet 3 --seed", [], "--seed: '' is no whole number"),
        ("worksheet '3", [], "does not say which worksheet is answered"),
    ],
)
def test_a_file_that_can_not_be_read_is_status_2(graded, line, lines, told):
    done = graded(lines, line)
    assert done.returncode == UNUSABLE
    assert told in done.stderr


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("hello", "answers.txt:2: 'hello' is no answer; write its number"),
        ("10.73", "answers.txt:2: '10.73' is no answer"),
        ("1: 0.8", "answers.txt:3: box 1 has more than one answer; leave one"),
        ("1 abc", "answers.txt:2: abc is no number or calculation"),
        ("1 @0:enc.0.self.q[0,0,0]", "answers.txt:2: @0:enc.0.self.q[0,0,0] is no number or calculation"),
        ("77 1", "answers.txt:2: there is no box 77 on this sheet; it has"),
    ],
)
def test_an_answer_that_is_none_is_told_with_its_line_and_costs_its_box_alone(graded, line, told):
    is_of_first = line.startswith(("1 ", "1:"))
    right = [one for one in key("3") if not is_of_first or "more than" in told or not one.startswith("1 ")]
    done = graded([line, *right])
    count = len(key("3"))
    assert f"{count - is_of_first} of {count} right" in done.stdout
    assert done.returncode == FINE
    assert told in done.stderr


def test_what_grades_stands_at_learn_and_at_worksheet(tx, tmp_path):
    path = tmp_path / "answers.txt"
    path.write_text(answers_to(f"worksheet 3 --seed {SEED}", key("3")[1:]), encoding="utf-8")
    one, other = (tx(name, "--grade", str(path), "--format", "jsonl") for name in ("learn", "worksheet"))
    assert one.stdout == other.stdout
    assert (one.returncode, other.returncode) == (FINE, FINE)
    for beside in (["3"], ["--key"], ["--fill"], ["--seed", "2"], ["-m", "zh-en-tiny"]):
        refused = tx("worksheet", *beside, "--grade", str(path))
        assert (refused.returncode, refused.stdout) == (UNUSABLE, "")
        assert "leave out what else is said of it" in refused.stderr


def test_lessons_and_addresses_can_stand_on_one_sheet():
    both = Asked(("4", "5", "logits", "04-softmax"), int(SEED))
    assert both.addresses == (*Asked(("4",)).addresses, *Asked(("5",)).addresses, "logits")
    assert {blank.record.name for blank in both.sheet().blanks} == {"weights", "heads", "output", "logits"}


def test_a_file_that_is_not_there_or_empty_is_status_2(tx, tmp_path):
    assert tx("learn", "--grade", str(tmp_path / "none")).returncode == UNUSABLE
    (tmp_path / "empty").write_text("\n")
    assert "holds no answers" in tx("learn", "--grade", str(tmp_path / "empty")).stderr


def test_the_report_can_be_written(graded, tmp_path):
    done = graded(key("3"), f"worksheet 3 --seed {SEED} --blanks easy", "-o", str(tmp_path / "report.html"))
    assert (done.returncode, done.stdout) == (FINE, "")
    assert "100%" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_sheet_is_filled_in_from_piped_answers(tx):
    answers = "".join(f"{line.split()[1]}\n" for line in key("3"))
    done = tx("worksheet", "3", "--seed", SEED, "--fill", stdin=answers)
    assert (done.returncode, done.stderr) == (FINE, "")
    assert "finished" in done.stdout
    wrong = tx("worksheet", "3", "--seed", SEED, "--fill", stdin="123\n")
    assert wrong.returncode == FAILED
    assert "Not yet" in wrong.stdout


def test_the_table_is_shown_as_far_as_it_is_filled():
    second = seen_of(lesson_of(Asked(("3",), int(SEED))).steps[1])
    assert "2 ______" in second
    assert "1 ______" not in second


def test_every_box_has_the_tables_beside_it_that_it_is_worked_out_from():
    asked = Asked(("3",), int(SEED))
    for step, blank in zip(lesson_of(asked).steps, asked.sheet().blanks, strict=True):
        operands = {leaf.address for leaf in blank.derivation.terms}
        assert operands
        assert all(address in seen_of(step) for address in operands), step.title


def test_the_arithmetic_of_a_hint_comes_to_the_answer_as_it_is_told():
    asked = Asked(("2",), int(SEED))
    for step, blank in zip(lesson_of(asked).steps, asked.sheet().blanks, strict=True):
        line = unescape(step.hints[-1].text).strip("`= ").replace("·", "*").replace("−", "-").replace("√", "sqrt")
        if not {"cos", "sin", "rounding"} & {*re.findall("[a-z]+", line)}:
            assert f"{compile_expression(line).evaluate(None):.2f}" == f"{blank.value:.2f}", step.title


def test_the_model_of_a_sheet_opens_like_any_other(tx):
    of = ("--batch", "-m", f"worksheet:{SEED}", "-t", Drawn(int(SEED)).text)
    done = tx(*of, "-e", "p @0:enc.0.self.q", "-e", "verify")
    assert done.returncode == FINE
    assert "@0:encoder.0.self_attn.q" in done.stdout
    assert tx("--batch", "-m", "worksheet:x", "-e", "p 1").returncode == UNUSABLE


def test_the_line_of_a_sheet_leads_back_to_it():
    asked = Asked(("dec.0.self.scores[h0, 1]", "logits"), 7, "hard", "zh-en-tiny", "我 爱你")
    assert Asked.read(asked.line) == asked
    with pytest.raises(InputError):
        Asked.read("sheet 3")


def test_an_opened_model_is_the_drawn_one():
    assert opener.open_model(f"worksheet:{SEED}") is drawn(Drawn(int(SEED)))
