from pathlib import Path

import pytest

from commands.grammar.parsing import parse_line, usage
from commands.keyboard import understood
from commands.registry import UnknownCommandError, lookup
from tracer.addresses import Address, Index
from tracer.errors import AddressError, ExpressionError, InputError


def parsed(line):
    call = parse_line(line)
    return call.command.name, call.arguments


@pytest.mark.parametrize(
    ("line", "name", "arguments"),
    [
        ("step", "step", {}),
        ("s 3", "step", {"n": 3}),
        ("  t   12 ", "token", {"n": 12}),
        ("run", "run", {}),
        ("run 我 爱 你", "run", {"text": "我 爱 你"}),
        ('run "quoted"', "run", {"text": "quoted"}),
        ('run  " a  "  ', "run", {"text": " a  "}),
        (r'run "a\nb\\n\t\"c\" \u3000\d"', "run", {"text": 'a\nb\\n\t"c" \u3000\\d'}),
        ('run "a | b > c"', "run", {"text": "a | b > c"}),
        ('run ""', "run", {"text": ""}),
        (r'run "a", he said\n', "run", {"text": r'"a", he said\n'}),
        ('run "', "run", {"text": '"'}),
        ("goto @3#4", "goto", {"location": Address(step=3, record=4)}),
        ("why weights [h1, 0]", "why", {"cell": Address("weights", selectors=(Index(1, True), Index(0)))}),
        ("i mod", "info", {"subject": "model"}),
        ("help step", "help", {"name": "step"}),
    ],
)
def test_lines_are_read_by_the_signature(line, name, arguments):
    assert parsed(line) == (name, arguments)


@pytest.mark.parametrize(
    ("line", "flags"),
    [
        ("p x", {}),
        ("p/a x", {"whole": True}),
        ("print /a /5 x", {"whole": True, "decimals": 5}),
        ("p/s x / y", {"short": True}),
    ],
)
def test_flags_come_first(line, flags):
    name, arguments = parsed(line)
    expression = arguments.pop("expression")
    assert (name, arguments) == ("print", flags)
    assert expression.text in ("x", "x / y")


@pytest.mark.parametrize(
    ("line", "file", "rest"),
    [
        ('step 2 > "out.txt"', "out.txt", {"n": 2}),
        ("step 2 > out.txt", "out.txt", {"n": 2}),
        ("list >out.txt", "out.txt", {}),
        ('run 我爱你 > "a b.txt"', "a b.txt", {"text": "我爱你"}),
        ('why w[h0, ">"] > out', "out", {"cell": parse_line('why w[h0, ">"]').arguments["cell"]}),
    ],
)
def test_what_a_command_shows_may_go_to_a_file(line, file, rest):
    call = parse_line(line)
    assert (call.file, call.arguments) == (Path(file), rest)


def test_in_an_expression_only_a_quoted_file_is_one():
    assert parse_line("p x > y").file is None
    call = parse_line('p x > y > "z.txt"')
    assert (call.file, call.arguments["expression"].text) == (Path("z.txt"), "x > y")
    assert parse_line('p w[">"]').file is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ｐ　ｗ［ｈ０，“爱”］。", 'p w[h0,"爱"]'),
        ("p w【h0，１】×２－max（x）÷３", "p w[h0,1]*2-max(x)/3"),
        ("p 3。14 − 1·2", "p 3.14 - 1*2"),
        ("p／s dec。0。cross。weights", "p/s dec.0.cross.weights"),
        ('p prob("，")', 'p prob("，")'),
        ("p prob(“，（１”)", 'p prob("，（１")'),
        ("p ￥1 ＞ 2", "p $1 > 2"),
        ("s ３。", "s 3"),
        ("why 2 ——all", "why 2 --all"),
        ("退出。", "quit"),
        ("i ｔｅｎｓｏｒｓ dec.*.q by －std", "i tensors dec.*.q by -std"),
        ("p x ＞ “a，b.txt”", 'p x > "a，b.txt"'),
        ("p x ｜ grep ，", "p x | grep ，"),
        ("step 2 > 我，的.txt", 'step 2 > "我，的.txt"'),
        ("run “我爱你”", "run 我爱你"),
    ],
)
def test_what_a_chinese_keyboard_types_is_understood(typed, meant):
    there, here = parse_line(typed), parse_line(meant)
    assert (there.command, there.file, there.program) == (here.command, here.file, here.program)
    assert {k: str(v).split(" at 0x")[0].rstrip() for k, v in there.arguments.items()} == {
        k: str(v).split(" at 0x")[0].rstrip() for k, v in here.arguments.items()
    }


@pytest.mark.parametrize("text", ["我爱你，你好。", "他说：“你好！”（１）", "读《红楼梦》 “好”"])
def test_a_text_stays_as_it_is_typed(text):
    assert parsed(f"run {text}")[1] == {"text": text}


@pytest.mark.parametrize("text", ["p ｗ［ｈ０，“爱”］。", "“", "“爱", '"，', "。", "a。b。 c。"])
def test_no_character_moves(text):
    assert len(understood(text)) == len(text)


def test_columns_are_those_of_what_was_typed():
    with pytest.raises(ExpressionError, match="column 11: this bracket was never opened"):
        parse_line("p max（ｘ，“爱”）））")


def test_what_presents_the_results_is_handed_and_not_typed():
    assert [usage(lookup(name)) for name in ("source", "learn")] == ["source FILE", "learn [LESSON|FILE]"]


@pytest.mark.parametrize(
    ("line", "error", "message"),
    [
        ("step x", InputError, "'x' is no count"),
        ("step 0", InputError, "expected a whole number from 1"),
        ("step 99999999999999999999", InputError, "is no count"),
        ("step 1 2", InputError, "'1 2' is no count"),
        ("finish now", InputError, "finish takes no 'now'; usage: finish"),
        ("why", InputError, "why needs CELL; usage: why CELL"),
        ("p", InputError, "print needs E"),
        ("p/q x", InputError, "print has no /q"),
        ("p/400 x", InputError, "print has no /400"),
        ("i nothing", InputError, "'nothing' is none of beams, bookmarks, breakpoints, cache"),
        ("goto !", AddressError, "is no address"),
        ("p 1 +", ExpressionError, "a value is missing"),
        ("stpe 3", UnknownCommandError, "did you mean step"),
        ("weights[h0]", UnknownCommandError, r"to see its value: p weights\[h0\]"),
        ("max(weights) > 1", UnknownCommandError, "to see its value: p max"),
        ("我爱你", UnknownCommandError, "我爱你 is no command$"),
    ],
)
def test_bad_lines_are_one_clear_sentence(line, error, message):
    with pytest.raises(error, match=message) as caught:
        parse_line(line)
    assert "\n" not in str(caught.value)
