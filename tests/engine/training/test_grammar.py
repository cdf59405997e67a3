from collections import Counter

import pytest

from tracer.training.grammar import pairs

PAIRS = dict(pairs())


def test_no_chinese_sentence_comes_twice() -> None:
    counts = Counter(chinese for chinese, _ in pairs())
    assert set(counts.values()) == {1}
    assert len(counts) >= 5000


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        ("我 爱 你", "i love you"),
        ("他 昨天 去 了 北京", "he went to beijing yesterday"),
        ("他 昨天 没 去 北京", "he did not go to beijing yesterday"),
        ("他 昨天 去 了 北京 吗 ？", "did he go to beijing yesterday?"),
        ("我 明天 在 家 看 书", "i will read books at home tomorrow"),
        ("我 有 三 只 猫", "i have three cats"),
        ("我 的 猫 很 大", "my cat is big"),
    ],
)
def test_word_order_tense_and_measure_words(chinese: str, english: str) -> None:
    assert PAIRS[chinese] == english


def test_sentences_are_words_and_blanks() -> None:
    for pair in PAIRS.items():
        for sentence in pair:
            assert sentence == " ".join(sentence.split())
