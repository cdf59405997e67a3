"""What beam search considered, in the shell."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
BEAM = ["-m", "zh-en-tiny", "-t", "我爱你", "--strategy", "beam", "--beams", "2", "--batch"]


def tx_trace(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "commands", *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", cwd=ROOT, check=False)


def test_hypotheses_are_told_with_parents_and_fates() -> None:
    done = tx_trace(*BEAM, "--format", "jsonl", "-e", "token 2", "-e", "info beams")
    *_tokens, told = map(json.loads, done.stdout.splitlines())
    considered = told["data"]["hypotheses"]
    assert considered[0]["address"] == "@2.0"
    assert {h["fate"] for h in considered} == {"open", "pruned", "finished"}
    assert all(h["parent"].startswith("@") for h in considered)
    assert considered[0]["text"] == "i love"


def test_the_pass_of_a_hypothesis_is_printed_and_explained() -> None:
    done = tx_trace(*BEAM, "-e", "token", "-e", "p @2.1:probs[-1, :3]", "-e", "why @2.1:dec.0.cross.weights[h1, 1, 1]")
    assert done.returncode == 0
    assert "@2.1:decoder.0.cross_attn.masked[1,1,1]" in done.stdout


def test_the_cursor_stays_on_the_winner() -> None:
    done = tx_trace(*BEAM, "-e", "goto @2.1")
    assert done.returncode == 1
    assert "the cursor moves along the winner's steps" in done.stderr


def test_other_strategies_have_none() -> None:
    done = tx_trace("-m", "zh-en-tiny", "--batch", "-e", "info beams")
    assert done.returncode == 1
    assert "only beam search has hypotheses" in done.stderr


def test_why_a_hypothesis_has_its_score() -> None:
    asked = ("-e", "token 2", "-e", "info beams", "-e", "why @2.1:choice.score -d 2", "-e", "why choice")
    *_tokens, told, score, log_prob, choice, _contest = map(
        json.loads, tx_trace(*BEAM, "--format", "jsonl", *asked).stdout.splitlines()
    )
    hypothesis = told["data"]["hypotheses"][1]
    assert (hypothesis["address"], hypothesis["score"]) == ("@2.1", score["value"])
    assert (log_prob["address"], log_prob["value"]) == ("@2.1:choice.log_prob", hypothesis["log_prob"])
    assert [term["address"] for term in log_prob["terms"]] == ["@1.0:choice.log_prob", "@2.1:choice.log_probs"]
    assert [term["address"] for term in choice["terms"]] == ["@2:choice.probs", "@2:choice.score"]


def test_steps_and_hypotheses_hold() -> None:
    done = tx_trace(*BEAM, "-e", "token 2", "-e", "verify", "-e", "verify @2.1", "-e", "verify @2.3")
    assert done.returncode == 0
    assert "step @2.1: " in done.stdout
