"""`diff`, `until diff` and kl, in a session of two runs."""

import json

import pytest
from kept import kept_of
from transcript import error_of, lines

import tracer
from commands.completion import completions

TEXT, OTHER = "他昨天去了北京", "我喜欢茶"


@pytest.fixture
def two(session, model):
    """The runs of a session, of which the first is the current one."""
    session.restart(TEXT)
    session.runs.add(tracer.trace(model, OTHER))
    return session.runs


def test_tokens_stand_beside_each_other_with_what_is_said_of_them(play, two):
    shown = lines(play("diff r0 r1"))
    assert shown[0].split() == ["r0", *two[0].text.split()]
    assert shown[1].split() == ["r1", *two[1].text.split()]
    assert shown[2].split() == ["r0", "r1", "KL", "log", "p,", "r0", "log", "p,", "r1"]
    (parted,) = [line for line in shown if line.endswith("they part here")]
    assert '1 "▁he"' in parted
    assert '1 "▁i"' in parted
    (met,) = [line for line in shown if line.endswith("they meet again")]
    assert met.count('"</s>"') == 2


def test_records_are_a_line_each_and_equal_ones_are_folded(play, two):
    shown = lines(play("diff r0 r1"))
    start = next(n for n, line in enumerate(shown) if line.startswith("r0@1 beside r1@1: "))
    assert shown[start].endswith(f"of {len(two[0].step(1))} records differ")
    assert shown[start + 2].strip() == "… 16 equal"
    assert shown[start + 3].split()[0] == "decoder.0.cross_attn.k"
    assert shown[start + 6].split()[:2] == ["decoder.0.cross_attn.mask", "0"]


@pytest.mark.usefixtures("two")
def test_ids_that_were_chosen_are_told_by_their_tokens_and_have_no_size(play):
    (row,) = [line.split() for line in lines(play("diff r0 r1")) if line.split()[0] == "choice"]
    assert row[-2:] == ['"▁he"', '"▁i"']
    assert not any("e+" in word for word in row)


@pytest.mark.usefixtures("two")
def test_it_is_the_cursors_step_where_the_cursor_stands_in_one(play):
    assert "r0@2 beside r1@2: " in play("token 2", "diff 1")
    assert "r0@1 beside r1@1: " in play("rc", "diff 1")


def test_programs_read_every_token_and_every_record(objects, two):
    (found,) = objects("diff 0 1")
    assert (found["kind"], found["a"], found["b"]) == ("diff", "r0", "r1")
    first = found["steps"][0]
    assert (first["step"], first["token_a"], first["token_b"]) == (1, "▁he", "▁i")
    assert first["kl"] == pytest.approx(tracer.diff(*two.values()).steps[0].kl)
    assert [record["address"] for record in found["records"]] == [f"@1:{record.address}" for record in two[0].step(1)]
    assert {"largest", "relative", "cell"} <= found["records"][0].keys()


def test_an_address_shows_what_is_added_with_both_tokens(play, objects, two):
    shown = play("token", "diff 1 dec.0.cross.k[h0, 0]", "diff 1 enc.0.self.weights[h0]")
    assert "r1@1:decoder.0.cross_attn.k[h0, 0] - r0@1:decoder.0.cross_attn.k[h0, 0]" in shown
    found = objects("diff r1 logits[0]")[-1]
    assert (found["kind"], found["address"]) == ("tensor", "r1@1:logits[0] - r0@1:logits[0]")
    assert found["values"] == (two[1][1]["logits[0]"].array - two[0][1]["logits[0]"].array).tolist()


@pytest.mark.usefixtures("two")
def test_several_records_are_a_line_each(play):
    shown = lines(play("token", "diff r1 **.weights"))
    assert shown[1] == "r0@1 beside r1@1: 1 of 2 records differ"


@pytest.mark.usefixtures("two")
def test_until_diff_goes_to_the_next_record_that_differs(play, session):
    play("goto @1#1", "until diff r1")
    assert session.here.record.address == "decoder.0.cross_attn.k"
    play("until diff r0 r1")
    assert session.here.record.address == "decoder.0.cross_attn.v"


@pytest.mark.usefixtures("two")
def test_until_diff_stops_at_breakpoints_on_the_way(play, session):
    play("goto @1#1", "break dec.0.self.weights", "until diff r1")
    assert session.here.record.address == "decoder.0.self_attn.weights"


def test_a_small_change_is_written_with_powers_of_ten(play, two):
    two.put(1, tracer.trace(tracer.load("zh-en-tiny"), TEXT))
    assert "e-0" in play("diff 1 @1:logits")


def test_what_was_kept_of_a_run_is_held_against_it(play, two):
    two.put(1, kept_of(two[0].decode()))
    shown = lines(play("diff 0 1"))
    assert "both say the same" in shown
    assert shown[-1] == f"r0@6 beside r1@6: {len(two[0].step(6))} records, all equal"


def test_kl_is_that_of_the_steps(objects, two):
    steps = tracer.diff(*two.values()).steps
    one, every = (found["data"]["value"] for found in objects("token", "p kl(r0, r1)", "p @*:kl(r0, r1)")[-2:])
    assert one == every[0] == pytest.approx(steps[0].kl)
    assert len(every) == min(len(run.tokens) for run in two.values())
    assert json.loads(json.dumps(every))


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("diff", "r0 is a branch of no run here; name the run to hold it against: diff B, as in diff r0"),
        ("diff r7", "there is no run r7; there are r0, r1"),
        ("diff first", "'first' names no run; write [A] B, as in r0 r1, the runs in the order of the session"),
        ("diff 1 nothing", "nothing is recorded at nothing"),
        ("diff 1 @9:logits", "no step of r1 stands beside @9 of r0"),
        ("diff 1 r1@1:logits", "r1@1:logits names a run, and the runs stand before it; write @1:logits"),
        ("until diff 0", "nothing differs between r0 and r0 after the cursor"),
        ("until diff 1 1", "the cursor moves in r0, and that is neither of the two"),
        ("p kl(r0, 1)", "column 1: kl is written kl(RUN, RUN[, POSITION]), e.g. @2:kl(r0, r1)"),
        ("p kl(r0, r7)", "column 1: there is no run r7; there are r0, r1"),
    ],
)
@pytest.mark.usefixtures("two")
def test_what_cannot_be_compared_is_said_in_a_sentence(play, command, message):
    assert error_of(play, "token", command) == message


@pytest.mark.usefixtures("two")
def test_runs_and_addresses_are_offered(session):
    texts = [found.text for found in completions("diff r0 r", session)]
    assert texts[:2] == ["r0", "r1"]
    assert "decoder." in [found.text for found in completions("diff r1 @1:dec", session)]
    assert [found.text for found in completions("until diff ", session)] == ["r0", "r1"]
    assert "diff" in [found.text for found in completions("until d", session)]


@pytest.mark.parametrize("form", ["markdown", "html", "svg"])
@pytest.mark.usefixtures("two")
def test_documents_have_tokens_and_records(play, form):
    shown = play("diff 0 1", output=form)
    assert "beside" in shown
    assert "part" in shown
    assert "1.3e+00" in shown


def test_alone_it_holds_a_branch_against_the_run_it_is_of(play):
    assert "r0@1 beside r1@1: " in play("token", "set tensor dec.0.ffn.output[0] = 0", "diff")


def test_alone_where_there_is_no_branch_it_says_what_to_name(play, capsys):
    play("token", "diff")
    assert "r0 is a branch of no run here; name the run to hold it against" in capsys.readouterr().err
