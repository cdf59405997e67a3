from __future__ import annotations

import gc
import math
import weakref
from typing import Any

import numpy as np
import pytest

import tracer
from tests.interrupting import every_interrupt
from tracer.addresses import At
from tracer.decoding.settings import Settings
from tracer.errors import AddressError, InputError
from tracer.models.text import Text
from tracer.ops.linear import Linear
from tracer.past import Past
from tracer.run import Run
from tracer.tensor import Tensor

from .conftest import cells

SOURCE, PADDED = [7, 11, 12, 5, 2], [7, 11, 12, 5, 2, 0, 0]
SAMPLING: dict[str, Any] = {"strategy": "sample", "temperature": 0.8, "top_k": 40, "top_p": 0.95}
WAYS: list[dict[str, Any]] = [
    {"cache": True},
    {"cache": False},
    {"cache": True, **SAMPLING, "seed": 4},
    {"cache": False, "strategy": "beam", "beams": 3},
    {"cache": True, "strategy": "beam", "beams": 3},
]


@pytest.fixture(scope="module", params=WAYS, ids=str)
def settings(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(request.param)


@pytest.fixture(params=["torch_post", "random_model"])
def model(request: pytest.FixtureRequest, torch_post: tracer.Model, random_model: tracer.Model) -> tracer.Model:
    return {"torch_post": torch_post, "random_model": random_model}[request.param]


def test_steps_are_numbered_from_the_encoder_s_pass(random_model: tracer.Model) -> None:
    run = tracer.trace(random_model, ids=SOURCE, max_tokens=3)
    assert [step.number for step in run.steps] == [0, 1, 2, 3]
    assert [len(step) > 20 for step in run.steps] == [True] * 4
    assert [record.step for record in run[2]] == [2] * len(run[2])
    assert repr(run[2]) == "<Step @2>"
    assert run.output_ids == [token.id for token in run.tokens]
    assert [token.step for token in run.tokens] == [1, 2, 3]
    assert run.target == ["1", *map(str, run.output_ids)]
    assert run.text == " ".join(map(str, run.output_ids))


def test_a_step_is_computed_when_it_is_touched(random_model: tracer.Model) -> None:
    run = Run(random_model, SOURCE, Settings(max_tokens=3))
    assert (run.first, run.computed, run.ended) == (0, -1, False)
    run.step(0)
    assert (run.computed, run.tokens) == (0, [])
    run.step(2)
    assert (run.computed, len(run.tokens), run.ended) == (2, 2, False)
    run.decode()
    assert (run.computed, run.ended) == (3, True)


@pytest.mark.parametrize(("number", "message"), [(-1, "begins with @0"), (4, "the run ends with @3")])
def test_there_is_no_step_beyond_the_ends(random_model: tracer.Model, number: int, message: str) -> None:
    run = Run(random_model, SOURCE, Settings(max_tokens=3))
    with pytest.raises(AddressError, match=f"there is no step @{number}.*{message}"):
        run.step(number)


def test_the_chosen_token_is_that_of_the_record(random_model: tracer.Model, settings: dict[str, Any]) -> None:
    run = tracer.trace(random_model, ids=SOURCE, max_tokens=4, **settings)
    for token in run.tokens:
        step = run[token.step]
        assert step["choice"].array == token.id
        assert step["choice.probs"].array[token.id] == pytest.approx(token.prob)


def test_a_step_recomputed_is_the_same_bit_for_bit(model: tracer.Model, settings: dict[str, Any]) -> None:
    kept = tracer.trace(model, ids=PADDED, max_tokens=6, **settings)
    small = Run(model, PADDED, Settings(max_tokens=6, **settings), budget=1).decode()
    expected = dict(cells(kept))
    assert [address for address, _ in cells(small)] == list(expected)
    for step in reversed(small.steps):
        for record in step:
            assert record.output.array.tobytes() == expected[record.output.address], record
    assert small.output_ids == kept.output_ids


def test_nothing_recorded_is_the_same_decoding(model: tracer.Model, settings: dict[str, Any]) -> None:
    recorded = tracer.trace(model, ids=SOURCE, max_tokens=6, **settings)
    plain = tracer.trace(model, ids=SOURCE, max_tokens=6, record=False, **settings)
    assert plain.tokens == recorded.tokens
    assert dict(cells(plain)) == dict(cells(recorded))


def test_with_and_without_cache_agree(model: tracer.Model) -> None:
    runs = [tracer.trace(model, ids=PADDED, max_tokens=12, cache=cache) for cache in (True, False)]
    assert runs[0].output_ids == runs[1].output_ids
    noise = 1e-12 if model.dtype == "float64" else 1e-4
    for n in range(1, runs[0].computed + 1):
        cached, whole = (run[n]["logits"].array[-1] for run in runs)
        np.testing.assert_allclose(cached, whole, rtol=0, atol=noise)
    assert runs[0][3]["logits"].shape[0] == 1
    assert runs[1][3]["logits"].shape[0] == 3


def test_with_and_without_cache_agree_after_a_pad_token(random_model: tracer.Model) -> None:
    """A model may yield its pad token; it is a token like others once it has been chosen."""
    target = [1, 9, 0, 0, 30, 0, 41]
    whole = tracer.trace(random_model, ids=SOURCE, target_ids=target)[1]["logits"].array
    network, labels = random_model.architecture, list(map(str, target))
    read = Text(SOURCE, list(map(str, SOURCE)))
    memory = network.encode(tracer.Tape(0), read)
    past = Past(len(target))
    for n in range(1, 1 + len(target)):
        tape = tracer.Tape(n, past=past)
        row = network.decode(tape, Text(target[:n], labels[:n]), memory, read, n - 1)
        past = Past(len(target), tape.kept)
        np.testing.assert_allclose(row.array[0], whole[n - 1], rtol=0, atol=1e-4)


def test_sampling_depends_on_the_seed(torch_post: tracer.Model) -> None:
    outputs = [
        tracer.trace(torch_post, ids=SOURCE, max_tokens=8, **SAMPLING | {"temperature": 3.0, "seed": seed}).output_ids
        for seed in (1, 1, 2, 3)
    ]
    assert outputs[0] == outputs[1]
    assert len({tuple(output) for output in outputs}) == 3


def test_the_first_tokens_do_not_depend_on_how_many_follow(torch_post: tracer.Model) -> None:
    short, long = (tracer.trace(torch_post, ids=SOURCE, max_tokens=n, **SAMPLING, seed=9) for n in (3, 9))
    assert long.output_ids[:3] == short.output_ids


@pytest.mark.parametrize("stage", ["scaled", "top_k", "top_p"])
def test_every_stage_of_a_choice_is_recorded(torch_post: tracer.Model, stage: str) -> None:
    sampled = tracer.trace(torch_post, ids=SOURCE, max_tokens=1, **SAMPLING)
    greedy = tracer.trace(torch_post, ids=SOURCE, max_tokens=1)
    assert f"choice.{stage}" in sampled[1].tape.addresses
    assert f"choice.{stage}" not in greedy[1].tape.addresses
    assert sampled[1]["probs"].array.tobytes() == greedy[1]["probs"].array.tobytes()


def test_teacher_forcing_is_one_pass_with_the_loss_of_each_next_id(model: tracer.Model) -> None:
    target = [1, 9, 30, 4, 2]
    run = tracer.trace(model, ids=PADDED, target_ids=target)
    assert [step.number for step in run.steps] == [0, 1]
    assert (run.ended, run.teacher_forced, run.tokens, run.output_ids) == (True, True, [], [])
    probs, loss = run[1]["probs"], run[1]["loss"]
    assert probs.shape[0] == len(target)
    assert loss.axes == ("position",)
    expected = [-math.log(probs.array[i, gold]) for i, gold in enumerate(target[1:])]
    assert loss.array.tolist() == pytest.approx(expected, rel=1e-9 if model.dtype == "float64" else 1e-4)
    assert loss.labels["position"] == run.target[:-1]


def test_teacher_forcing_looks_ahead_at_nothing(model: tracer.Model) -> None:
    first, second = (tracer.trace(model, ids=SOURCE, target_ids=[1, 9, 30, i])[1]["logits"].array for i in (4, 17))
    np.testing.assert_array_equal(first[:3], second[:3])
    assert (first[3] != second[3]).any()


def test_an_interrupt_leaves_the_run_as_it_was(
    random_model: tracer.Model, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = dict(cells(tracer.trace(random_model, ids=SOURCE, max_tokens=4, **settings)))
    run = Run(random_model, SOURCE, Settings(max_tokens=4, **settings))
    for number in (0, 1, 3):
        before = run.computed, list(run.tokens), list(run.target)
        for calls in (1, 7, 12):
            with monkeypatch.context() as patched:
                patched.setattr(Linear, "forward", interrupted_after(calls))
                with pytest.raises(KeyboardInterrupt):
                    run.step(run.computed + 1)
            assert (run.computed, run.tokens, run.target) == before
        run.step(number)
    run.decode()
    assert dict(cells(run)) == expected


FILES = ("tracer/run.py", "tracer/past.py")


def test_an_interrupt_between_any_two_lines_changes_no_later_step(
    random_model: tracer.Model, settings: dict[str, Any]
) -> None:
    expected = tracer.trace(random_model, ids=SOURCE, max_tokens=3, **settings)
    runs: list[Run] = []

    def prepare() -> Any:
        runs.append(Run(random_model, SOURCE, Settings(max_tokens=3, **settings)))
        runs[-1].step(1)
        return lambda: runs[-1].step(2)

    for _interrupt in every_interrupt(prepare, *FILES):
        run = runs[-1].decode()
        assert (run.tokens, run.target) == (expected.tokens, expected.target)
        assert (run.step(3)["logits"].array == expected.step(3)["logits"].array).all()
    assert len(runs) > 20


def interrupted_after(calls: int) -> Any:
    """A `Linear.forward` that is interrupted in its last call, again and again."""
    original, made = Linear.forward, 0

    def forward(self: Linear, x: Tensor, **parameters: Any) -> Tensor:
        nonlocal made
        made += 1
        if made >= min(calls, 3):
            raise KeyboardInterrupt
        return original(self, x, **parameters)

    return forward


def test_at_most_so_many_tokens(torch_post: tracer.Model) -> None:
    assert len(tracer.trace(torch_post, ids=SOURCE, max_tokens=5).output_ids) == 5
    assert len(tracer.trace(torch_post, ids=SOURCE).output_ids) <= 2 * len(SOURCE) + 10


def test_decoding_stops_at_the_end_token(random_model: tracer.Model) -> None:
    for seed in range(40):
        run = tracer.trace(random_model, ids=SOURCE, strategy="sample", temperature=50.0, seed=seed, max_tokens=200)
        if run.output_ids[-1] == 2:
            break
    assert run.output_ids.index(2) == len(run.output_ids) - 1 < 199
    assert run.ended
    assert "2" not in run.text.split()


def test_a_run_keeps_what_its_budget_allows(torch_post: tracer.Model) -> None:
    whole = tracer.trace(torch_post, ids=SOURCE, max_tokens=8, cache=True)
    sizes = [step.tape.nbytes for step in whole.steps]
    run = Run(torch_post, SOURCE, Settings(max_tokens=8, cache=True), budget=sum(sizes[-3:])).decode()
    assert list(map(str, run._tapes.places)) == ["@6", "@7", "@8"]
    run.step(1)
    assert sum(run.at(place).nbytes for place in run._tapes.places) == run.shelf.held <= run.budget
    assert At(1) in run._tapes.places


def test_a_kept_step_is_not_computed_again(torch_post: tracer.Model) -> None:
    run = tracer.trace(torch_post, ids=SOURCE, max_tokens=3)
    assert run.step(2) is run.step(2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ids": []}, "no token ids were given"),
        ({"ids": [60]}, "token id 60 is out of range: the source vocabulary of torch_post has ids 0 to 59"),
        ({"ids": [-1]}, "token id -1 is out of range"),
        ({"ids": SOURCE, "target_ids": [50]}, "the target vocabulary of torch_post has ids 0 to 49"),
        ({"ids": [3] * 513}, "513 tokens, and torch_post takes at most 512 tokens"),
        ({"text": "我爱你"}, "torch_post has no tokenizer; give token ids"),
        ({"text": " "}, "torch_post has no tokenizer; give token ids"),
        ({"text": ""}, "the text is empty"),
        ({}, "the text is empty"),
        ({"ids": SOURCE, "target_ids": []}, "no token ids were given"),
    ],
)
def test_input_that_cannot_be_used_is_refused(torch_post: tracer.Model, arguments: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        tracer.trace(torch_post, **arguments)


def test_ids_may_be_an_array(torch_post: tracer.Model) -> None:
    assert tracer.trace(torch_post, ids=np.array(SOURCE), max_tokens=2).output_ids == (  # type: ignore[arg-type]
        tracer.trace(torch_post, ids=SOURCE, max_tokens=2).output_ids
    )


@pytest.mark.parametrize("budget", [1, 50_000])
def test_a_step_larger_than_the_budget_is_recorded_all_the_same(budget: int) -> None:
    model = tracer.load("zh-en-tiny")
    ids, _unknown = model.source_ids("他昨天去了北京")
    whole, spared = Run(model, ids).decode(), Run(model, ids, budget=budget).decode()
    for step in whole.steps:
        tape = spared.step(step.number)
        assert tape.nbytes <= budget
        for expected, found in zip(step, tape, strict=True):
            assert found.output.shape == expected.output.shape
            assert np.array_equal(found.output.array, expected.output.array)
            assert [tensor.address for tensor in found.inputs] == [tensor.address for tensor in expected.inputs]


@pytest.mark.parametrize("how", [{"cache": True}, {"cache": False}, {"strategy": "beam", "beams": 2}])
def test_a_run_that_nobody_holds_is_gone_at_once(torch_post: tracer.Model, how: dict[str, Any]) -> None:
    gc.disable()
    try:
        run = tracer.trace(torch_post, ids=[5, 6, 2], max_tokens=2, **how)
        gone = weakref.ref(run)
        del run
        assert gone() is None
    finally:
        gc.enable()


def test_a_hypothesis_has_a_pass_of_its_own() -> None:
    model = tracer.load("zh-en-tiny")
    run = Run(model, model.source_ids("他昨天去了北京")[0], Settings("beam", beams=3))
    for step in run.search.steps:
        for h in step:
            tape = run.at(h.at)
            assert int(tape["choice"].array) == h.ids[-1]
            assert tape["logits"].address == f"{h.name}:logits"
            assert math.isclose(
                h.log_prob - h.parent.log_prob, math.log(tape["choice.probs"].array[h.ids[-1]]), abs_tol=1e-4
            )
    winner = run.hypotheses[0].hypothesis
    assert [h.ids[-1] for h in winner.lineage] == run.decode().output_ids
    for h in winner.lineage:
        assert np.allclose(run.at(h.at)["probs"].array, run.step(len(h.ids))["probs"].array, atol=1e-6)


@pytest.mark.parametrize("place", [At(1, 99), At(0, 0), At(99, 0)], ids=str)
def test_a_hypothesis_that_was_not_considered_is_refused(place: At) -> None:
    model = tracer.load("zh-en-tiny")
    for settings in (Settings("beam", beams=2), Settings()):
        with pytest.raises(AddressError, match=str(place)):
            Run(model, model.source_ids("我爱你")[0], settings).at(place)
