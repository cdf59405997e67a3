"""Several records at once, on a model of three layers."""

import numpy as np
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


# --- in expressions -----------------------------------------------------------------------------------------------


def recorded(session, address, steps=(2,), layers=range(3)):
    """[step, layer, …]: what was recorded at an address with ``{}`` for the layer."""
    return np.array([[session.run.step(step)[address.format(n)].array for n in layers] for step in steps])


def test_a_glob_in_an_expression_has_the_axis_layer(objects, session):
    play_lines = ("t 2", "p max(dec.*.cross.weights[:, -1], key)", "p mean(dec.*.cross.weights, head, layer)")
    largest, mean = (found["data"] for found in objects(*play_lines)[-2:])
    [weights] = recorded(session, "decoder.{}.cross_attn.weights")
    assert (largest["axes"], mean["axes"]) == (["layer", "head"], ["query", "key"])
    np.testing.assert_array_equal(largest["value"], weights[:, :, -1].max(-1))
    np.testing.assert_allclose(mean["value"], weights.mean((0, 1)), rtol=1e-12)
    assert mean["labels"] == {"query": ["<s>", "▁I"], "key": ["我", "爱", "你", "</s>"]}


def test_a_table_of_layers_and_heads(play):
    shown = lines(play("t 2", "p entropy(dec.*.cross.weights[:, -1], key)"))[2:]
    assert "[layer 3, head 4]" in shown[0]
    assert [line.split()[0] for line in shown[1:]] == ["head", "0", "1", "2"]


def test_every_step_with_ragged_ends(play, objects, session):
    expression = "@*:dec.0.self.weights[h1, -1]"
    own, largest = (found["data"] for found in objects(f"p {expression}", f"p max({expression}, key)"))
    rows = [step["decoder.0.self_attn.weights"].array[1, -1] for step in session.run.steps[1:]]
    n = len(rows)
    assert (own["axes"], largest["axes"]) == (["step", "key"], ["step"])
    assert own["labels"] == {"step": [str(k) for k in range(1, n + 1)], "key": session.run.target[:n]}
    assert own["value"] == [[*row.tolist(), *[None] * (n - len(row))] for row in rows]
    assert largest["value"] == [row.max() for row in rows]
    shown = [line.split() for line in lines(play(f"p {expression}")) if line[:1].isdigit()]
    assert [len(words) - 1 for words in shown] == list(range(1, n + 1))


def test_every_step_and_every_layer(objects, session):
    (found,) = objects("p sum(@*:dec.*.cross.weights[:, -1], head)")
    steps = range(1, session.run.computed + 1)
    expected = np.array([recorded(session, "decoder.{}.cross_attn.weights", [n])[0][:, :, -1].sum(1) for n in steps])
    assert found["data"]["axes"] == ["step", "layer", "key"]
    np.testing.assert_allclose(found["data"]["value"], expected, rtol=1e-12)


def test_what_every_step_reads_ahead_says_so(play):
    assert "the cursor has not been there" in play("t", "p max(@*:logits)")
    assert "the cursor has not been there" not in play("goto end", "p max(@*:logits)")


def test_a_glob_alone_is_a_list_and_computed_with_a_tensor(play, objects):
    play("t 2", "p dec.*.cross.weights[:, -1]")
    (found,) = objects("p max($1, key)")
    assert found["data"]["axes"] == ["layer", "head"]


def test_the_heads_of_every_layer(play, objects):
    shown = lines(play("t 2", "heads dec.*.cross"))[2:]
    assert [line.split()[0] for line in shown if line.startswith("@")] == [
        f"@2:decoder.{n}.cross_attn.weights" for n in range(3)
    ]
    found = objects("heads dec.*.cross", "mask dec.*.self")
    assert [thing["address"].rpartition(".")[2] for thing in found] == ["weights"] * 3 + ["mask"] * 3
    assert "is ambiguous: decoder.0.self_attn.weights" in error_of(play, "heads dec.0")


def test_axes_in_conditions_watches_and_displays(play, session):
    play("break dec.*.cross.weights if any(max(weights, key) > .99)", "c")
    reached = session.here.record.output
    assert reached.array.max() > 0.99
    number, layer = session.cursor.step, int(reached.address.split(".")[1])
    before = [(step, n) for step in range(1, number + 1) for n in range(3) if (step, n) < (number, layer)]
    assert all(recorded(session, "decoder.{}.cross_attn.weights", [s], [n]).max() <= 0.99 for s, n in before)
    shown = play("delete", "run", "watch argmax(dec.*.cross.weights[:, -1], key)", "c", "info breakpoints")
    assert "watch" in shown
    assert "[layer 3, head 4]" in shown
    play("run", "t 2", "expect all(abs(sum(dec.*.cross.weights, key) - 1) < 1e-9)")
    assert play.status == 0
    assert "wrap it in any(…) or all(…)" in error_of(play, "expect max(dec.0.cross.weights, key) > .1")
    assert "[layer 3]" in play("display max(dec.*.cross.weights, head, query, key)")


def test_save_keeps_what_an_axis_is_called(play, tmp_path):
    play("watch max(dec.0.cross.weights, key) + 1", f"save breakpoints {tmp_path / 'stops.tx'}")
    assert (tmp_path / "stops.tx").read_text() == "watch max(decoder.0.cross_attn.weights, key) + 1\n"
