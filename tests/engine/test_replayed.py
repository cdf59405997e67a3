"""What a branch takes from the run that it is of, and steps that are performed again with the tokens before them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tracer
from tracer.passes import Pass
from tracer.performer import Performer, Yield

from .test_edits import NAMES, decoded, given

WHERE = ("decoder.1.self_attn.heads[h1]", "decoder.0.ffn.output", "decoder.embed.tokens[1]", "logits[0,3]")
WAYS = ({"cache": True}, {"cache": False}, {"strategy": "sample", "cache": True})


def same(tape: tracer.Tape, other: tracer.Tape) -> bool:
    """Whether two tapes have the same records, bit for bit."""
    pairs = zip(tape, other, strict=True)
    return all(
        (a.address, a.index) == (b.address, b.index)
        and np.array_equal(a.output.array, b.output.array, equal_nan=a.is_measured)
        for a, b in pairs
    )


def kept_by_hand(run: tracer.Run, edit: tracer.Edit, at: int) -> tracer.Run:
    """The branch of an edit, with an edit more for each token that is to stay."""
    tokens = (tracer.edit(f"@{token.step}:choice", token.id) for token in run.tokens if token.step < at)
    return run.branch(edit, *tokens)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("where", WHERE)
def test_what_lies_before_an_edit_is_taken_over_and_the_rest_computed(name: str, where: str) -> None:
    run, edit = given(name), tracer.edit(where, 0.5)
    tape, known = run.branch(edit).step(1), run.step(1)
    changed = next(record.index for record in tape if record.edits)
    assert all(tape.records[n] is known.records[n] for n in range(changed - 1))
    assert tape.records[changed - 1] is not known.records[changed - 1]
    alone = tracer.trace(run.model, ids=run.source_ids, target_ids=run.target_ids, edits=[edit], record=False)
    alone.parent.shelf.drop_all(alone.parent._tapes._owner)  # type: ignore[union-attr]
    assert same(alone.step(1), tape)


def test_every_record_that_does_not_come_of_an_edit_is_taken_over() -> None:
    for name in NAMES:
        run = given(name)
        branch = run.branch(tracer.edit("decoder.1.self_attn.weights[h0]", 0.25))
        tape, after = branch.step(1), branch.downstream(branch.step(1).at)
        assert [record.address for record in tape if record is not run.step(1).find(record.address)] == [
            record.address for record in tape if record.address in after
        ]


def test_a_branch_of_a_branch_takes_over_what_was_edited() -> None:
    run = decoded(cache=True)
    branch = run.branch(tracer.edit("@2:decoder.0.cross_attn.v[h0]", 0.0)).decode()
    further = tracer.edit("decoder.1.ffn.output[0]", 1.0)
    found = branch.branch(further).decode()
    assert found.step(2).find("decoder.0.cross_attn.v") is branch.step(2).find("decoder.0.cross_attn.v")
    both = run.branch(branch.edits[0], further).decode()
    assert found.output_ids == both.output_ids
    assert all(same(found.step(n), both.step(n)) for n in found.numbers)


@pytest.mark.parametrize("how", WAYS, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_a_step_is_performed_again_with_the_tokens_before_it(name: str, how: dict[str, Any]) -> None:
    run = decoded(name, **how)
    at = min(3, run.computed)
    for where in (*WHERE[:2], "@2:decoder.0.ffn.output", *(["encoder.1.output[2]"] if run.first == 0 else [])):
        edit = tracer.edit(where, 0.5)
        found = run.replayed(edit, at=at)
        assert same(found.step(at), kept_by_hand(run, edit, at).step(at))
        assert [token.id for token in found.tokens][: at - 1] == run.output_ids[: at - 1]


@pytest.mark.parametrize("cache", [True, False])
def test_of_a_search_the_hypothesis_stays_the_winner(cache: bool) -> None:
    run = decoded(strategy="beam", beams=3, cache=cache)
    found = run.replayed(tracer.edit("encoder.0.ffn.output[1]", 0.5), at=3)
    assert not np.array_equal(found[3]["logits"].array, run[3]["logits"].array)
    assert found[3]["choice"].array == run.output_ids[2]
    as_it_was = run.replayed(tracer.edit("encoder.0.ffn.output[1]", lambda x: x.array), at=3)
    assert same(as_it_was.step(3), run.step(3))


def test_without_a_cache_the_steps_between_are_not_performed(monkeypatch: pytest.MonkeyPatch) -> None:
    run, performed = decoded(cache=False), []
    perform = Performer.perform

    def noted(performer: Performer, here: Pass, tape: tracer.Tape) -> Yield:
        performed.append(here.place.number)
        return perform(performer, here, tape)

    monkeypatch.setattr(Performer, "perform", noted)
    run.replayed(tracer.edit("encoder.0.output", 0.0), at=4).step(4)
    assert performed == [0, 4]
