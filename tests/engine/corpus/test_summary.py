"""What a table comes to: means and intervals, classes of tokens, effects of an edit, and both ends."""

from __future__ import annotations

import numpy as np
import pytest

from tracer.corpus.classes import class_of
from tracer.corpus.columns import Collected, Columns, Meaning
from tracer.corpus.resampling import intervals
from tracer.corpus.summary import EDITED, EFFECT, UNEDITED, summary

HEADS = [Meaning("a", (("layer", "0"), ("head", str(head)))) for head in range(2)]


def collected(rows, meanings=HEADS, **told):
    """A table of rows, each a mapping of columns."""
    found = Columns()
    for row in rows:
        usual = {"run": 0, "step": 1, "address": "x", "position": None, "read": None, "token": "t", "text": "s"}
        found.add(1, {name: [cell] for name, cell in {**usual, "target": None, "error": None, **row}.items()})
    found.mean(meanings)
    return Collected(found.whole(), told)


def of(sentence, first, second, **more):
    return {"sentence": sentence, HEADS[0].name: first, HEADS[1].name: second, **more}


def test_means_come_by_their_size():
    found = summary(collected([of(1, 1.0, 5.0), of(2, 3.0, 5.0), of(3, None, 8.0)], expressions={"a": "E"}))
    [section] = found.sections
    assert (found.sentences, found.silent, found.failed, section.text) == (3, 0, 0, "E")
    assert [(mean.meaning.name, mean.n, mean.mean) for mean in section.means] == [
        ("a.layer0.head1", 3, 6.0),
        ("a.layer0.head0", 2, 2.0),
    ]
    assert section.means[1].std == 1.0
    assert section.means[1].quantiles == [1.0, 1.5, 2.0, 2.5, 3.0]


def test_errors_are_counted():
    rows = [of(1, 1.0, 1.0), {"sentence": 2, "step": None, "error": "no"}, {"sentence": 3, "step": None, "error": "no"}]
    found = summary(collected(rows))
    assert (found.sentences, found.silent, found.failed, found.errors) == (3, 2, 2, {"no": 2})


def test_both_ends():
    rows = [of(n, float(n), float(n), step=s, text=f"s{n}") for n in range(1, 6) for s in (1, 2)]
    rows[-1] = of(5, 9.0, 5.0, step=2, text="s5")
    [section] = summary(collected(rows)).sections
    assert [(end.sentence, end.mean) for end in section.least] == [(1, 1.0), (2, 2.0)]
    assert [(end.sentence, end.mean, end.step, end.text) for end in section.most] == [
        (5, 6.0, 2, "s5"),
        (4, 4.0, 1, "s4"),
    ]


def test_by_class_of_token():
    rows = [of(1, 1.0, 3.0, read="▁love"), of(1, 5.0, 5.0, read="</s>"), of(1, 9.0, 9.0, read=None, token=".")]
    [section] = summary(collected(rows)).sections
    assert {name: mean.mean for name, mean in section.classes.items()} == {
        "special": 5.0,
        "punctuation": 9.0,
        "word": 2.0,
    }


@pytest.mark.parametrize(
    ("piece", "expected"),
    [
        *[("</s>", "special"), ("[CLS]", "special"), ("<|endoftext|>", "special"), ("<unk>", "unknown")],
        *[
            ("<unk 子>", "unknown"),
            ("[UNK]", "unknown"),
            ("。", "punctuation"),
            ("▁.", "punctuation"),
            ("▁12", "number"),
        ],
        *[("爱", "ideograph"), ("▁love", "word"), ("Ġlove", "word"), ("ing", "part"), ("", "part"), ("▁", "word")],
    ],
)
def test_classes(piece, expected):
    assert class_of(piece) == expected


def test_an_effect_is_of_places_that_have_read_the_same():
    rows = [
        *(of(1, 1.0, 1.0, step=1, token="i"), of(1, 2.0, 2.0, step=2, token="go"), of(1, 9.0, 9.0, step=3, token="on")),
        *(of(1, 1.5, 1.0, run=1, step=1, token="i"), of(1, 4.0, 2.0, run=1, step=2, token="am")),
        of(1, 0.0, 0.0, run=1, step=3, token="on"),
    ]
    [section] = summary(collected(rows)).sections
    found = {(mean.of, mean.meaning.places[1][1]): (mean.n, mean.mean) for mean in section.means}
    assert found[EFFECT, "0"] == (2, 1.25)
    assert found[EFFECT, "1"] == (2, 0.0)
    assert (found[UNEDITED, "0"], found[EDITED, "0"]) == ((3, 4.0), (3, pytest.approx(5.5 / 3)))
    assert [mean.of for mean in section.means] == [UNEDITED, UNEDITED, EDITED, EDITED, EFFECT, EFFECT]


def test_a_long_table_comes_to_the_same():
    wide = [of(n, n * 1.0, n * 2.0, step=n) for n in range(1, 5)]
    long = [
        {"sentence": n, "step": n, "expression": "a", "value": n * (1.0 + head), "layer": 0, "head": head}
        for n in range(1, 5)
        for head in range(2)
    ]
    assert summary(collected(long, [Meaning("value")])).sections[0].means == summary(collected(wide)).sections[0].means


def test_a_long_table_may_have_no_axes():
    rows = [{"sentence": n, "expression": "a", "value": float(n)} for n in range(3)]
    [section] = summary(collected(rows, [Meaning("value")])).sections
    assert [(mean.meaning, mean.n, mean.mean) for mean in section.means] == [(Meaning("a"), 3, 1.0)]


def test_intervals_are_seeded_and_hold_the_mean():
    draw = np.random.default_rng(3)
    sums, counts = draw.normal(size=(200, 3)) + np.array([0, 5, -5]), np.ones((200, 3))
    low, high = intervals(sums, counts)
    assert np.array_equal(intervals(sums, counts), [low, high])
    means, half = sums.mean(0), 1.96 * sums.std(0) / np.sqrt(200)
    np.testing.assert_allclose(low, means - half, atol=0.05)
    np.testing.assert_allclose(high, means + half, atol=0.05)


def test_sentences_are_drawn_whole():
    """Many equal numbers within a sentence make its mean no surer."""
    sums = np.array([[0.0], [1.0], [2.0], [3.0]])
    assert np.array_equal(intervals(sums, np.ones((4, 1))), intervals(sums * 50, np.full((4, 1), 50.0)))


def test_nothing_known_has_no_interval():
    assert np.isnan(intervals(np.zeros((3, 1)), np.zeros((3, 1)))).all()
