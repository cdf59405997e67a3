"""A dump against a checkpoint, from what went in to what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

import tracer
from tracer.comparing.comparison import Comparison, compare
from tracer.comparing.mapping import Mapping as Names
from tracer.dumps.dump import Entry
from tracer.dumps.evidence import Evidence
from tracer.errors import InputError
from tracer.i18n import spoken
from tracer.models.texts import Given
from tracer.tensor import Array

from ...dumped import KINDS, Told, dump, ids, statistics, values
from .ported import SOURCE, TARGET, held, numbers, run_of, states

HIDDEN, LOGITS, MASK = "@1:decoder.0.ffn.hidden", "@1:logits", "@1:decoder.0.self_attn.mask"


def of(run: tracer.Run, entries: Mapping[str, Evidence], **options: Any) -> Comparison:
    """A checkpoint against some entries, beside what a run read."""
    told = Told([*ids(run), *(Entry(name, evidence) for name, evidence in entries.items())])
    return compare(run.model, told, **options)


def notes(found: Comparison) -> list[str]:
    return [spoken(note) for note in found.notes]


def mapping(tmp_path: Path, *lines: str) -> Names:
    (tmp_path / "names.txt").write_text("\n".join(lines), encoding="utf-8")
    return Names.read(tmp_path / "names.txt")


# what is compared, and what is not


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({}, r"port\.npz: holds nothing to compare: nothing is in it but what went in"),
        (
            {"net.out": values(np.ones((9, 7), np.float32))},
            r"no name among its 1 tensors is known; name them in a mapping file \(--map\) with lines such as net\.out",
        ),
        ({"logit": values(np.ones((9, 480), np.float32))}, r"\(logit is no name of a result; did you mean logits\?\)"),
        ({MASK: values(np.ones((9, 9), bool))}, "1 of its tensors have a name that is known, but figures over padding"),
    ],
)
def test_where_nothing_can_be_compared_nothing_agrees(entries: Mapping[str, Evidence], message: str) -> None:
    with pytest.raises(InputError, match=message):
        of(run_of("gpt2"), entries)


def test_what_it_may_be_by_its_numbers_is_in_that_sentence() -> None:
    with pytest.raises(InputError, match=r"such as x = decoder\.0\.ffn\.hidden$"):
        of(run_of("gpt2"), {"x": values(numbers("gpt2")[HIDDEN])})


def test_figures_over_padding_say_nothing_and_that_is_told() -> None:
    run = run_of("gpt2", 0)
    arrays = numbers("gpt2", hidden=(0,))
    found = of(run, {HIDDEN: statistics(arrays[HIDDEN]), LOGITS: values(arrays[LOGITS])})
    assert [check.address for check in found.checks] == [LOGITS]
    assert ([entry.name for entry in found.silent], found.unmatched) == ([HIDDEN], [])
    assert any(note.startswith("not compared although their name is known: ") for note in notes(found))


@pytest.mark.parametrize("kind", KINDS)
def test_only_numbers_that_are_all_there_can_be_the_same(kind: str) -> None:
    checks = held("gpt2", numbers("gpt2"), kind).checks
    assert {check.is_exact for check in checks} == {kind in ("values", "bf16", "f16")}
    assert all(check.compared <= check.cells for check in checks)
    assert all(check.compared > 0 for check in checks)
    assert any(check.compared < check.cells for check in checks) is (kind == "summed")


def test_what_has_no_name_here_is_listed_and_proposed_and_never_compared() -> None:
    found = of(run_of("gpt2"), {"their.x": values(numbers("gpt2")[HIDDEN]), "logits": values(numbers("gpt2")[LOGITS])})
    assert [check.name for check in found.checks] == ["logits"]
    assert [entry.name for entry in found.unmatched] == ["their.x"]
    [proposal] = found.proposals
    assert (proposal.name, proposal.record.address) == ("their.x", HIDDEN[3:])
    assert proposal.correlation > 0.9999


def test_what_went_in_and_parameters_are_no_results() -> None:
    more = {
        "token_type_ids": values(np.zeros((1, 5), np.int64)),
        "beam4.scores": values(np.zeros(3)),
        "transformer.h.0.mlp.c_fc.parameters.weight": values(np.zeros((48, 192))),
        "logits": values(numbers("gpt2")[LOGITS]),
    }
    found = of(run_of("gpt2"), more)
    assert ([check.name for check in found.checks], found.unmatched) == (["logits"], [])
    assert "token_type_ids: left aside, as the model reads no such thing" in notes(found)


def test_checks_are_in_the_order_of_the_computation() -> None:
    run = run_of("marian_zh_en")
    arrays = numbers("marian_zh_en")
    found = compare(run.model, dump(run, dict(reversed(arrays.items()))))
    assert [check.address for check in found.checks] == list(arrays)


# names


def test_a_mapping_file_names_what_is_unknown(tmp_path: Path) -> None:
    entries = {f"blk.{n}.up": values(numbers("gpt2")[f"@1:decoder.{n}.ffn.hidden"]) for n in range(2)}
    names = mapping(tmp_path, "blk.*.up = decoder.*.ffn.hidden", "blk.*.down = decoder.*.ffn.output")
    found = of(run_of("gpt2"), entries, names=names)
    assert {check.name: check.path for check in found.checks} == {
        "blk.0.up": "decoder.0.ffn.hidden",
        "blk.1.up": "decoder.1.ffn.hidden",
    }
    assert found.beyond == []
    told = "line 2 of the mapping file matches no tensor of the dump: blk.*.down = decoder.*.ffn.output"
    assert told in notes(found)


def test_a_mapping_to_a_wrong_record_is_no_agreement(tmp_path: Path) -> None:
    entries = {"up": values(numbers("gpt2")[HIDDEN])}
    found = of(run_of("gpt2"), entries, names=mapping(tmp_path, "up = decoder.1.ffn.hidden"))
    assert states(found) == {"@1:decoder.1.ffn.hidden": "adds"}


# what went in


def two_rows(**more: Array) -> Told:
    """A batch of two texts, and the logits of both."""
    rows = [run_of("gpt2"), tracer.trace(run_of("gpt2").model, ids=SOURCE[::-1], target_ids=TARGET)]
    inputs = {"input_ids": np.array([[*row.source_ids, *TARGET] for row in rows])}
    logits = np.stack([row[1]["logits"].array for row in rows])
    return Told(Entry(name, values(array)) for name, array in {**inputs, "logits": logits, **more}.items())


def test_every_row_of_a_batch_is_compared() -> None:
    model = run_of("gpt2").model
    found = compare(model, two_rows())
    assert [(check.row, check.called, check.holds) for check in found.checks] == [
        (0, "logits[0]", True),
        (1, "logits[1]", True),
    ]
    wrong = np.array(two_rows().entries[1].evidence.read())  # type: ignore[attr-defined]
    wrong[1, 3, 7] += 1
    found = compare(model, two_rows(logits=wrong))
    assert [check.holds for check in found.checks] == [True, False]
    assert (found.first, found.worst[LOGITS].row) == ("logits", 1)
    assert found.worst[LOGITS].cell is not None
    assert found.worst[LOGITS].cell.place == (3, 7)


def test_of_a_batch_the_row_in_which_something_differs_leads_to_the_cause() -> None:
    run = run_of("gpt2")
    other = tracer.trace(run.model, ids=SOURCE[::-1], target_ids=TARGET)
    wrong = other.branch(tracer.edit("**", tracer.mistakes.mistake("no_scale"))).decode()
    rows = {
        name: np.stack([numbers("gpt2")[f"@1:{name}"], wrong[1][name].array])
        for name in ("decoder.0.self_attn.norm", "decoder.0.self_attn.scores", "logits")
    }
    found = compare(run.model, two_rows(**rows))
    assert (found.first, found.cause) == ("decoder.0.self_attn.scores", "no_scale")
    assert found.agreement is not None
    assert found.agreement.of.row == 1


def test_what_is_stated_goes_before_what_the_dump_has() -> None:
    run = run_of("gpt2", 0)
    entries = [Entry(name, values(array)) for name, array in numbers("gpt2", hidden=(0,)).items()]
    told = Told([Entry("input_ids", values(np.array([[*SOURCE, *TARGET]]))), *entries])
    mask = [0, *[1] * 8]
    assert compare(run.model, told, stated=Given([], None, mask)).beyond == []
    assert compare(run.model, told).beyond != []
    bare = Told(entries)
    assert compare(run.model, bare, stated=Given([*SOURCE, *TARGET], None, mask)).beyond == []
    assert compare(run.model, bare, otherwise=Given([*SOURCE, *TARGET], None, mask)).beyond == []
    with pytest.raises(InputError, match="holds no input_ids"):
        compare(run.model, bare)


def test_positions_that_nobody_states_are_found() -> None:
    model = run_of("gpt2").model
    mask, positions = [0, 0, 1, 1, 1], [0, 0, 0, 1, 2]
    run = tracer.trace(model, ids=SOURCE, target_ids=[], mask=mask, positions=positions)
    inputs = {"input_ids": np.array([SOURCE]), "attention_mask": np.array([mask]), "logits": run[1]["logits"].array}
    for stated in ({}, {"position_ids": np.array([positions])}):
        found = compare(model, Told(Entry(name, values(array)) for name, array in (inputs | stated).items()))
        assert found.beyond == []
    other = tracer.trace(model, ids=SOURCE, target_ids=[], mask=mask, positions=range(5))
    inputs["logits"] = other[1]["logits"].array
    found = compare(model, Told(Entry(name, values(array)) for name, array in inputs.items()))
    assert found.beyond == []
    told = [note for note in notes(found) if "no position_ids are stated" in note]
    assert len(told) <= 1


def test_without_a_target_the_encoder_alone_is_compared() -> None:
    run = run_of("marian_zh_en")
    entries = {name: array for name, array in numbers("marian_zh_en").items() if name.startswith("@0")}
    told = Told([Entry("input_ids", values(np.array([SOURCE]))), *(Entry(n, values(a)) for n, a in entries.items())])
    found = compare(run.model, told)
    assert (len(found.checks), found.beyond) == (len(entries), [])
    assert "no decoder_input_ids are stated, so that the encoder alone is compared" in notes(found)


def test_ids_that_decoding_yields_are_compared() -> None:
    run = tracer.trace(run_of("gpt2").model, ids=SOURCE, max_tokens=12)
    chosen = [*SOURCE, *run.output_ids]
    for output, wrong in ((chosen, 0), ([*chosen[:-1], 3], 1), (chosen[:-2], 2)):
        told = {"input_ids": [SOURCE], "greedy.ids": [output]}
        found = compare(run.model, Told(Entry(name, values(np.array(array))) for name, array in told.items()))
        [check] = found.checks
        assert (check.address, check.largest, check.holds) == ("greedy.ids", wrong, not wrong)


# from Python


def test_the_door_of_the_package(tmp_path: Path) -> None:
    run = run_of("gpt2")
    arrays = numbers("gpt2", "no_scale")
    file = tmp_path / "port.safetensors"
    save_file({"their.scores": np.ascontiguousarray(arrays["@1:decoder.0.self_attn.scores"])}, file)
    (tmp_path / "names").write_text("their.scores = decoder.0.self_attn.scores", encoding="utf-8")
    whole = [*SOURCE, *TARGET]
    for options in ({"ids": whole}, {"ids": SOURCE, "target_ids": TARGET}, {"ids": whole, "kind": "safetensors"}):
        found = tracer.compare(run.model, file, names=tmp_path / "names", **options)
        assert (found.first, found.cause) == ("decoder.0.self_attn.scores", "no_scale")
        assert [check.name for check in found.checks] == ["their.scores"]
    for options, message in (
        ({}, "holds no input_ids"),
        ({"ids": whole, "text": "x"}, "give a text or its ids"),
        ({"ids": whole, "kind": "npz"}, "port.safetensors"),
        ({"ids": whole, "names": tmp_path / "gone"}, "is missing"),
    ):
        with pytest.raises(tracer.TraceError, match=message):
            tracer.compare(run.model, file, **{"names": tmp_path / "names"} | options)
