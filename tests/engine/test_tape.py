import numpy as np
import pytest

from tracer.addresses import At, parse
from tracer.errors import AddressError
from tracer.ops.attention import masked, scores
from tracer.ops.linear import add
from tracer.ops.softmax import softmax
from tracer.tape import Tape, Untraced
from tracer.tensor import FEATURE, Axis, Tensor

X = Tensor(np.array([[1.0, 2.0], [3.0, 5.0]]), (Axis("position", ["a", "b"]), FEATURE), "x", At(0))


def perform(tape: Tape) -> Tensor:
    with tape.scope("decoder"):
        with tape.scope("0"):
            y = tape(add, "residual", X, X)
            tape.alias("output", y)
        z = tape(softmax, "weights", y)
        tape.alias("output", z)
    return tape(add, "logits", z, X)


@pytest.fixture
def tape() -> Tape:
    tape = Tape(3)
    perform(tape)
    return tape


def test_a_call_computes_and_appends_one_record(tape: Tape) -> None:
    assert [(r.index, r.address, r.op.name) for r in tape] == [
        (1, "decoder.0.residual", "add"),
        (2, "decoder.weights", "softmax"),
        (3, "logits", "add"),
    ]
    first = tape.records[0]
    assert (first.step, first.scope, first.name) == (3, "decoder.0", "residual")
    assert first.inputs == (X, X)
    assert first.output.array.tolist() == [[2, 4], [6, 10]]
    assert first.output.address == "@3:decoder.0.residual"
    assert len(tape) == 3
    assert repr(first) == "<Record @3#1 decoder.0.residual add>"


def test_outputs_are_read_only(tape: Tape) -> None:
    with pytest.raises(ValueError, match="read-only"):
        tape["logits"].array[0, 0] = 1


def test_a_second_name_is_no_second_record(tape: Tape) -> None:
    assert tape.find("decoder.0.output") is tape.find("decoder.0.residual")
    assert tape.find("decoder.output") is tape.find("decoder.weights")
    assert len(tape) == 3
    assert "decoder.0.output" in tape.addresses


def test_records_are_found(tape: Tape) -> None:
    assert tape.find("decoder.weights") is tape.records[1]
    assert tape.resolve(parse("#2")) is tape.records[1]
    assert tape.resolve(parse("@3#2")) is tape.records[1]
    assert tape.resolve(parse("@3:dec.wei")) is tape.records[1]
    assert tape.resolve(parse("weights"), scope="decoder.0") is tape.records[1]
    assert tape['dec.0.res["b", -1]'].array == 10
    assert tape["dec.0.out[1]"].array.tolist() == [6, 10]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("#4", "step @3 has records #1 to #3; there is no #4"),
        ("#0", "there is no #0"),
        ("@2:logits", "@2:logits lies in another step than @3"),
        ("@3.1:logits", "@3.1:logits lies in another step than @3"),
        ("r1@3:logits", "r1@3:logits names a run, and this is a step of one; leave r1 out"),
        ("logitss", "nothing is recorded at logitss; did you mean logits?"),
    ],
)
def test_what_is_not_there_is_an_error(tape: Tape, address: str, message: str) -> None:
    with pytest.raises(AddressError, match=message):
        tape[address]


def test_a_path_is_found_whole(tape: Tape) -> None:
    with pytest.raises(AddressError, match=r"nothing is recorded at dec\.weights; did you mean decoder\.weights\?"):
        tape.find("dec.weights")


def test_a_scope_closes_after_an_error() -> None:
    tape = Tape(1)
    with pytest.raises(ValueError, match="matmul"), tape.scope("decoder"):
        tape(scores, "scores", Tensor(np.ones((1, 1, 2)), ()), Tensor(np.ones((1, 1, 3)), ()))
    assert not len(tape)
    assert tape(add, "sum", X, X).address == "@1:sum"


def test_an_untraced_tape_computes_the_same_and_keeps_nothing() -> None:
    tape = Untraced(3)
    output = perform(tape)
    expected = Tape(3)
    assert output.array.tolist() == perform(expected).array.tolist()
    assert output.address == "@3:logits"
    assert len(tape) == 0
    assert tape.nbytes == 0


def test_memory_is_that_of_the_outputs(tape: Tape) -> None:
    assert tape.nbytes == 3 * X.array.nbytes


def test_inputs_are_earlier_outputs(tape: Tape) -> None:
    assert tape.find("logits").inputs[0] is tape.find("decoder.weights").output
    assert masked.forward(X, X).axes == X.axes
