"""Questions as they are typed, and those that are ready."""

import pytest

import tracer
from tracer.addresses import Address
from tracer.corpus.presets import PRESETS, preset
from tracer.corpus.questions import check_names, place, question
from tracer.errors import ExpressionError, InputError, TraceError


def test_a_name_and_an_expression():
    found = question(" far = max(dec.0.cross.weights, key) == 1 ")
    assert (found.name, found.text) == ("far", "max(dec.0.cross.weights, key) == 1")


@pytest.mark.parametrize("text", ["", "far", "far=", "=1", "1=1", "a b=1", "far==1"])
def test_what_is_no_question(text):
    with pytest.raises(InputError, match="is no question; write NAME=EXPRESSION"):
        question(text)


def test_names_that_are_taken():
    with pytest.raises(InputError, match="token is a column that every table has"):
        question("token=1")
    with pytest.raises(InputError, match="a is the name of two expressions"):
        check_names([question("a=1"), question("a=2")])
    with pytest.raises(InputError, match="nothing is asked"):
        check_names([])


def test_what_is_no_expression_is_told_with_its_name():
    with pytest.raises(ExpressionError, match=r"^far: column 1: there is no function open"):
        question("far=open(1)")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("enc.*.self.weights", True),
        ("@0:enc.output + @0:enc.output", True),
        ("enc.0.output - dec.0.output", False),
        ("dec.0.output", False),
        ("@2:enc.output", False),
        ("1", False),
    ],
)
def test_what_is_of_the_encoder_alone(text, expected):
    assert question(f"a={text}").is_of_encoder is expected


def test_places():
    assert place("2") == Address(step=2)
    assert place("dec.*.ffn").path == "dec.*.ffn"
    for text in ("r1:dec.0", "dec.0.ffn[0]"):
        with pytest.raises(InputError, match="is no place of every sentence"):
            place(text)


@pytest.fixture(scope="module")
def model():
    return tracer.load("zh-en-tiny")


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_reads_as_expressions(name, model):
    for given in (False, True):
        for one in preset(name, model, has_target=given or name == "loss", has_other=name == "kl"):
            assert one.expression.text == one.text


def test_what_a_preset_needs(model):
    with pytest.raises(InputError, match="--preset loss needs outputs that are given"):
        preset("loss", model, has_target=False, has_other=False)
    with pytest.raises(InputError, match="--preset kl needs another model"):
        preset("kl", model, has_target=True, has_other=False)
    with pytest.raises(TraceError, match="'nothing' is none of attention, alignment, loss, kl"):
        preset("nothing", model, has_target=True, has_other=False)


def test_a_decoder_alone_is_not_asked_about_an_encoder():
    gpt2 = tracer.load("tests/fixtures/gpt2")
    names = [one.name for one in preset("attention", gpt2, has_target=False, has_other=False)]
    assert names == ["self_entropy", "self_previous", "self_first"]
