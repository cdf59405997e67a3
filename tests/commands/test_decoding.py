"""How a run is decoded, as it is asked for and told of."""

import json
import shutil
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parents[1] / "fixtures"
STATED = {"num_beams": 3, "early_stopping": "never", "repetition_penalty": 1.2, "max_new_tokens": 9, "temperature": 0.7}


@pytest.fixture
def facts(tx, tmp_path):
    """What `info run` tells of a checkpoint that states a few things, under some options."""

    def facts(*options, output="jsonl"):
        path = shutil.copytree(FIXTURES / "cases" / "early-stopping", tmp_path / "case", dirs_exist_ok=True)
        stated = json.loads((path / "generation_config.json").read_text()) | STATED
        (path / "generation_config.json").write_text(json.dumps(stated))
        here = ("-m", str(path), "--ids", "-t", "1 11 18")
        done = tx(*here, "--batch", "-e", "info run", "--format", output, *options)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["data"]["run"] if output == "jsonl" else done.stdout

    return facts


@pytest.mark.parametrize(
    ("options", "values", "origins"),
    [
        (
            (),
            {"strategy": "beam", "beams": 3, "length_penalty": 1.0, "early_stopping": "never"},
            {"beams": "stated", "length_penalty": "default", "early_stopping": "stated"},
        ),
        (("--strategy", "greedy"), {"strategy": "greedy"}, {}),
        (
            ("--strategy", "beam"),
            {"beams": 3, "length_penalty": 1.0, "early_stopping": "never"},
            {"beams": "stated", "length_penalty": "default", "early_stopping": "stated"},
        ),
        (
            ("--strategy", "beam", "--early-stopping", "true", "--beams", "2"),
            {"beams": 2, "length_penalty": 1.0, "early_stopping": True},
            {"beams": "asked", "length_penalty": "default", "early_stopping": "asked"},
        ),
        (
            ("--strategy", "sample", "--top-k", "5"),
            {"temperature": 0.7, "top_k": 5, "top_p": None, "min_p": None, "seed": 0},
            {
                **dict.fromkeys(("top_p", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff", "top_h"), "default"),
                "temperature": "stated",
                "top_k": "asked",
                "seed": "default",
            },
        ),
    ],
)
def test_what_is_in_force_and_whose_it_is(facts, options, values, origins):
    found = facts(*options)
    strategy = "asked" if "--strategy" in options else "stated"
    always = {"strategy": strategy, "rules": "stated", "cache": "default", "tokens": "stated"}
    assert {name: found[name] for name in (*values, "rules")} == {**values, "rules": {"repetition_penalty": 1.2}}
    assert found["from"] == origins | always
    assert found["tokens"] == "0 of at most 9"


def test_whose_it_is_in_words(facts):
    lines = facts("--strategy", "beam", "--early-stopping", "false", "--max-tokens", "4", output="text").splitlines()
    assert [line.split(maxsplit=1)[1] for line in lines[1:7]] == [
        "beam (asked for)",
        "3 (the checkpoint's)",
        "1.0 (by default)",
        "false (asked for)",
        "repetition_penalty=1.2 (the checkpoint's)",
        "on (by default)",
    ]
    assert lines[8].endswith("0 of at most 4 (asked for)")


def test_what_is_left_open_says_what_holds_and_whose_it_is(play):
    assert "strategy auto  How the next token is chosen. Now greedy (by default).\n" in play("show strategy")
    assert "cache auto  Key/value cache; else as the checkpoint states. Now off (the checkpoint's).\n" in play(
        "show cache"
    )
    assert "strategy beam  How the next token is chosen.\n" in play("set strategy beam")
    assert "beams auto  Beam search: hypotheses kept. Now 4 (by default).\n" in play("show beams")


def test_going_back_to_what_is_stated_drops_what_belonged_to_a_strategy(play, session):
    play("set strategy sample", "set top-k 3", "set strategy auto")
    assert (session.run.in_force.strategy, session.run.settings.top_k) == ("greedy", None)


def test_what_belongs_to_another_strategy_than_the_checkpoint_s_is_refused(tx):
    done = tx("-m", str(FIXTURES / "marian_zh_en"), "--ids", "-t", "5 6", "--top-k", "3", "--batch", "-e", "step")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        2,
        "tx-trace: top_k belongs to strategy sample, and this is beam; choose strategy sample, or leave it out",
    )


def test_the_limit_is_told_where_the_output_ends(play):
    assert "the end of the run: 2 tokens, the most allowed (--max-tokens)" in play("set max-tokens 2", "continue")


def test_when_a_search_stops_is_set_and_shown_in_one_word(play, session):
    assert "early-stopping true" in play("set strategy beam", "set early-stopping true")
    assert session.run.settings.early_stopping is True
    assert "early-stopping never" in play("set early-stopping never")
    assert "early-stopping auto" in play("set early-stopping auto")


def test_when_a_search_stops_belongs_to_a_search(tx):
    done = tx("-t", "我", "--early-stopping", "never", "--batch", "-e", "step")
    assert done.returncode == 2
    assert "early_stopping belongs to strategy beam" in done.stderr
