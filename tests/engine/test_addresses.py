import random

import pytest

from tracer.addresses import (
    Address,
    At,
    Index,
    Label,
    Span,
    matching,
    parse,
    parse_selectors,
    resolve,
    suggestion,
    written,
)
from tracer.errors import AddressError

NAMES = [
    "decoder.embed.output",
    "decoder.0.self_attn.scores",
    "decoder.0.self_attn.weights",
    "decoder.0.cross_attn.scores",
    "decoder.0.cross_attn.weights",
    "decoder.0.output",
    "decoder.10.output",
    "decoder.output",
    "logits",
    "choice.logits",
    "choice",
]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("logits", Address("logits")),
        ("@3", Address(step=3)),
        ("@3#12", Address(step=3, record=12)),
        ("#7", Address(record=7)),
        ("@0:encoder.output", Address("encoder.output", 0)),
        ("r1@3:logits[0]", Address("logits", 3, None, (Index(0),), run=1)),
        ("r0:logits", Address("logits", run=0)),
        ("r12#5", Address(record=5, run=12)),
        ("r0@2#5", Address(step=2, record=5, run=0)),
        ("r0@2.1", Address(step=2, beam=1, run=0)),
        ("r0", Address("r0")),
        ("r0.x", Address("r0.x")),
        ("dec.*.weights", Address("dec.*.weights")),
        ("**.weights", Address("**.weights")),
        ("w[h1]", Address("w", selectors=(Index(1, head=True),))),
        ("w[-1, 2:, :3, ::2]", Address("w", selectors=(Index(-1), Span(2), Span(None, 3), Span(None, None, 2)))),
        ('w["爱", "the"#2]', Address("w", selectors=(Label("爱"), Label("the", 2)))),
        (r'w["a\"]\\", 0]', Address("w", selectors=(Label('a"]\\'), Index(0)))),
        ("  logits [ 0 ] ", Address("logits", selectors=(Index(0),))),
    ],
)
def test_an_address_is_read(text: str, address: Address) -> None:
    assert parse(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "@",
        "@x:logits",
        "@3logits",
        ".logits",
        "a..b",
        "a-b",
        "a*",
        "logits[",
        "logits]",
        "@3:#x",
        "1a.b",
        "r0:",
        "r:x",
        "r1@",
        "r0:r1:x",
    ],
)
def test_what_is_no_address_says_what_one_looks_like(text: str) -> None:
    with pytest.raises(AddressError, match=r"expected \[rN\]\[@STEP:\]path\[selectors\]"):
        parse(text)


@pytest.mark.parametrize("text", ["x", '"open', "1 2", "1,,2", ",", "1,", "h", "hx", '"a"#0', "1.5", "0:1:2:3"])
def test_a_broken_selector_is_quoted(text: str) -> None:
    with pytest.raises(AddressError, match="does not parse; expected a number, a slice a:b, h1 or a label in quotes"):
        parse_selectors(text)


def test_a_slice_that_stands_still_is_refused() -> None:
    with pytest.raises(AddressError, match="can't advance by 0"):
        parse_selectors("::0")


def random_address(rng: random.Random) -> Address:
    """Any address with a path or a record number."""
    step, run = rng.choice([None, 0, rng.randrange(1000)]), rng.choice([None, 0, rng.randrange(20)])
    if rng.random() < 0.2:
        return Address("", step, rng.randrange(1, 500), random_selectors(rng), run=run)
    segments = [
        rng.choice(["decoder", "0", "12", "*", "**", "_x1", "self_attn", "K"]) for _ in range(rng.randint(1, 5))
    ]
    beam = rng.choice([None, rng.randint(0, 30)]) if step is not None else None
    return Address(".".join(segments), step, None, random_selectors(rng), beam, run)


def random_selectors(rng: random.Random) -> tuple[Index | Span | Label, ...]:
    def number() -> int | None:
        return rng.choice([None, rng.randint(-9, 99)])

    def selector() -> Index | Span | Label:
        characters = 'ab▁爱 ",]#:\\\n\tx4[é\u200d🙂h1'
        text = "".join(rng.choices(characters, k=rng.randint(0, 6)))
        kinds = (
            Index(rng.randint(-9, 99), rng.random() < 0.3),
            Span(number(), number(), rng.choice([None, 1, 2, -1])),
            Label(text, rng.randint(1, 3)),
        )
        return rng.choice(kinds)

    return tuple(selector() for _ in range(rng.randint(0, 4)))


def test_text_and_address_are_inverses() -> None:
    rng = random.Random(7)
    for address in (random_address(rng) for _ in range(2000)):
        assert parse(str(address)) == address


def test_any_text_is_an_address_or_an_error() -> None:
    rng = random.Random(8)
    for _ in range(5000):
        text = "".join(rng.choices('@#:.*[]",-h0123ab_ \\é', k=rng.randint(1, 12)))
        try:
            address = parse(text)
        except AddressError:
            continue
        assert isinstance(address, Address)


def test_a_glob_is_a_whole_segment() -> None:
    assert parse("decoder.*.weights").is_glob
    assert parse("**").is_glob
    assert not parse("decoder.0").is_glob


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("dec.0.cross.weights", "decoder.0.cross_attn.weights"),
        ("d.0.s.w", "decoder.0.self_attn.weights"),
        ("d.e.o", "decoder.embed.output"),
        ("decoder.o", "decoder.output"),
        ("log", "logits"),
        ("choice", "choice"),
        ("ch.log", "choice.logits"),
    ],
)
def test_segments_may_be_shortened(path: str, name: str) -> None:
    assert resolve(path, NAMES) == name


def test_an_exact_segment_beats_a_prefix() -> None:
    assert resolve("a.out", ["a.output", "a.out", "ab.out"]) == "a.out"
    assert resolve("a.o", ["ab.output", "a.output"]) == "a.output"


def test_a_layer_number_is_never_shortened() -> None:
    assert resolve("dec.1.out", [*NAMES, "decoder.1.output"]) == "decoder.1.output"
    with pytest.raises(AddressError):
        resolve("dec.1.out", NAMES)


def test_a_bare_name_is_looked_up_outwards() -> None:
    assert resolve("weights", NAMES, "decoder.0.cross_attn") == "decoder.0.cross_attn.weights"
    assert resolve("self_attn.weights", NAMES, "decoder.0.cross_attn") == "decoder.0.self_attn.weights"
    assert resolve("output", NAMES, "decoder.0.cross_attn") == "decoder.0.output"
    assert resolve("logits", NAMES, "choice") == "choice.logits"
    assert resolve("logits", NAMES, "decoder.0.cross_attn") == "logits"
    assert resolve("wei", NAMES, "decoder.0.self_attn") == "decoder.0.self_attn.weights"


def test_globs_match_in_the_order_of_the_names() -> None:
    assert matching("dec.0.*.weights", NAMES) == ["decoder.0.self_attn.weights", "decoder.0.cross_attn.weights"]
    assert matching("**.output", NAMES) == [
        "decoder.embed.output",
        "decoder.0.output",
        "decoder.10.output",
        "decoder.output",
    ]
    assert matching("decoder.**", NAMES) == NAMES[:8]
    assert matching("**", NAMES) == NAMES
    assert matching("*", NAMES) == ["logits", "choice"]
    assert matching("*.weights", NAMES) == []


def test_what_names_several_lists_them() -> None:
    with pytest.raises(
        AddressError, match=r"dec\.0\.\*\.weights is ambiguous: decoder\.0\.self_attn\.weights, decoder\.0\.c"
    ):
        resolve("dec.0.*.weights", NAMES)
    with pytest.raises(AddressError, match="…"):
        resolve("**", NAMES)


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("decoder.0.cross_attn.wieghts", "decoder.0.cross_attn.weights"),
        ("decoder.0.self_attn.scroes", "decoder.0.self_attn.scores"),
        ("logit_s", "logits"),
    ],
)
def test_what_names_nothing_suggests_the_nearest(path: str, nearest: str) -> None:
    with pytest.raises(AddressError, match=f"nothing is recorded at {path}; did you mean {nearest}\\?"):
        resolve(path, NAMES)


def test_what_is_like_nothing_suggests_nothing() -> None:
    assert suggestion("zzz", NAMES) is None
    with pytest.raises(AddressError, match=r"nothing is recorded at zzz$"):
        resolve("zzz", NAMES)


@pytest.mark.parametrize(
    ("path", "at", "index", "text"),
    [
        ("decoder.0.output", At(3), (), "@3:decoder.0.output"),
        ("probs", At(2, 1), (0, 7), "@2.1:probs[0,7]"),
        ("decoder.embed.weight", None, (4,), "decoder.embed.weight[4]"),
        ("choice", None, (), "choice"),
    ],
)
def test_what_is_recorded_is_written_as_its_address_is_read(path, at, index, text):
    assert written(path, at, index) == text
    assert parse(text) == Address.of(path, at, index)
    assert Address.of(path, at, index).at == at
