import random

from tracer.training.lexicon import words

DRAW = random.Random(1)
FILLERS = [chr(0x4E10 + i) for i in range(0, 6000, 50)]
KEPT = ["图书馆", "北京", "三楼"] + ["吧"] * 20
SENTENCES = [
    "".join([*DRAW.choices(FILLERS, k=4), DRAW.choice(KEPT), *DRAW.choices(FILLERS, k=4)]) for _ in range(1200)
]


def test_what_keeps_together_is_a_word_but_for_numerals() -> None:
    assert set(words(SENTENCES, 100)) == {"图书馆", "北京"}


def test_no_more_words_than_asked_for() -> None:
    assert words(SENTENCES, 1) == words(SENTENCES, 100)[:1]
