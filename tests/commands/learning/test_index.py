"""The index of the lecture: every slide has lessons, every formula an address, every command works."""

import json

import pytest
from rich.cells import cell_len
from written import at_scores, lesson

from commands.learning.course import files, names, slides
from commands.learning.formulas import FORMULAS, found
from commands.learning.lesson_file import LessonError
from commands.learning.lesson_reader import read_lesson
from commands.learning.slides import SLIDES, slides_of
from tracer import i18n
from tracer.errors import InputError


def test_every_slide_has_a_lesson():
    assert [name for name, lessons in slides().items() if not lessons] == []
    assert list(slides()) == [slide.name for slide in SLIDES]


@pytest.mark.parametrize("name", names())
def test_a_lesson_teaches_the_same_slides_in_every_language(name):
    first, *others = (read_lesson(path).slides for path in files() if path.stem == name)
    assert others == [first] * (len(i18n.LANGUAGES) - 1)


def test_slides_may_be_left_out(tmp_path):
    path = tmp_path / "own.md"
    path.write_text(lesson(at_scores()), encoding="utf-8")
    assert read_lesson(path).slides == ()


def test_a_slide_that_the_lecture_has_not_is_named_with_its_line(tmp_path):
    path = tmp_path / "own.md"
    path.write_text(lesson(at_scores(), slides="attention, embeding"), encoding="utf-8")
    with pytest.raises(
        LessonError, match=r"own[.]md:5: slides: the lecture has no embeding; did you mean embedding[?]"
    ):
        read_lesson(path)
    with pytest.raises(InputError, match="the lecture has no nothing; it has encoder-decoder, "):
        slides_of("nothing")


@pytest.mark.parametrize("slide", SLIDES, ids=lambda slide: slide.name)
def test_the_command_of_a_slide_works_from_the_beginning(play, slide):
    play(slide.command)
    assert play.status == 0


def test_every_formula_is_at_an_address_of_the_model(session):
    formulas = found(session.run)
    assert [one.written for one in formulas] == list(FORMULAS)
    for one in formulas:
        assert one.record is not None, one.written.name
        address = one.record.output.address
        assert session.run.step(one.record.step).find(one.record.address) is one.record
        assert address in one.command


@pytest.mark.parametrize("place", range(len(FORMULAS)), ids=[written.name for written in FORMULAS])
def test_the_command_of_a_formula_works_from_the_beginning(play, session, place):
    play(found(session.run)[place].command)
    assert play.status == 0


def test_the_addresses_are_those_of_the_lecture(session):
    addresses = [one.record.output.address for one in found(session.run)]
    assert addresses == [
        *["@0:encoder.embed.positions"] * 2,
        "@0:encoder.0.self_attn.scores",
        "@0:encoder.0.self_attn.heads",
        "@0:encoder.0.self_attn.concat",
        "@0:encoder.0.self_attn.residual",
        "@0:encoder.0.self_attn.norm",
        "@1:decoder.0.self_attn.weights",
        "@0:encoder.0.ffn.output",
        "@1:logits",
        "@1:probs",
    ]


def test_what_a_model_has_not_is_said(tx):
    shown = tx("-m", "tests/fixtures/gpt2", "--ids", "-t", "1 2 3", "--batch", "-e", "learn index").stdout
    assert "not in this model" in shown
    assert "why @1:decoder.0.self_attn.norm[0, 0]" in shown


def test_it_can_be_asked_for_at_the_prompt(play):
    data = json.loads(play("learn index", output="jsonl"))["data"]
    assert [one["slide"] for one in data["slides"]] == [slide.name for slide in SLIDES]
    assert len(data["formulas"]) == len(FORMULAS)
    assert max(map(cell_len, play("learn index").splitlines())) <= 100


@pytest.mark.parametrize("options", [(), ("--format", "html"), ("--lang", "zh"), ("--format", "markdown")])
def test_it_can_be_asked_for_by_itself(tx, options):
    done = tx("learn", "index", *options)
    assert done.returncode == 0
    assert "LayerNorm(x + Sublayer(x))" in done.stdout


def test_it_can_be_a_file(tx, tmp_path):
    assert tx("learn", "index", "-o", str(tmp_path / "index.html")).returncode == 0
    assert "<!DOCTYPE html>" in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert tx("learn", "4", "--format", "html").returncode == 2
