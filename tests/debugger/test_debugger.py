import random

import pytest
from fake_run import DECODER, ENCODER, FakeRun

from tracer.addresses import parse
from tracer.debugger.cursor import Cursor
from tracer.debugger.debugger import Debugger
from tracer.errors import AddressError

START, END = Cursor(0, 0), Cursor(3, len(DECODER))
EVERY_PLACE = [START, *(Cursor(0, i + 1) for i in range(len(ENCODER)))]
EVERY_PLACE += [Cursor(n, i + 1) for n in (1, 2, 3) for i in range(len(DECODER))]


@pytest.fixture
def debugger():
    return Debugger(lambda _text: FakeRun())


def at(debugger, place):
    debugger.cursor = place
    return debugger


def test_a_new_run_stands_before_its_first_record_and_executes_nothing(debugger):
    assert debugger.cursor == START
    assert debugger.here.record is None
    assert debugger.run.computed == -1


def test_a_decoder_only_run_starts_at_step_1():
    assert Debugger(lambda _text: FakeRun(first=1)).cursor == Cursor(1, 0)


def test_restart_hands_on_the_text_and_goes_to_the_start():
    texts = []
    debugger = Debugger(lambda _text: texts.append(_text) or FakeRun())
    debugger.token()
    assert debugger.restart("hello").reason == "start"
    assert (debugger.cursor, texts) == (START, [None, "hello"])


def test_stepping_visits_every_record_in_order(debugger):
    seen = [debugger.step().cursor for _ in EVERY_PLACE[1:]]
    assert seen == EVERY_PLACE[1:]


def test_stepping_computes_no_step_before_it_is_entered(debugger):
    for _ in ENCODER:
        debugger.step()
    assert debugger.run.computed == 0
    debugger.step()
    assert debugger.run.computed == 1


def test_at_the_end_every_motion_says_so_and_stays(debugger):
    at(debugger, END)
    for motion in (debugger.step, debugger.next, debugger.finish, debugger.token):
        assert motion()[:3] == ("end", END, debugger.here.record)


def test_at_the_start_every_motion_back_says_so_and_stays(debugger):
    for motion in (
        debugger.step_back,
        debugger.next_back,
        debugger.finish_back,
        debugger.token_back,
        debugger.proceed_back,
    ):
        assert motion()[:3] == ("start", START, None)


@pytest.mark.parametrize("place", EVERY_PLACE)
@pytest.mark.parametrize("n", [1, 2, 5, 20])
def test_n_steps_and_n_steps_back_lead_back(debugger, place, n):
    at(debugger, place)
    made = [debugger.step().reason for _ in range(n)].count("step")
    for _ in range(made):
        debugger.step_back()
    assert debugger.cursor == place


@pytest.mark.parametrize("place", EVERY_PLACE)
def test_every_motion_goes_forward_and_its_reverse_back(debugger, place):
    for motion in (debugger.step, debugger.next, debugger.finish, debugger.token):
        at(debugger, place)
        assert motion().cursor > place or place == END
    for motion in (debugger.step_back, debugger.next_back, debugger.finish_back, debugger.token_back):
        at(debugger, place)
        assert motion().cursor < place or place == START


def test_any_walk_stays_within_the_run(debugger):
    walk = random.Random(1)
    motions = (debugger.step, debugger.next, debugger.finish, debugger.token)
    motions += (debugger.step_back, debugger.next_back, debugger.finish_back, debugger.token_back)
    for _ in range(500):
        stop = walk.choice(motions)()
        assert stop.cursor in EVERY_PLACE
        assert stop.record is debugger.here.record


def test_next_goes_over_scopes(debugger):
    addresses = [debugger.next().record.address for _ in range(4)]
    assert addresses == ["encoder.0.ffn.norm", "decoder.0.cross_attn.norm", "logits", "choice.probs"]


def test_next_back_goes_over_scopes(debugger):
    at(debugger, Cursor(1, 6))
    assert debugger.next_back().record.address == "decoder.0.cross_attn.norm"
    assert debugger.next_back().record.address == "encoder.0.ffn.norm"
    assert debugger.next_back().reason == "start"


def test_finish_and_its_reverse_frame_a_scope(debugger):
    at(debugger, Cursor(1, 2))
    assert debugger.finish().record.address == "decoder.0.self_attn.norm"
    assert debugger.finish_back().record.address == "decoder.embed.tokens"


def test_token_stops_on_the_last_record_of_each_step(debugger):
    assert [debugger.token().cursor for _ in range(3)] == [Cursor(n, len(DECODER)) for n in (1, 2, 3)]
    assert debugger.token().reason == "end"


def test_token_within_a_step_goes_to_its_end(debugger):
    assert at(debugger, Cursor(2, 3)).token().cursor == Cursor(2, len(DECODER))


def test_token_back_goes_by_tokens_to_the_start(debugger):
    at(debugger, END)
    assert [debugger.token_back().cursor for _ in range(3)] == [Cursor(2, 8), Cursor(1, 8), START]


def test_proceed_yields_each_token_and_then_the_end(debugger):
    assert [stop.reason for stop in debugger.proceed()] == ["token"] * 3 + ["end"]


def test_until_finds_the_next_occurrence_in_this_step_or_the_next(debugger):
    address = parse("dec.0.cross.weights")
    assert [debugger.until(address).cursor for _ in range(3)] == [Cursor(n, 4) for n in (1, 2, 3)]
    with pytest.raises(AddressError, match="does not come again"):
        debugger.until(address)
    assert debugger.cursor == Cursor(3, 4)


def test_until_takes_globs_and_steps(debugger):
    assert debugger.until(parse("**.weights")).cursor == Cursor(0, 4)
    assert debugger.until(parse("@3:logits")).cursor == Cursor(3, 6)


def test_until_a_name_that_does_not_exist(debugger):
    with pytest.raises(AddressError, match="did you mean"):
        debugger.until(parse("wieghts"))
    assert debugger.cursor == START


def test_goto_goes_ahead_and_back(debugger):
    assert debugger.goto(parse("@3:logits")).cursor == Cursor(3, 6)
    assert debugger.goto(parse("@1#2")).cursor == Cursor(1, 2)
    assert debugger.goto(parse("@2")).cursor == Cursor(2, len(DECODER))
    assert debugger.goto(parse("enc.emb.tok")).cursor == Cursor(0, 1)
    with pytest.raises(AddressError):
        debugger.goto(parse("@9:logits"))


def test_an_interrupt_leaves_the_cursor_where_it_was(debugger):
    debugger.token()
    debugger.run.interrupted_at = 2
    with pytest.raises(KeyboardInterrupt):
        debugger.token()
    assert debugger.cursor == Cursor(1, len(DECODER))
    debugger.run.interrupted_at = None
    assert debugger.token().cursor == Cursor(2, len(DECODER))


def test_what_the_cursor_has_not_reached_is_ahead(debugger):
    debugger.step()
    first, second = debugger.run.step(0).records[:2]
    assert not debugger.is_ahead(first)
    assert debugger.is_ahead(second)
    debugger.token()
    debugger.proceed_back()
    assert not debugger.is_ahead(second)


def test_tokens_are_those_chosen_up_to_the_cursor(debugger):
    at(debugger, Cursor(2, 1))
    debugger.run.step(3)
    assert [token.piece for token in debugger.tokens] == ["word1"]
    debugger.token()
    assert [token.piece for token in debugger.tokens] == ["word1", "word2"]
