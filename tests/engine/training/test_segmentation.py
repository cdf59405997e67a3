import random

from tracer.training import vocabularies
from tracer.training.segmentation import Merges, Pieces

CHINESE = ["我们 在北京。", "我在学校?", "我们在图书馆，我在。"] * 2
ENGLISH = ["the cat sat on the mat.", "the cats sat in 1985.", "that cat!"] * 5


def test_cuts_are_the_tokenizers_where_nothing_is_passed_over() -> None:
    draw = random.Random(1)
    pieces = vocabularies.pieces(CHINESE, ["我们", "北京", "图书馆"])
    merges = vocabularies.byte_pairs(ENGLISH, 60)
    for sentence in [*CHINESE, "我猫 们!"]:
        assert Pieces(pieces, 0).ids(sentence, draw) == pieces.encode(sentence).ids
    for sentence in [*ENGLISH, "the hat#"]:
        assert Merges(merges, 0).ids(sentence, draw) == merges.encode(sentence).ids


def test_cuts_are_the_smallest_where_all_is_passed_over() -> None:
    draw = random.Random(1)
    pieces, merges = vocabularies.pieces(CHINESE, ["我们"]), vocabularies.byte_pairs(ENGLISH, 60)
    assert [pieces.id_to_token(i) for i in Pieces(pieces, 1).ids("我们在", draw)] == ["我", "们", "在", "</s>"]
    assert [merges.id_to_token(i) for i in Merges(merges, 1).ids("the", draw)] == ["▁", "t", "h", "e", "</s>"]


def test_cuts_vary_and_say_the_same() -> None:
    merges = vocabularies.byte_pairs(ENGLISH, 60)
    cuts = Merges(merges, 0.3)
    found = [cuts.ids("the cats sat.", random.Random(seed)) for seed in range(20)]
    assert len(set(map(tuple, found))) > 5
    assert {merges.decode(ids) for ids in found} == {"the cats sat."}
    assert found == [Merges(merges, 0.3).ids("the cats sat.", random.Random(seed)) for seed in range(20)]
