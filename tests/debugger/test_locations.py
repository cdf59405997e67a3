import pytest
from fake_run import FakeRun

from tracer.addresses import parse
from tracer.debugger.cursor import Cursor
from tracer.debugger.locations import Here
from tracer.errors import AddressError


def here(step, index):
    run = FakeRun()
    run.step(step)
    return Here(run, Cursor(step, index))


def found(place, text):
    return place.find(parse(text)).output.address


def test_a_path_without_a_step_lies_in_the_cursors():
    assert found(here(2, 1), "decoder.0.cross_attn.weights") == "@2:decoder.0.cross_attn.weights"


def test_an_encoder_path_lies_in_step_0():
    assert found(here(2, 1), "enc.0.self.weights") == "@0:encoder.0.self_attn.weights"


def test_a_bare_name_is_looked_up_outwards():
    assert found(here(1, 5), "weights") == "@1:decoder.0.cross_attn.weights"
    assert found(here(1, 3), "weights") == "@1:decoder.0.self_attn.weights"


def test_an_address_may_lie_ahead():
    place = here(0, 1)
    assert found(place, "@2:logits") == "@2:logits"
    assert place.run.computed == 2


def test_a_decoder_path_in_step_0_gets_a_hint():
    with pytest.raises(AddressError, match=r"write @1:dec\.0\.cross\.weights"):
        found(here(0, 1), "dec.0.cross.weights[h0]")


def test_globs_stand_for_several_records_in_order():
    records = here(1, 1).matches(parse("decoder.0.*.weights"))
    assert [record.index for record in records] == [2, 4]
    with pytest.raises(AddressError, match="nothing in step @1 matches"):
        here(1, 1).matches(parse("nothing.**"))


def test_the_token_is_that_of_the_step():
    assert here(2, 1).token == "word2"
    assert here(0, 1).token is None


def test_there_are_no_places_in_a_step_that_does_not_come():
    assert here(3, 1).places(parse("logits"), 4) == []
