"""References as people write them: what is understood, what is said, and what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

import tracer
from tracer.comparing.comparison import Comparison, compare
from tracer.dumps.opening import open_dump
from tracer.errors import InputError
from tracer.tensor import Array

from .conftest import FIXTURES

SHAPES, BATCHES = FIXTURES / "cases" / "reference-shapes", FIXTURES / "cases" / "padded-batches"
TOLD = json.loads((SHAPES / "expected.json").read_text(encoding="utf-8"))["right"]
FILES = sorted(path.stem for path in SHAPES.glob("*.safetensors") if path.stem != "model")
Arrays = dict[str, Array]


def compared(directory: Path, file: str = "reference.safetensors") -> Comparison:
    return compare(tracer.load(directory), open_dump(directory / file), strict=True)


def outcome(directory: Path, file: str) -> str:
    """What a person is told, in the words of the cases."""
    try:
        comparison = compared(directory, file)
    except InputError as error:
        return "says that nothing was compared, status not 0" if "nothing to compare" in str(error) else "refused"
    if any("the shapes differ" in check.why for check in comparison.checks):
        return "says that the shapes differ"
    return "differs" if comparison.beyond else "agrees"


@pytest.mark.parametrize("name", FILES)
def test_every_shape_is_understood_or_refused(name: str) -> None:
    assert outcome(SHAPES, f"{name}.safetensors") == TOLD[name]


@pytest.mark.parametrize(
    ("name", "where"),
    [("bart", "middle"), *((name, where) for name in ("bart", "gpt2", "llama") for where in ("left", "right"))],
)
def test_a_padded_batch_agrees(name: str, where: str) -> None:
    comparison = compared(BATCHES / name, f"{where}.safetensors")
    assert [check.row for check in comparison.checks] == [None, 0, 1]
    assert comparison.beyond == []


def test_positions_that_nobody_states_are_told_of() -> None:
    told = "batch.input_ids[1]: no position_ids are stated; it agrees with positions that count what the mask lets in"
    assert told in compared(BATCHES / "gpt2", "left.safetensors").notes
    assert told not in compared(BATCHES / "llama", "left.safetensors").notes, "rotations are relative"


def written(tmp_path: Path, arrays: dict[str, Any], name: str = "qwen2") -> Comparison:
    """The comparison of a fixture with some arrays."""
    shutil.copytree(FIXTURES / name, tmp_path, dirs_exist_ok=True)
    file = {key: np.array(array, order="C") for key, array in arrays.items()}
    save_file(file, tmp_path / "written.safetensors")
    return compared(tmp_path, "written.safetensors")


IDS = [5, 9, 7, 8]


def trace(name: str = "qwen2", **given: Any) -> tracer.Run:
    given = {"ids": IDS, "target_ids": [], **given}
    return tracer.trace(tracer.load(FIXTURES / name), **given)


def ids_and(**arrays: Any) -> dict[str, Any]:
    return {"input_ids": np.array([IDS]), **arrays}


def logits(**given: Any) -> Array:
    return trace(**given)[1]["logits"].array


MASK, POSITIONS = [0, 1, 1, 1], [0, 2, 3, 9]


@pytest.mark.parametrize("batch", [True, False])
def test_mask_and_positions_are_followed(tmp_path: Path, batch: bool) -> None:
    stated = {"attention_mask": np.array(MASK), "position_ids": np.array(POSITIONS)}
    arrays = {name: array[None] if batch else array for name, array in stated.items()}
    theirs = logits(mask=MASK, positions=POSITIONS)
    assert written(tmp_path, ids_and(**arrays, logits=theirs)).beyond == []
    assert written(tmp_path, ids_and(logits=theirs)).beyond != []


def test_a_mask_of_booleans_is_one_of_numbers(tmp_path: Path) -> None:
    arrays = ids_and(attention_mask=np.array([MASK], bool), logits=logits(mask=MASK))
    assert written(tmp_path, arrays).beyond == []


TARGET, TARGET_MASK = [2, 9, 8, 7], [0, 1, 0, 1]


def test_the_decoders_own_mask_is_followed(tmp_path: Path) -> None:
    theirs = logits(name="bart_tied", target_ids=TARGET, target_mask=TARGET_MASK)
    arrays = ids_and(decoder_input_ids=np.array([TARGET]), decoder_attention_mask=np.array([TARGET_MASK]))
    comparison = written(tmp_path, {**arrays, "logits": theirs}, "bart_tied")
    assert (comparison.beyond, comparison.notes) == ([], ["what stands at the places of padding is not compared"])
    del arrays["decoder_attention_mask"]
    assert written(tmp_path, {**arrays, "logits": theirs}, "bart_tied").beyond != []


def test_what_stands_at_padding_is_not_compared(tmp_path: Path) -> None:
    theirs = logits(mask=MASK).copy()
    theirs[0] = np.nan
    assert written(tmp_path, ids_and(attention_mask=np.array(MASK), logits=theirs)).beyond == []


def weights(run: tracer.Run) -> Array:
    return run[1]["decoder.0.self_attn.weights"].array.copy()


def test_a_key_that_is_hidden_on_one_side_alone_is_said(tmp_path: Path) -> None:
    mask = [1, 0, 1, 1]
    here, there = weights(trace(mask=mask)), weights(trace())
    (check,) = written(tmp_path, ids_and(attention_mask=np.array(mask), **{"attn.0": there})).checks
    assert check.why == "key 1 is looked at there, and here hidden: key 1 is padding"
    (check,) = written(tmp_path, ids_and(**{"attn.0": here})).checks
    assert check.why == "key 1 is hidden there, and looked at here"


def pads(tmp_path: Path, ids: list[int], mask: list[int]) -> Comparison:
    """A reference that states no mask, and was computed with one."""
    theirs = logits(name="bart_tied", ids=ids, target_ids=TARGET, mask=mask)
    arrays = {"input_ids": np.array([ids]), "decoder_input_ids": np.array([TARGET]), "logits": theirs}
    return written(tmp_path, arrays, "bart_tied")


@pytest.mark.parametrize(
    ("ids", "mask", "told"),
    [
        ([5, 9, 1], [1, 1, 0], []),
        ([5, 9, 1], [1, 1, 1], ["input_ids: no attention_mask is stated; it agrees with one that hides no padding"]),
        ([1, 5, 9], [1, 1, 1], []),
        ([1, 5, 9], [0, 1, 1], ["input_ids: no attention_mask is stated; it agrees with one that hides all padding"]),
    ],
)
def test_what_was_made_of_pads_is_said(tmp_path: Path, ids: list[int], mask: list[int], told: list[str]) -> None:
    comparison = pads(tmp_path, ids, mask)
    assert comparison.beyond == []
    assert [note for note in comparison.notes if "stated" in note] == told


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda z: z[-1], "logits"),
        (lambda z: z[-1:], "logits"),
        (lambda z: z[None, None, -1], "logits"),
        (lambda z: z.ravel(), "logits"),
        (lambda z: z[None], "@1:logits"),
    ],
)
def test_logits_in_every_sensible_shape(tmp_path: Path, change: Callable[[Array], Array], name: str) -> None:
    (check,) = written(tmp_path, ids_and(**{name: change(logits())})).checks
    assert (check.address, check.largest) == ("@1:logits", 0)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda z: z.T, "the shapes differ: [101, 4] there, [position 4, vocab 101] here, in another order"),
        (lambda z: z[:, :-1], "the shapes differ: [4, 100] there, [position 4, vocab 101] here"),
        (lambda z: np.stack([z, z]), "the shapes differ: [2, 4, 101] there, [position 4, vocab 101] here"),
    ],
)
def test_other_shapes_are_said_with_both(tmp_path: Path, change: Callable[[Array], Array], told: str) -> None:
    (check,) = written(tmp_path, ids_and(logits=change(logits()))).checks
    assert (check.holds, check.largest, check.why) == (False, np.inf, told)


def test_a_single_row_of_an_encoder_is_no_last_position(tmp_path: Path) -> None:
    run = trace("bart_tied", target_ids=TARGET)
    arrays = ids_and(decoder_input_ids=np.array(TARGET), memory=run[0]["encoder.output"].array[-1])
    assert "the shapes differ" in written(tmp_path, arrays, "bart_tied").checks[0].why


@pytest.mark.parametrize(("kind", "share"), [("float16", 2**-11), ("bfloat16", 2**-8)])
def test_half_precision_is_compared_within_its_rounding(tmp_path: Path, kind: str, share: float) -> None:
    theirs = logits().astype(kind)
    (check,) = written(tmp_path, ids_and(logits=theirs)).checks
    assert check.holds
    assert check.cell is not None
    assert check.allowed == pytest.approx(share * abs(check.cell.there), abs=1e-4)
    off = theirs.copy()
    off[1, 5] += theirs.dtype.type(6 * share * abs(float(theirs[1, 5])) + 1e-2)
    (check,) = written(tmp_path, ids_and(logits=off)).checks
    assert (check.holds, check.cell and check.cell.place) == (False, (1, 5))


def test_rows_of_a_batch_by_the_plain_names(tmp_path: Path) -> None:
    rows = [[5, 9, 7, 8], [6, 6, 1, 3]]
    theirs = np.stack([logits(ids=row) for row in rows])
    comparison = written(tmp_path, {"input_ids": np.array(rows), "logits": theirs})
    assert [(check.row, check.largest) for check in comparison.checks] == [(0, 0), (1, 0)]
    theirs[1, 2, 3] += 1
    (beyond,) = written(tmp_path, {"input_ids": np.array(rows), "logits": theirs}).beyond
    assert (beyond.called, beyond.cell and beyond.cell.place) == ("logits[1]", (2, 3))


def test_rows_that_are_not_as_many(tmp_path: Path) -> None:
    comparison = written(tmp_path, {"input_ids": np.array([IDS, IDS]), "logits": logits()[None]})
    assert "the shapes differ: [1, 4, 101] there" in comparison.checks[0].why


@pytest.mark.parametrize(
    ("name", "arrays", "message"),
    [
        ("bart_tied", {"decoder_input_ids": np.array([TARGET])}, "holds no input_ids"),
        ("bart_tied", {"target_ids": np.array([TARGET])}, "holds no input_ids"),
        ("qwen2", {"input_ids": np.array([[5.5, 1]])}, "input_ids is no list of whole numbers"),
        ("qwen2", {"input_ids": np.zeros((1, 1, 2), int)}, r"its shape is \[1, 1, 2\]"),
        ("qwen2", ids_and(attention_mask=np.ones((1, 3), int)), "attention_mask has 3 numbers, .* has 4 tokens"),
        ("qwen2", ids_and(attention_mask=np.ones((1, 1, 4, 4), int)), "attention_mask is no list of whole numbers"),
        ("qwen2", ids_and(attention_mask=np.full((1, 4), 2)), "attention_mask has 0 for what is hidden"),
        ("qwen2", ids_and(attention_mask=np.ones((2, 4), int)), "input_ids has 1 rows, and what goes with it has 2"),
        ("gpt2_untied", ids_and(position_ids=np.full((1, 4), 40)), "position 40 is out of range"),
        ("qwen2", {"input_ids": np.array([IDS]), "logit": np.zeros(3)}, "did you mean logits?"),
    ],
)
def test_what_can_not_be_used_is_one_sentence(tmp_path: Path, name: str, arrays: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        written(tmp_path, arrays, name)
    assert "\n" not in str(caught.value)


def test_names_of_transformers(tmp_path: Path) -> None:
    run = trace("bart_tied", target_ids=TARGET)
    named = {
        "encoder_hidden_states.2": ("@0:encoder.1.output", "@0:encoder.1.ffn.norm"),
        "decoder_hidden_states.0": ("@1:decoder.embed.output", "@1:decoder.embed.norm"),
        "encoder_attentions.1": ("@0:encoder.1.self_attn.weights",) * 2,
        "decoder_attentions.0": ("@1:decoder.0.self_attn.weights",) * 2,
        "cross_attentions.0": ("@1:decoder.0.cross_attn.weights",) * 2,
        "encoder_last_hidden_state": ("@0:encoder.output", "@0:encoder.1.ffn.norm"),
    }
    arrays = {name: run[int(address[1])][address].array[None] for name, (address, _record) in named.items()}
    comparison = written(tmp_path, ids_and(decoder_input_ids=np.array(TARGET), **arrays), "bart_tied")
    assert {check.name: check.address for check in comparison.checks} == {
        name: record for name, (_address, record) in named.items()
    }
    assert comparison.beyond == []


def test_what_is_left_aside_is_said(tmp_path: Path) -> None:
    run = trace("bart_tied", target_ids=TARGET)
    more = {
        "position_ids": np.arange(4),
        "loss": np.float32(3.5),
        "logit": np.zeros(4),
        "logits": run[1]["logits"].array,
    }
    comparison = written(tmp_path, ids_and(decoder_input_ids=np.array(TARGET), **more), "bart_tied")
    assert comparison.beyond == []
    assert sorted(entry.name for entry in comparison.unmatched) == ["logit"]
    assert comparison.notes == [
        "position_ids: left aside, as the model reads no such thing",
        "not compared although their name is known: 1; sums and statistics that include padding, hidden keys or other "
        "rows, truth values and single numbers say nothing of one text",
        "logit is no name of a result; did you mean logits?",
    ]


def test_a_source_of_padding_alone_is_said_to_differ(tmp_path: Path) -> None:
    mask = [0] * 4
    theirs = logits(name="bart_tied", target_ids=TARGET, mask=mask)
    arrays = ids_and(attention_mask=np.array([mask]), decoder_input_ids=np.array([TARGET]))
    assert written(tmp_path, {**arrays, "logits": theirs}, "bart_tied").beyond == []
    comparison = written(tmp_path, {**arrays, "logits": theirs + 1}, "bart_tied")
    told = "input_ids: the source is padding alone; it is weighed alike here and by eager attention, not by others"
    assert told in comparison.notes


def test_an_encoder_alone(tmp_path: Path) -> None:
    memory = trace("bart_tied", target_ids=TARGET)[0]["encoder.output"].array
    comparison = written(tmp_path, ids_and(memory=memory, logits=np.zeros((4, 117))), "bart_tied")
    assert (len(comparison.checks), comparison.beyond, [entry.name for entry in comparison.unmatched]) == (
        1,
        [],
        ["logits"],
    )
    assert comparison.notes == ["no decoder_input_ids are stated, so that the encoder alone is compared"]


def test_decoding_follows_the_mask(tmp_path: Path) -> None:
    expected = json.loads((FIXTURES / "masks.json").read_text(encoding="utf-8"))
    found, masks = expected["models"]["qwen2"]["cases"], expected["masks"]
    rows = [[*expected["ids"], *found[where]["decoded"]["greedy"]] for where in ("left", "middle")]
    longest = max(map(len, rows))
    arrays = {
        "batch.input_ids": np.array([expected["ids"]] * 2),
        "batch.attention_mask": np.array([masks["left"], masks["middle"]]),
        "batch.greedy.ids": np.array([[*row, *[0] * (longest - len(row))] for row in rows]),
    }
    (tmp_path / "written.json").write_text('{"generation": {"max_new_tokens": 8}}')
    comparison = written(tmp_path, {"input_ids": np.array(IDS), "logits": logits(), **arrays})
    assert [check.called for check in comparison.checks] == ["logits", "batch.greedy.ids[0]", "batch.greedy.ids[1]"]
    assert comparison.beyond == []
