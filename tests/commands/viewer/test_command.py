"""``view`` where there is no screen: all of the tensor is printed."""

import io

import pytest

from commands.output.present import Look, TerminalPresenter
from commands.verbs.view import view
from tracer.debugger.expressions import compile_expression
from tracer.render.drawing import lines
from tracer.render.sheet import Sheet


def subject_of(session, text):
    [result] = view.function(session, compile_expression(text))
    return result.subject and result.subject()


def test_a_script_prints_all_of_it(play):
    shown = play("view enc.embed.tokens").splitlines()
    assert shown[0] == "(tx) view enc.embed.tokens"
    assert shown[1:] == play("p/a enc.embed.tokens").splitlines()[1:]
    assert not any("…" in line for line in shown)


def test_an_expression_is_printed_whole(play):
    assert "query 1, key 4" in play("token", "v dec.0.cross.weights[h0] * 2")
    assert play("v 1 + 1").endswith("1 + 1 = 2\n")


def test_json_has_the_values(objects):
    assert [thing["kind"] for thing in objects("view enc.output", "view enc.output[0] + 1")] == ["tensor", "result"]


def test_a_stream_without_a_screen_gets_text(session):
    stream = io.StringIO()
    for result in view.function(session, compile_expression("enc.output[0]")):
        TerminalPresenter(stream, Look(80, "never")).show(result)
    assert "@0:encoder" in stream.getvalue()


def test_selectors_are_undone_in_the_names_of_cells(session):
    subject = subject_of(session, "enc.0.self.weights[-1, 1:3]")
    assert subject.tensor.shape == (2, 4)
    assert (subject.origin.address, subject.origin.index((1, 3))) == ("@0:encoder.0.self_attn.weights", (1, 2, 3))
    assert subject.probabilities


def test_a_cell_of_a_product_is_explained_with_its_row_and_column(session):
    asked = subject_of(session, "enc.0.ffn.hidden").origin.asked((1, 2))
    shown = ["".join(segment.text for segment in line) for line in lines(asked.view, Sheet(width=100))]
    assert "this row times that column gives this cell: [4,16] · [16,32] → [4,32]" in shown


def test_an_expression_names_its_cells_too(session):
    subject = subject_of(session, "enc.output * 2")
    assert (subject.title, subject.origin.address) == ("enc.output * 2", "(enc.output * 2)")
    assert subject.origin.index((0, 1)) == (0, 1)
    assert subject.origin.asked((0, 1)) is None


@pytest.mark.parametrize("text", ["enc.output[0, 0]", "1 + 1", "enc.output[0:0]"])
def test_what_has_no_cells_to_walk_through_is_only_printed(session, text):
    assert subject_of(session, text) is None


def test_a_glob_is_looked_around_in_as_one_tensor(session):
    subject = subject_of(session, "enc.0.*.norm")
    assert subject.tensor.axes == ("place", "position", "feature")
    assert list(subject.tensor.dims[0].labels) == ["self_attn", "ffn"]
    assert subject_of(session, "enc.**.output") is None


def test_a_parameter_has_cells_that_go_by_its_name(session):
    subject = subject_of(session, "decoder.0.ffn.hidden.weight[2:, 3]")
    assert (subject.origin.address, subject.origin.index((1,))) == ("decoder.0.ffn.hidden.weight", (3, 3))
    assert str(subject.origin.asked((1,)).leaf) == "decoder.0.ffn.hidden.weight[3,3]"
