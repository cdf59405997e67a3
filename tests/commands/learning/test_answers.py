"""What people answer, in their own words and numbers."""

import pytest
from written import asking, lesson

from commands.keyboard import folded
from commands.learning.choices import chosen, place_or_name
from commands.learning.course import find
from commands.learning.lesson_reader import read_lesson
from commands.learning.numerals import counted
from commands.learning.player import begin
from commands.learning.question import arithmetic
from tracer import i18n
from tracer.errors import TraceError


@pytest.mark.parametrize(
    ("count", "texts"),
    [
        ("3", ["三", "三个", "3 次", "第三", "三个词元", "3"]),
        ("2", ["两", "二", "两个", "2 个单元格"]),
        ("1", ["一", "一行"]),
        ("0", ["零", "〇", "零个"]),
        ("12", ["十二", "十二格", "12格"]),
        ("10", ["十", "十步"]),
        ("20", ["二十", "二十 层"]),
        ("99", ["九十九"]),
        ("2.5", ["2.5 倍"]),
    ],
)
def test_counts_in_chinese_are_numbers(count, texts):
    assert {text: counted(text) for text in texts} == dict.fromkeys(texts, count)


@pytest.mark.parametrize(
    "text", ["", "个", "一样", "一半", "一百", "三十个中的六个", "十六格中的六格", "三分之一", "三 四", "x³", "三千个"]
)
def test_other_words_are_no_counts(text):
    assert counted(text) is None


ASKED = {
    "en": ("no", "yes"),
    "zh": ("否", "是"),
    "moves": ("会", "不会"),
    "same": ("一样|相同", "不一样"),
    "part": ("只有第一个", "前两个", "三个都变"),
    "cross": ("编码器", "解码器", "交叉"),
    "place": ("nothing", "it is missing", "it is one place off"),
    "fall": ("fall", "stay as it is", "rise"),
    "stay": ("it stays|stays|unchanged", "it rises|rises|grows", "it falls|falls|shrinks"),
    "much": ("降到几乎为 0", "上升", "基本不变"),
    "paths": ("self_attn.scores", "self_attn.weights", "self_attn.output", "logits"),
    "zero": ("next to nothing", "about 5", "more than 10"),
    "numbers": ("1", "0"),
}


@pytest.mark.parametrize(
    ("asked", "texts", "places"),
    [
        ("en", ["no", "n", "不会", "不", "没有", "1"], [0]),
        ("en", ["yes", "Y", "会", "是的", "2"], [1]),
        ("zh", ["no", "不会", "不", "没有", "不能"], [0]),
        ("zh", ["yes", "会", "是的", "对"], [1]),
        ("moves", ["会变", "是", "yes"], [0]),
        ("moves", ["不会变", "不会", "不", "no"], [1]),
        ("moves", ["会不会", "变"], []),
        ("same", ["same", "相等", "一样的"], [0]),
        ("same", ["different", "不同"], [1]),
        ("part", ["前两个词", "2", "前两个"], [1]),
        ("part", ["两个词", "第二个", "0", "4"], []),
        ("cross", ["交叉注意力", "交叉注意力里的头"], [2]),
        ("cross", ["编码器和解码器", "码器", "不是编码器"], []),
        ("place", ["one place off", "It's one place off.", "place"], [2]),
        ("place", ["missing", "is missing"], [1]),
        ("place", ["it is", "is", "not missing"], []),
        ("fall", ["falls", "it falls", "fall", "1"], [0]),
        ("fall", ["it does not fall", "fall or rise", "0"], []),
        ("stay", ["fall", "it falls"], [2]),
        ("much", ["降到几乎为零", "几乎为零"], [0]),
        ("paths", ["weights", "attn weights"], [1]),
        ("paths", ["attn", "self_attn"], []),
        ("zero", ["5"], [1]),
        ("numbers", ["1"], [0]),
        ("numbers", ["2"], []),
        ("en", ["no idea", "yes or no", "maybe"], []),
    ],
)
def test_an_option_is_named_in_many_ways_and_never_guessed(asked, texts, places):
    choices = [tuple(option.split("|")) for option in ASKED[asked]]
    assert {text: chosen(text, choices) for text in texts} == dict.fromkeys(texts, places)


def test_tokens_go_by_their_places_from_0():
    assert place_or_name("1", [("我",), ("爱",)]) == [1]
    assert place_or_name("2", [("我",), ("爱",)]) == []


@pytest.fixture
def put(teach):
    def putting(*keys):
        taught = teach(lesson(asking("a", "compute", *keys)))
        return taught.open(), taught

    return putting


@pytest.mark.parametrize("text", ["三", "三个", "３次", "3 行", "约 三个。"])
def test_a_count_is_an_answer(put, text):
    assert put("answer: 3", "within: 0.1")[1].answer(text).startswith("Right. ██")


@pytest.mark.parametrize("text", ["e", "e**1", "1/(1/e)", "e − 0", "(e)"])
def test_e_is_a_constant(put, text):
    assert put("answer: exp(1)", "within: 0.001")[1].answer(text).startswith("Right.")


@pytest.mark.parametrize("text", ["pi", "π", "2*pi/2"])
def test_pi_is_a_constant(put, text):
    assert put("answer: 3.14159", "within: 0.001")[1].answer(text).startswith("Right.")


def test_other_names_are_none(put):
    with pytest.raises(TraceError, match="is no number or calculation"):
        put("answer: 3", "within: 0.1")[1].answer("x + e")


@pytest.mark.parametrize(
    ("text", "echo"), [("1.4 + 1.6", "3.0000"), (".226**6", "0.0001332"), ("0 * 1", "0"), ("1e-20 * 1", "1.000e-20")]
)
def test_a_calculation_keeps_four_digits(put, text, echo):
    assert f"`{text}` = {echo} " in put("answer: 7", "within: 0.1")[1].answer(text)


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        (("answer: 6.0 / 2", "within: 0.1"), "3"),
        (("answer: 1 / 4", "within: 0.1"), "0.25"),
        (("answer: 0.0", "within: 0.1"), "0"),
    ],
)
def test_the_solution_has_no_decimals_that_it_does_not_need(put, keys, shown):
    assert put(*keys)[1].coach.attempt.solution() == [f"answer {shown}"]


def test_short_options_stand_on_a_line_with_their_numbers(put):
    assert "Answer with one of: 1. no 2. yes" in put("answer: 1", "among: no, yes")[0]
    assert "Answer with one of: 0 1" in put("answer: 1", "among: 0, 1")[0]


def test_long_options_have_a_line_each(teach):
    keys = ("answer: 1", "among: he went to beijing yesterday, he went to beijing, he goes to beijing")
    taught = teach(lesson(asking("a", "compute", *keys)))
    taught.coach.open()
    lines = [line.rstrip() for line in taught.presenter.stream.getvalue().rstrip().splitlines()]
    assert lines[-3:] == ["1. he went to beijing yesterday", "2. he went to beijing", "3. he goes to beijing"]
    assert "Right." in taught.answer("2")


def test_in_chinese_too(put):
    i18n.use("zh")
    assert "1. 否 2. 是" in put("answer: 1", "among: 否, 是")[0]


@pytest.mark.parametrize("text", ["−∞", "-inf", "-∞", "-Infinity", "－ｉｎｆ"])
def test_infinity_is_one_word_however_it_is_typed(text):
    assert folded(text) == "-∞"
    assert folded("information") == "information"


@pytest.mark.parametrize(
    ("number", "texts"),
    [
        (0.9093, ["sin(2)", "sin 2", "Sin(2)", "0.5*sin(2)*2", "sin（2）"]),
        (0.99995, ["cos(1/100)", "cos(0.01)", "1 - sin(0.005)^2*2"]),
        (1.4142, ["sqrt(2)", "√2", "√(2)", "2^0.5", "2**(1/2)"]),
        (2.9957, ["-ln(0.05)", "−log(0.05)", "-ln 0.05", "-LN(0.05)"]),
        (0.3012, ["exp(-1.2)", "e^-1.2", "e^(-1.2)", "e**-1.2", "EXP(-1.2)"]),
        (1.0, ["0.50 · √4", "0.5×√4", "2 / 2 = 1", "1e0"]),
    ],
)
def test_calculations_are_read_as_people_write_them(number, texts):
    here = begin(read_lesson(find("4"))).here
    assert {text: round(arithmetic(text, here), 4) for text in texts} == dict.fromkeys(texts, round(number, 4))


@pytest.mark.parametrize("text", ["sin", "sine(2)", "step", "token", "@0:logits", "sum(2)", "e5", "2e"])
def test_what_looks_something_up_is_no_calculation(text):
    with pytest.raises(TraceError):
        arithmetic(text, begin(read_lesson(find("4"))).here)
