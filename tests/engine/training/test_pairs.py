from pathlib import Path

import pytest

from tracer.errors import InputError
from tracer.training.pairs import Batches, IdPair, hold_out, read_pairs, without_words

PAIRS = [(f"源{i}", f"target {i}") for i in range(40)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pairs.tsv"


def test_pairs_are_two_columns(path: Path) -> None:
    path.write_text("我爱你\ti love you\n 好 \t good \n", encoding="utf-8")
    assert read_pairs(path) == [("我爱你", "i love you"), ("好", "good")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\tb\nc\n", r"pairs\.tsv:2: expected source, tab, target; got 1 column"),
        ("a\tb\tc\n", r"pairs\.tsv:1: .* got 3 column"),
        ("a\t \n", r"pairs\.tsv:1: "),
        ("", "holds no sentence pairs"),
    ],
)
def test_what_is_no_pair_is_named_by_its_line(path: Path, text: str, message: str) -> None:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_pairs(path)


def test_a_file_that_is_not_utf8_or_not_there(path: Path) -> None:
    with pytest.raises(InputError, match="can't be read as UTF-8 sentence pairs"):
        read_pairs(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="can't be read as UTF-8 sentence pairs"):
        read_pairs(path)


def test_words_are_left_out(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("# what nobody wants\nass\n坏\n\n", encoding="utf-8")
    pairs = [("好", "a Class act"), ("好", "an ASS"), ("坏人", "somebody"), ("好", "fine")]
    assert without_words(pairs, words) == [pairs[0], pairs[3]]
    words.write_text("# nothing\n", encoding="utf-8")
    assert without_words(pairs, words) == pairs


def test_what_is_held_out_occurs_nowhere_else() -> None:
    repeated = [*PAIRS, ("源3", "another"), ("另", "target 3")]
    training, dev = hold_out(repeated, 20, seed=1)
    assert len(dev) == 20
    held = {sentence for pair in dev for sentence in pair}
    assert not any(held.intersection(pair) for pair in training)
    assert hold_out(repeated, 20, seed=1) == (training, dev)
    assert hold_out(repeated, 20, seed=2) != (training, dev)


def test_batches_hold_every_pair_once_and_keep_to_the_budget() -> None:
    pairs: list[IdPair] = [([1] * (i % 7 + 1), [2] * (i % 11 + 1)) for i in range(100)]
    batches = Batches(pairs, 40, seed=1)
    epoch = list(batches.epoch(0))
    assert sorted(i for rows in epoch for i in rows) == list(range(100))
    for rows in epoch:
        assert len(rows) * max(len(side) for i in rows for side in pairs[i]) <= 40
    assert epoch == list(batches.epoch(0))
    assert epoch != list(batches.epoch(1))


def test_a_pair_longer_than_the_budget_is_a_batch_of_its_own() -> None:
    pairs: list[IdPair] = [([1] * 5, [1] * 5), ([1], [1]), ([1] * 5, [1] * 5)]
    assert sorted(Batches(pairs, 4, seed=1).epoch(0)) == [[0], [1], [2]]
