import pytest

from tracer.training import vocabularies
from tracer.training.vocabularies import SPECIAL

CHINESE = ["我们 在北京。", "我在学校?", "我们在图书馆，我在。"] * 2
ENGLISH = ["the cat sat on the mat.", "the cats sat in 1985.", "that cat!"] * 5


def test_characters() -> None:
    tokenizer = vocabularies.characters(["我爱你", "我 爱 他", "你"])
    assert tokenizer.encode("我 爱\t你他").tokens == ["我", "爱", "你", "<unk>", "</s>"]
    assert [tokenizer.id_to_token(i) for i in range(4)] == SPECIAL
    assert tokenizer.decode(tokenizer.encode("我爱你").ids) == "我爱你"


def test_words_without_blanks_are_found_again() -> None:
    tokenizer = vocabularies.words(["我们 去 北京", "我 去"], spaced=False)
    assert tokenizer.encode("我们去北京").tokens == ["我们", "去", "北京", "</s>"]
    assert tokenizer.encode("我 们去").tokens == ["我们", "去", "</s>"]
    unknown = tokenizer.token_to_id("<unk>")
    assert tokenizer.encode("我坏猫去").ids[1:3] == [unknown, unknown]
    assert len(tokenizer.encode("我坏猫去").ids) == 5


def test_words_with_blanks() -> None:
    tokenizer = vocabularies.words(["do you love me?", "i do"], spaced=True)
    tokens = tokenizer.encode("do i love you?").tokens
    assert tokens == ["▁do", "▁i", "▁love", "▁you", "?", "</s>"]
    assert tokenizer.decode(tokenizer.encode("do i love you?").ids) == "do i love you?"


def test_byte_pairs() -> None:
    sentences = ["the cat sat on the mat.", "the cats sat.", "that cat!"] * 5
    tokenizer = vocabularies.byte_pairs(sentences, 40)
    assert tokenizer.get_vocab_size() <= 40
    for sentence in sentences[:3]:
        encoded = tokenizer.encode(sentence)
        assert tokenizer.decode(encoded.ids) == sentence
        assert encoded.tokens[-1] == "</s>"
    assert "▁the" in tokenizer.get_vocab()


@pytest.mark.parametrize("make", [vocabularies.characters, lambda s: vocabularies.byte_pairs(s, 60)])
def test_the_same_sentences_make_the_same_vocabulary(make) -> None:  # type: ignore[no-untyped-def]
    sentences = ["the cat sat on the mat", "我爱你我爱他", "a dog"]
    assert make(sentences).to_str() == make(sentences).to_str()


def test_pieces_are_words_and_characters() -> None:
    tokenizer = vocabularies.pieces(CHINESE, ["我们", "北京", "图书馆", "没见过"])
    assert tokenizer.encode("我们在 图书馆?").tokens == ["我们", "在", "图书馆", "？", "</s>"]
    assert tokenizer.token_to_id("没见过") is None
    assert tokenizer.encode("北京猫狗").ids[1:3] == [SPECIAL.index("<unk>")] * 2
    assert tokenizer.decode(tokenizer.encode("我们在北京").ids) == "我们在北京"


def test_figures_are_tokens_of_their_own() -> None:
    tokenizer = vocabularies.byte_pairs(ENGLISH, 60)
    assert tokenizer.encode("in 1985").tokens[-6:] == ["▁", "1", "9", "8", "5", "</s>"]
    assert tokenizer.decode(tokenizer.encode("sat in 1985.").ids) == "sat in 1985."
