"""attribute and atp: in the shell, for programs, interrupted, and where they have nothing to say."""

import numpy as np
import pytest
from kept import kept_of
from test_attribution import said
from test_commands import error_of, lines

from tracer.sweeps import Sweep

LOVE = 'attribute logit_diff("love", "like")'
PATCH = 'atp patch over dec.*.cross.h* from r0 measure logit_diff("love", "like") at 2'


def test_tokens_stand_in_order_with_their_scores_and_shares(play):
    shown = lines(play("t 2", LOVE))[2:]
    assert shown[0].startswith('integrated of logit_diff("love", "like")   at @2   E = 9.156')
    assert any("64 steps   baseline 0" in line for line in shown[:2])
    table = [line.split() for line in shown if line.endswith(("█", "▏", "▎", "▍", "▌", "▋", "▊", "▉"))]
    assert table[0][:3] == ["source", "0", "我"]
    assert ["target", "0", "<s>"] in [row[:3] for row in table]
    assert any(line.startswith("  Σ ") and "E(x) − E(x₀)" in line and "gap" in line for line in shown)
    assert "  source and prefix go from the baseline together, and the shares are of both" in shown
    assert any(line.startswith("  trust       3 of 6") for line in shown)
    assert any(line.startswith("  left out  ") for line in shown)


def test_for_programs_there_are_scores_and_what_they_come_to(objects):
    found = objects("t 2", LOVE)[-1]
    assert (found["kind"], found["method"], found["steps"], found["baseline"]) == ("attribution", "integrated", 64, "0")
    assert found["of"] == 'logit_diff("love", "like")'
    assert found["at"] == ["encoder.embed.tokens", "decoder.embed.tokens"]
    assert found["labels"] == ["我", "爱", "你", "</s>", "<s>", "▁i"]
    assert found["sides"] == ["source"] * 4 + ["target"] * 2
    assert found["sum"] == pytest.approx(sum(found["scores"]))
    assert found["difference"] == pytest.approx(found["sum"], rel=0.05)
    assert (found["trust"], found["step"]) == (3, 2)
    assert "rank_correlation" not in found


def test_check_sets_occlusion_beside_it(play, objects):
    found = objects("t 2", f"{LOVE} check")[-1]
    assert found["occlusion"][-1] == "nan"
    assert len(found["occlusion"]) == len(found["scores"])
    assert found["occlusion"].index(max(found["occlusion"][:-1])) == found["labels"].index("爱")
    shown = play(f"{LOVE} check")
    assert (
        f"rank correlation of integrated and occlusion (Spearman): ρ = {found['rank_correlation']:.2f} over 5 pairs"
        in shown
    )
    assert "a token whose own row E reads has no score" in shown
    by_baseline = objects(f"{LOVE} check baseline pad")[-1]
    assert np.isfinite(by_baseline["occlusion"]).all()


def test_options_stand_anywhere_and_words_may_be_shortened(objects):
    one, other = objects(
        "t 2", "attribute method occ baseline pad logit(5)", "attribute logit(5) baseline pad method occ"
    )[-2:]
    assert one == other
    assert (one["method"], one["steps"], one["difference"]) == ("occlusion", None, None)


def test_other_records_have_tokens_too(objects):
    found = objects("t 2", f"{LOVE} at dec.0.cross.weights steps 8", f"{LOVE} at dec.0.self.q method grad_input")
    assert found[-2]["at"] == "decoder.0.cross_attn.weights"
    assert found[-2]["labels"] == ["我", "爱", "你", "</s>"]
    assert found[-1]["labels"] == ["<s>", "▁i"]


def test_of_many_tokens_the_largest_are_shown_unless_all_are_asked_for(play):
    play("set rows 5", "t 2")
    shown = play(f"{LOVE} steps 4")
    assert "… 1 more token with a smaller score" in shown
    assert "more token" not in play(f"{LOVE} steps 4 --all")


def test_without_a_step_it_is_the_cursors_or_the_first_that_yields_anything(play):
    assert "at @1 " in play("attribute max(logits[-1]) steps 2")
    assert "at @2 " in play("t 2", "attribute max(logits[-1]) steps 2")


def test_a_step_made_with_a_cache_is_made_again(play):
    play("set cache on", "run 我爱你", "t 2")
    assert "here it reads its whole prefix again" in play(f"{LOVE} steps 2")


def test_a_wide_gap_calls_for_more_steps_or_a_better_baseline(play):
    assert "take more steps, e.g. steps 32" in play("t 2", 'attribute logprob("love") steps 2')
    assert "the gap is wide" not in play('attribute logprob("love") steps 32')
    assert "method integrated goes all the way" in play('attribute logprob("love") method grad_input')
    shown = said("llama_gqa", "t 2", "attribute max(logits[-1]) steps 2")
    assert "the baseline is singular: @2:decoder.0.self_attn.norm" in shown


def test_what_can_t_be_attributed_is_told(play):
    play("t 2")
    assert "steps takes a whole number from 1 to 100000, not '0'" in error_of(play, f"{LOVE} steps 0")
    assert "'foo' is none of grad_input, integrated, occlusion" in error_of(play, f"{LOVE} method foo")
    assert "'1' is none of 0, pad" in error_of(play, f"{LOVE} baseline 1")
    assert "rank has no derivative" in error_of(play, 'attribute rank("love")')
    assert "has no axis of tokens" in error_of(play, f"{LOVE} at choice.logits")
    assert "beside another method" in error_of(play, f"{LOVE} method occlusion check")
    assert "the whole record is shown" in error_of(play, f"{LOVE} at dec.0.output[0]")


def test_a_kept_trace_has_no_model_to_attribute_with(play, session):
    play("t 2")
    session.take_in(kept_of(session.run))
    assert "attribute computes with the model" in error_of(play, LOVE)
    assert "atp computes with the model" in error_of(play, 'atp ablate over dec.*.cross.h* measure logit("love")')


def test_estimates_stand_beside_effects(play, objects):
    play("t", "run 我喜欢猫", "t")
    found = objects(PATCH)[-1]
    assert found["kind"] == "sweep"
    assert found["axes"] == ["layer", "head"]
    assert np.shape(found["estimates"]) == np.shape(found["effects"]) == (1, 2)
    assert (found["rank_correlation"], found["trust"]) == (1.0, 3)
    shown = play(PATCH)
    assert "estimate   [layer 1, head 2]" in shown
    assert "effect   [layer 1, head 2]" in shown
    assert 'what the edit adds to logit_diff("love", "like") in this run' in shown
    assert "rank correlation of estimate and effect (Spearman): ρ = 1.00 over 2 pairs" in shown


def test_estimates_are_normalised_as_effects_are(play):
    play("t", "run 我喜欢猫", "t")
    shown = play(PATCH.replace("measure", "measure normalised"))
    assert "normalised   [layer 1, head 2]" in shown
    head = next(line.split() for line in shown.splitlines() if "heads[h1]" in line)
    assert [float(number) for number in head[1:3]] == [0.599, 0.959]


def test_estimates_are_there_when_it_is_interrupted(play, monkeypatch):
    def interrupted(_sweep, _place):
        raise KeyboardInterrupt

    monkeypatch.setattr(Sweep, "_value", interrupted)
    shown = []
    monkeypatch.setattr("commands.output.present.TextPresenter.write", lambda _self, text: shown.append(text))
    with pytest.raises(KeyboardInterrupt):
        play("atp ablate over enc.0.output[*] measure max(logits[-1])")
    assert "interrupted after 0 of 4 places" in "".join(shown)
    assert "encoder.0.output[1]" in "".join(shown)
    assert "ρ = undefined over 0 pairs" in "".join(shown)


def test_nothing_changes_for_the_session(play, session):
    play("t 2")
    cursor, run = session.cursor, session.run
    play(f"{LOVE} check steps 2", 'atp ablate over dec.*.cross.h* measure logit("love")')
    assert (session.cursor, session.run) == (cursor, run)
    assert len(session.runs) == 1
