"""Several records at once, on a model of three layers."""

import pytest
from transcript import error_of, lines

import tracer


@pytest.fixture(scope="module")
def model():
    return tracer.load("zh-en", dtype="float64")


def test_selectors_of_a_glob_cut_every_record(play, objects, session):
    shown = lines(play("t 2", 'p dec.*.cross.weights[h1, -1, "爱"]'))[2:]
    cells = [session.run.step(2)[f"decoder.{n}.cross_attn.weights"].array[1, -1, 1] for n in range(3)]
    assert shown[0].startswith('@2:decoder.*.cross_attn.weights[h1, -1, "爱"]   [layer 3]')
    assert shown[1].split() == [text for n, cell in enumerate(cells) for text in (str(n), f"{cell:.3f}")]
    found = objects('p dec.*.cross.weights[h1, -1, "爱"]')
    assert [thing["address"] for thing in found] == [
        f'@2:decoder.{n}.cross_attn.weights[h1, -1, "爱"]' for n in range(3)
    ]
    assert [thing["values"] for thing in found] == cells


def test_rows_of_several_are_one_table(play):
    shown = lines(play("t 2", "p dec.*.cross.weights[h1, -1]"))[2:]
    assert [line.split() for line in shown[1:3]] == [["key", "0", "1", "2", "3"], ["layer", "我", "爱", "你", "</s>"]]
    assert [line.split()[0] for line in shown[3:]] == ["0", "1", "2"]


def test_what_does_not_fit_in_one_table_has_its_own(play):
    shown = play("t 2", "p **.weights[h1]")
    assert shown.count("_attn.weights[h1]   [query 2, key ") == 6
    assert "@2:decoder.0.self_attn" in shown


def test_selectors_that_do_not_fit_name_the_record(play):
    message = error_of(play, "t 2", 'p dec.*.cross.weights[h99, -1, "不"]')
    assert message.startswith("@2:decoder.0.cross_attn.weights: index 99 is out of range on axis head")
    assert play.status == 1


def test_without_selectors_a_glob_has_a_line_for_each(play, objects):
    shown = lines(play("t 2", "p dec.*.cross.weights"))[2:]
    assert [line.split()[2] for line in shown] == [f"decoder.{n}.cross_attn.weights" for n in range(3)]
    assert {thing["kind"] for thing in objects("p dec.*.cross.weights")} == {"op"}


@pytest.mark.parametrize("line", ["p softmax(dec.*.cross.scores)", "p dec.*.cross.weights * 2", "p dec.**.weights * 2"])
def test_several_values_are_tables(play, line):
    shown = lines(play("t 2", line))[2:]
    assert not any("[[" in text for text in shown)
    assert all(len(word) < 9 for text in shown[-2:] for word in text.split())
