import random
import re

import pytest

from tracer.training import templates
from tracer.training.templates import filling, forms, numerals, slots

PAIRS = templates.pairs(1, 3000)


def test_pairs_repeat_with_the_seed() -> None:
    assert len(dict(PAIRS)) == 3000
    assert templates.pairs(1, 200) == PAIRS[:200]
    assert templates.pairs(2, 200) != PAIRS[:200]


def test_no_slot_is_left_open() -> None:
    for chinese, english in PAIRS:
        assert not re.search(r"[{}]", chinese + english)
        assert chinese[-1] in "。？"
        assert english[-1] in ".?"
        assert not english[0].islower()


def test_figures_are_the_same_in_both_languages() -> None:
    years = [(c, e) for c, e in PAIRS if re.search(r"\d{4}年", c)]
    assert len(years) > 50
    assert all(re.search(r"\d{4}", c)[0] in e for c, e in years)  # type: ignore[index]


@pytest.mark.parametrize("frame", filling.frames())
def test_a_frame_can_be_filled_for_everyone(frame: tuple[str, str]) -> None:
    for seed in range(20):
        chinese, english = filling._fill(*frame, random.Random(seed))
        assert chinese
        assert "  " not in english


@pytest.mark.parametrize(
    ("n", "chinese", "english"),
    [
        (2, "二", "two"),
        (10, "十", "ten"),
        (18, "十八", "eighteen"),
        (25, "二十五", "twenty-five"),
        (105, "一百零五", "one hundred and five"),
        (110, "一百一十", "one hundred and ten"),
        (300, "三百", "three hundred"),
        (2000, "二千", "two thousand"),
        (1050, "一千零五十", "1,050"),
    ],
)
def test_numbers_in_words(n: int, chinese: str, english: str) -> None:
    assert numerals.chinese(n) == chinese
    assert numerals.english(n) == english


def test_forms() -> None:
    assert forms.plural("cup of tea") == "cups of tea"
    assert forms.plural("child") == "children"
    assert forms.going("take a walk") == "taking a walk"
    assert forms.third("watch TV") == "watches TV"
    assert forms.there("a cat") == "there is a cat"
    assert forms.article("umbrella") == "an umbrella"


def test_two_is_liang_before_a_measure_word() -> None:
    counted = [slots.count(random.Random(seed)) for seed in range(300)]
    assert any(english.startswith("two ") for _chinese, english in counted)
    assert all(chinese.startswith(("两", "2")) for chinese, english in counted if english.startswith("two "))
