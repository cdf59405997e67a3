"""Checks of the state: what makes each hold, and what comes near and does not."""

import io
from contextlib import suppress

import pytest

from commands.execute import execute
from commands.learning.checks import WORDS, Seen, read_check
from commands.output.present import Look, TextPresenter
from tracer.errors import ExpectationError, TraceError

CROSS, HEADS, SELF = "@1:dec.0.cross.weights", "@1:dec.0.cross.heads", "dec.0.self.weights"

ABLATED, UNMASKED = "ablate dec.0.cross.h1", "mask dec.*.self none"

STATES = [
    # check, what was done before the step, ways to make it hold, what comes near and does not
    (
        "at enc.0.self.scores",
        (),
        ["goto enc.0.self.scores", "s 7"],
        ["s 6", "goto @1:dec.0.self.scores", "p enc.0.self.scores"],
    ),
    ("at dec.0.cross.weights", (), ["goto @1:dec.0.cross.weights", "goto @3:dec.0.cross.weights"], ["goto @2"]),
    ("at @2:dec.0.cross.weights", (), ["goto @2:dec.0.cross.weights"], ["goto @1:dec.0.cross.weights"]),
    ("at @2", (), ["goto @2", "goto @2:logits"], ["goto @1", "t"]),
    ("at logits if step == 2", (), ["goto @2:logits"], ["goto @1:logits", "goto @2"]),
    (
        "reached @1:dec.0.cross.scores",
        (),
        ["goto @1:dec.0.cross.scores", "t", "s ; t ; back", "c"],
        ["goto @1:dec.0.cross.q", "s 9"],
    ),
    ("reached dec.0.cross.scores", (), ["t", "goto @2:dec.0.cross.scores"], ["s", f"p {CROSS}"]),
    ("reached @1", ("t",), ["where"], ["run"]),
    (
        f"shown {CROSS}[h0]",
        (f"p {CROSS}[h0]",),
        [f"{look} {CROSS}{cut}" for look in ("p", "view", "display") for cut in ("", "[h0]", "[0, :]")],
        [
            "where",
            f"p {CROSS}[h0, 0, 0]",
            f"p {CROSS}[h1]",
            f"p/s {CROSS}",
            f"p max({CROSS})",
            "p @2:dec.0.cross.weights[h0]",
            f"p {CROSS} ; run",
        ],
    ),
    (
        f"alone {CROSS}[h0, 0]",
        (),
        [f"p {CROSS}[h0, 0]", f"p {CROSS}[0, 0, :]"],
        [f"p {CROSS}", f"p {CROSS}[h0, 0, 1]", "where"],
    ),
    (
        f"shown {CROSS}[h0]",
        (),
        [f"p {CROSS}[0, 0, :2] ; where ; p {CROSS}[0, 0, 2:]"],
        [f"p {CROSS}[0, 0, :2]", f"p {CROSS}[0, 0, :2] ; p {CROSS}[1, 0, 2:]"],
    ),
    (
        "shown dec.0.self.weights[h0, 2]",
        (),
        [f"p @1:{SELF} ; p @3:{SELF}"],
        [f"p @1:{SELF}", f"p @2:{SELF} ; p @3:{SELF}[h0, 1]"],
    ),
    (f"shown {CROSS}[h0, 0, 1]", (), [f"p {CROSS}[h0, 0]", f"p {CROSS}[0, 0, 1]"], [f"p {CROSS}[h0, 0, 0]"]),
    (f"shown {CROSS}[h0]", (f"goto {CROSS}",), ["p weights[h0]", "p weights", "v weights[h0]"], ["p weights[h1]"]),
    ("shown weights[h0]", (f"goto {CROSS}",), ["p weights[h0]", f"p {CROSS}"], ["p weights[h1]"]),
    (
        f"explained {CROSS}[h0, 0]",
        (f"why {CROSS}[h0, 0, 1]",),
        [f"why {CROSS}[h0, 0, 1]", f"why {CROSS}[h0, 0, 1] -d 2"],
        [f"why {CROSS}[h1, 0, 1]", f"p {CROSS}", "why @1:dec.0.cross.heads[h0, 0, 0] -d 2"],
    ),
    (
        "breakpoint dec.0.cross.weights",
        (),
        [f"{stop} dec.0.cross.weights" for stop in ("b", "tb")]
        + [
            "b op:softmax",
            "b dec.0.cross.weights if max(weights) > .9",
            f"b {CROSS}",
            "catch max(dec.0.cross.weights) > .9",
        ],
        ["b dec.0.self.weights", "b enc.0.self.weights", "tb dec.0.cross.weights ; c"]
        + [f"b dec.0.cross.weights ; {undo}" for undo in ("disable 1", "delete 1")],
    ),
    ("breakpoint choice", ("goto @2",), ["watch argmax(dec.0.cross.weights[h0, -1])"], ["where"]),
    ("breakpoint @2:logits", (), ["b @2:logits", "b logits", "goto @3 ; b logits"], ["b @1:logits"]),
    (
        "hit dec.0.cross.weights",
        (),
        ["b dec.0.cross.weights ; c", "tb dec.0.cross.weights ; c", "b op:softmax ; c 3"],
        [
            f"goto {CROSS}",
            f"b dec.0.cross.weights ; goto {CROSS}",
            "b dec.0.cross.weights ; c ; s",
            "b dec.0.self.weights ; c",
        ],
    ),
    ("setting strategy beam", (), ["set strategy beam", "set strat sample ; set strat beam"], ["set strategy sample"]),
    ("setting cache on", (), ["set cache on"], ["set cache off", "show cache"]),
    ("setting decimals 5", ("set decimals 5",), ["set decimals 5"], ["where", "show decimals"]),
    ("setting decimals 5", (), ["set decimals 5"], ["set decimals 4", "set decimals 5 ; set decimals 3"]),
    ("text", (), ["run 你爱我", "run 我们爱你"], ["run", "run 我爱你", "run 你爱我 ; run 我爱你"]),
    ("text 你爱我", (), ["run 你爱我"], ["run 我们爱你"]),
    ("model", (), ["model zh-en"], ["run", "model zh-en ; model zh-en-tiny"]),
    ("model zh-en", (), ["model zh-en"], ["run"]),
    ("result verify", ("verify",), ["verify", "verify ; s"], ["check port.safetensors", "where", "verify ; run"]),
    ("result check port.safetensors", (), ["check port.safetensors"], ["check", "verify"]),
    (
        "result backward sum(logits)",
        ("t",),
        ["backward sum(logits)", "backward sum( logits )"],
        ["backward max(logits)"],
    ),
    ("result mask dec.*.self none", (), [f"{UNMASKED}", f"{UNMASKED} ; s"], ["mask dec.*.self causal", "mask"]),
    ("result set tensor @1:q = 0", ("goto @1:dec.0.self.q",), ["set tensor @1:q=0"], ["set tensor @1:q = 1"]),
    ("result ablate", (), [ABLATED, f"{ABLATED} ; ablate dec.0.ffn"], [f"{ABLATED} ; run"]),
    (f"shown r0{HEADS}", (ABLATED,), [f"p r0{HEADS}", f"switch r0 ; p {HEADS} ; switch r1"], [f"p {HEADS}"]),
    (f"shown {CROSS}", (), [f"p {CROSS}", f"p {CROSS} ; {ABLATED} ; undo"], [f"p {CROSS} ; {ABLATED}"]),
    ("at grad.logits", ("t", "backward sum(logits)"), ["goto grad.logits"], ["goto logits"]),
    ("shown grad.logits[0]", ("t", "backward sum(logits)"), ["p grad.logits"], ["p logits"]),
    ("explained grad.probs[0, 0]", ("t", "backward max(probs)"), ["why grad.probs[0, 0]"], ["why probs[0, 0]"]),
    (
        "branch",
        (),
        [ABLATED, UNMASKED, "mistake no_scale"],
        ["run", f"{ABLATED} ; undo", "sweep ablate over dec.0.cross.h* measure kl"],
    ),
    ("branch", (ABLATED,), ["ablate dec.0.ffn"], ["where", "switch r0 ; switch r1"]),
    ("branch r0", (ABLATED,), ["switch r0 ; ablate dec.0.ffn"], ["ablate dec.0.ffn"]),
    ("current r0", (ABLATED,), ["undo", "switch r0"], ["where", UNMASKED]),
    (
        "edited dec.0.cross.h1",
        (),
        [ABLATED, "set tensor @2:dec.0.cross.heads[h1] = 0", "ablate dec.0.cross.h*"],
        ["ablate dec.0.cross.h0", "set tensor @2:dec.0.cross.heads[h1, 0, 0] = 0", f"{ABLATED} ; undo"],
    ),
    ("edited @2:dec.0.self.mask", (), [UNMASKED, "mask @2:dec.0.self shift 1"], ["mask @1:dec.0.self none", ABLATED]),
    ("edited dec.0.self.scores", (), ["mistake no_scale"], ["mistake no_causal"]),
    ("changed @1:logits", (), [ABLATED, f"{UNMASKED} ; {ABLATED}"], [f"{ABLATED} ; {UNMASKED}", "run 你爱我"]),
    ("changed text", (), [ABLATED], ["mistake no_scale", "run 你爱我", "where"]),
    ("unchanged text", (), ["mistake no_scale"], [ABLATED, "where"]),
    ("unchanged enc.0.output", (), [ABLATED], ["ablate enc.0.ffn", "where"]),
    ("changed decoder.embed.weight", ("t", "backward sum(logits)"), ["descend .1"], ["descend 1e-30", "where"]),
    ('token == "▁love"', (), ["goto @2", "goto @2:logits"], ["t", "goto @3"]),
    ('text == "i love"', (), ["t 2", "goto @2"], ["t", "goto @2:logits"]),
    ("max(scores) > 1", (), ["goto enc.0.self.scores"], ["goto @1", "p enc.0.self.scores"]),
]


def each(place):
    """Every check with what was done before and every one of the ways at a place of `STATES`."""
    return [(state[0], state[1], way) for state in STATES for way in state[place]]


@pytest.fixture
def holds(session):
    """Whether a check holds after lines, by what was seen of one who came after what was done before them."""
    presenter = TextPresenter(io.StringIO(), Look(100, "never"))

    def do(line):
        with suppress(ExpectationError):
            execute(line, session, presenter)

    def asked(check, before, way):
        for line in before:
            do(line)
        seen = Seen(session)
        assert not read_check(check, 1).holds(seen) or check.startswith("reached")
        for line in way.split(" ; "):
            do(line)
        return read_check(check, 1).holds(seen)

    return asked


def test_every_word_is_tested():
    assert WORDS.keys() <= {check.partition(" ")[0] for check, *_lines in STATES}


@pytest.mark.parametrize(("check", "before", "way"), each(2))
def test_any_way_makes_it_hold(holds, check, before, way):
    assert holds(check, before, way) is True


@pytest.mark.parametrize(("check", "before", "way"), each(3))
def test_what_comes_near_does_not(holds, check, before, way):
    assert holds(check, before, way) is False


def test_a_script_is_watched_line_by_line(holds, tmp_path):
    script = tmp_path / "look.tx"
    script.write_text(f"s\np {CROSS}[h0]\n")
    assert holds(f"shown {CROSS}[h0]", (), f"source {script}") is True


def test_what_a_breakpoint_shows_is_seen(holds):
    before = ("b dec.0.cross.weights", "commands 1\np weights\nend")
    assert holds(f"shown {CROSS}[h0]", before, "c") is True


def test_what_can_not_be_worked_out_does_not_hold_and_says_why(session):
    seen = Seen(session)
    check = read_check("max(bogus) > 1", 1)
    assert check.holds(seen) is False
    assert "nothing is recorded at bogus" in check.trouble(seen)
    assert read_check("step == 1", 1).trouble(seen) == ""


@pytest.mark.parametrize("text", ["shown", "at", "at q if", "setting", "setting cache", "result", "hit [", "1 +"])
def test_half_a_check_is_none(text):
    with pytest.raises(TraceError):
        read_check(text, 1)
