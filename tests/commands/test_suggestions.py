"""What is suggested for a mistyped name: what is near, and nothing else. One rule for all that has a name."""

import pytest
from transcript import error_of

import tracer
from commands.learning.course import names
from commands.registry import catalogue
from commands.settings import SETTINGS
from tracer import ops
from tracer.addresses import suggestion
from tracer.debugger.expressions import DISTRIBUTION, FUNCTIONS, VARIABLES
from tracer.slips import slips


@pytest.fixture(scope="module")
def known():
    run = tracer.trace(tracer.load("zh-en"), "我爱你", max_tokens=2)
    return {
        "address": [*run[0].tape.addresses, *run[1].tape.addresses],
        "parameter": run.model.named.names,
        "command": list(catalogue()),
        "setting": list(SETTINGS),
        "lesson": [name.partition("-")[2] for name in names()],
        "operation": list(ops.catalogue()),
        "function": [*FUNCTIONS, *DISTRIBUTION, *VARIABLES],
        "model": ["zh-en", "zh-en-tiny", "zh-en-unmasked"],
    }


NEAR = {
    "address": {
        "decoder.0.cross_attn.wieghts": "decoder.0.cross_attn.weights",
        "dec.0.cross.wieghts": "decoder.0.cross_attn.weights",
        "dec.1.corss.weights": "decoder.1.cross_attn.weights",
        "dec.2.slef.scores": "decoder.2.self_attn.scores",
        "enc.1.self.wieghts": "encoder.1.self_attn.weights",
        "decoder.2.cross_attn.wights": "decoder.2.cross_attn.weights",
        "decdoer.1.ffn.norm": "decoder.1.ffn.norm",
        "dec.1.fnn.norm": "decoder.1.ffn.norm",
        "dec.1.ffn.nrom": "decoder.1.ffn.norm",
        "decoder1.ffn.norm": "decoder.1.ffn.norm",
        "decoder.1.crossattn.scores": "decoder.1.cross_attn.scores",
        "Decoder.1.FFN.norm": "decoder.1.ffn.norm",
        "logitss": "logits",
        "logts": "logits",
        "porbs": "probs",
        "choice.logist": "choice.logits",
    },
    "parameter": {
        "decoder.1.ffn.hidden.wieght": "decoder.1.ffn.hidden.weight",
        "dec.2.cross.output.wight": "decoder.2.cross_attn.output.weight",
        "decoder.embed.wegiht": "decoder.embed.weight",
    },
    "command": {
        "stpe": "step",
        "nxt": "next",
        "pirnt": "print",
        "prnt": "print",
        "braek": "break",
        "conitnue": "continue",
        "cotn": "continue",
        "tokne": "token",
        "cacth": "catch",
        "watchh": "watch",
        "hlep": "help",
        "PRINT": "print",
        "bookmrak": "bookmark",
        "epxect": "expect",
        "formual": "formula",
    },
    "setting": {
        "colour": "color",
        "decmals": "decimals",
        "tempreature": "temperature",
        "topp": "top-p",
        "top_k": "top-k",
        "maxtokens": "max-tokens",
        "lenght-penalty": "length-penalty",
        "stratgy": "strategy",
    },
    "lesson": {"sofmax": "softmax", "embeding": "embedding", "chache": "cache", "cross-attenion": "cross-attention"},
    "operation": {"softmx": "softmax", "layernorm": "layer_norm", "liner": "linear"},
    "function": {"entrpy": "entropy", "argmx": "argmax", "sofmax": "softmax", "tokn": "token", "maxx": "max"},
    "model": {"zh-enn": "zh-en", "zh-en-tinny": "zh-en-tiny", "zhen-tiny": "zh-en-tiny"},
}
FAR = {
    "address": [
        "foo",
        "x",
        "q1",
        "dec.0.foo",
        "dec.9.cross.weights",
        "dec.0.cross.attention",
        "hidden_states",
        "dec.0.x",
    ],
    "parameter": ["decoder.7.ffn.hidden.weight", "model.weight.foo", "decoder.1.ffn.hidden.gamma"],
    "command": ["foo", "qux", "exit", "hello", "xyz", "ls", "weights", "你好", "i love you", "jump"],
    "setting": ["foo", "velocity", "x", "palette", "background"],
    "lesson": ["foo", "torch", "rnn", "history"],
    "operation": ["foo", "conv", "relu6x", "attention"],
    "function": ["open", "eval", "foo", "__import__", "len", "print"],
    "model": ["gpt2", "en-zh-large", "foo", "./nowhere"],
}


@pytest.mark.parametrize(
    ("kind", "typed", "meant"), [(k, *pair) for k, pairs in NEAR.items() for pair in pairs.items()]
)
def test_what_is_near_is_suggested(known, kind, typed, meant):
    assert suggestion(typed, known[kind]) == meant


@pytest.mark.parametrize(("kind", "typed"), [(kind, typed) for kind, all_typed in FAR.items() for typed in all_typed])
def test_what_is_far_is_not(known, kind, typed):
    assert suggestion(typed, known[kind]) is None


def test_no_other_name_is_nearer_than_the_one_suggested(known):
    for kind, pairs in NEAR.items():
        for typed, meant in pairs.items():
            assert all((n := slips(typed, name)) is None or n >= slips(typed, meant) for name in known[kind])


def test_every_slip_in_a_name_is_found_and_no_other_name_suggested(known):
    """A letter left out of the middle of each command, setting and lesson."""
    for kind in ("command", "setting", "lesson"):
        for name in known[kind]:
            middle = len(name) // 2
            typed = name[:middle] + name[middle + 1 :]
            if len(typed) > 4 and typed not in known[kind]:
                assert suggestion(typed, known[kind]) == name


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("p wieghts", "did you mean decoder.0.cross_attn.weights?"),
        ("p dec.0.self.wieghts", "did you mean decoder.0.self_attn.weights?"),
        ("p tokn", "did you mean token?"),
        ("p 1 + entropi", "did you mean entropy(…)?"),
        ("p logts", "did you mean logits?"),
        ("p r0:logts", "did you mean logits?"),
        ("p foo", "nothing is recorded at foo"),
        ("goto tokne", "nothing is recorded at tokne; did you mean decoder.embed.tokens?"),
    ],
)
def test_one_thing_is_suggested_in_an_expression(play, line, hint):
    message = error_of(play, "goto @1:dec.0.cross.scores", line)
    assert message.endswith(hint)
    assert message.count("?") == message.count("did you mean")
