import random

import pytest
from fake_run import DECODER, ENCODER, FakeRun

from tracer.addresses import parse
from tracer.debugger.cursor import Cursor
from tracer.debugger.session import Session
from tracer.errors import AddressError

START, END = Cursor(0, 0), Cursor(3, len(DECODER))
EVERY_PLACE = [START, *(Cursor(0, i + 1) for i in range(len(ENCODER)))]
EVERY_PLACE += [Cursor(n, i + 1) for n in (1, 2, 3) for i in range(len(DECODER))]


@pytest.fixture
def session():
    return Session(lambda _text: FakeRun())


def at(session, place):
    session.cursor = place
    return session


def test_a_new_run_stands_before_its_first_record_and_executes_nothing(session):
    assert session.cursor == START
    assert session.here.record is None
    assert session.run.computed == -1


def test_a_decoder_only_run_starts_at_step_1():
    assert Session(lambda _text: FakeRun(first=1)).cursor == Cursor(1, 0)


def test_restart_hands_on_the_text_and_goes_to_the_start():
    texts = []
    session = Session(lambda _text: texts.append(_text) or FakeRun())
    session.token()
    assert session.restart("hello").reason == "start"
    assert (session.cursor, texts) == (START, [None, "hello"])


def test_stepping_visits_every_record_in_order(session):
    seen = [session.step().cursor for _ in EVERY_PLACE[1:]]
    assert seen == EVERY_PLACE[1:]


def test_stepping_computes_no_step_before_it_is_entered(session):
    for _ in ENCODER:
        session.step()
    assert session.run.computed == 0
    session.step()
    assert session.run.computed == 1


def test_at_the_end_every_motion_says_so_and_stays(session):
    at(session, END)
    for motion in (session.step, session.next, session.finish, session.token):
        assert motion()[:3] == ("end", END, session.here.record)


def test_at_the_start_every_motion_back_says_so_and_stays(session):
    for motion in (session.step_back, session.next_back, session.finish_back, session.token_back, session.proceed_back):
        assert motion()[:3] == ("start", START, None)


@pytest.mark.parametrize("place", EVERY_PLACE)
@pytest.mark.parametrize("n", [1, 2, 5, 20])
def test_n_steps_and_n_steps_back_lead_back(session, place, n):
    at(session, place)
    made = [session.step().reason for _ in range(n)].count("step")
    for _ in range(made):
        session.step_back()
    assert session.cursor == place


@pytest.mark.parametrize("place", EVERY_PLACE)
def test_every_motion_goes_forward_and_its_reverse_back(session, place):
    for motion in (session.step, session.next, session.finish, session.token):
        at(session, place)
        assert motion().cursor > place or place == END
    for motion in (session.step_back, session.next_back, session.finish_back, session.token_back):
        at(session, place)
        assert motion().cursor < place or place == START


def test_any_walk_stays_within_the_run(session):
    walk = random.Random(1)
    motions = (session.step, session.next, session.finish, session.token)
    motions += (session.step_back, session.next_back, session.finish_back, session.token_back)
    for _ in range(500):
        stop = walk.choice(motions)()
        assert stop.cursor in EVERY_PLACE
        assert stop.record is session.here.record


def test_next_goes_over_scopes(session):
    addresses = [session.next().record.address for _ in range(4)]
    assert addresses == ["encoder.0.ffn.norm", "decoder.0.cross_attn.norm", "logits", "choice.probs"]


def test_next_back_goes_over_scopes(session):
    at(session, Cursor(1, 6))
    assert session.next_back().record.address == "decoder.0.cross_attn.norm"
    assert session.next_back().record.address == "encoder.0.ffn.norm"
    assert session.next_back().reason == "start"


def test_finish_and_its_reverse_frame_a_scope(session):
    at(session, Cursor(1, 2))
    assert session.finish().record.address == "decoder.0.self_attn.norm"
    assert session.finish_back().record.address == "decoder.embed.tokens"


def test_token_stops_on_the_last_record_of_each_step(session):
    assert [session.token().cursor for _ in range(3)] == [Cursor(n, len(DECODER)) for n in (1, 2, 3)]
    assert session.token().reason == "end"


def test_token_within_a_step_goes_to_its_end(session):
    assert at(session, Cursor(2, 3)).token().cursor == Cursor(2, len(DECODER))


def test_token_back_goes_by_tokens_to_the_start(session):
    at(session, END)
    assert [session.token_back().cursor for _ in range(3)] == [Cursor(2, 8), Cursor(1, 8), START]


def test_proceed_yields_each_token_and_then_the_end(session):
    assert [stop.reason for stop in session.proceed()] == ["token"] * 3 + ["end"]


def test_until_finds_the_next_occurrence_in_this_step_or_the_next(session):
    address = parse("dec.0.cross.weights")
    assert [session.until(address).cursor for _ in range(3)] == [Cursor(n, 4) for n in (1, 2, 3)]
    with pytest.raises(AddressError, match="does not come again"):
        session.until(address)
    assert session.cursor == Cursor(3, 4)


def test_until_takes_globs_and_steps(session):
    assert session.until(parse("**.weights")).cursor == Cursor(0, 4)
    assert session.until(parse("@3:logits")).cursor == Cursor(3, 6)


def test_until_a_name_that_does_not_exist(session):
    with pytest.raises(AddressError, match="did you mean"):
        session.until(parse("wieghts"))
    assert session.cursor == START


def test_goto_goes_ahead_and_back(session):
    assert session.goto(parse("@3:logits")).cursor == Cursor(3, 6)
    assert session.goto(parse("@1#2")).cursor == Cursor(1, 2)
    assert session.goto(parse("@2")).cursor == Cursor(2, len(DECODER))
    assert session.goto(parse("enc.emb.tok")).cursor == Cursor(0, 1)
    with pytest.raises(AddressError):
        session.goto(parse("@9:logits"))


def test_an_interrupt_leaves_the_cursor_where_it_was(session):
    session.token()
    session.run.interrupted_at = 2
    with pytest.raises(KeyboardInterrupt):
        session.token()
    assert session.cursor == Cursor(1, len(DECODER))
    session.run.interrupted_at = None
    assert session.token().cursor == Cursor(2, len(DECODER))


def test_what_the_cursor_has_not_reached_is_ahead(session):
    session.step()
    first, second = session.run.step(0).records[:2]
    assert not session.is_ahead(first)
    assert session.is_ahead(second)
    session.token()
    session.proceed_back()
    assert not session.is_ahead(second)


def test_tokens_are_those_chosen_up_to_the_cursor(session):
    at(session, Cursor(2, 1))
    session.run.step(3)
    assert [token.piece for token in session.tokens] == ["word1"]
    session.token()
    assert [token.piece for token in session.tokens] == ["word1", "word2"]
