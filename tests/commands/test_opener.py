"""What a person is told when a model is opened."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import tracer
from commands.grammar.parsing import parse_line
from commands.opener import Opener
from commands.session import Session
from tracer.decoding.settings import Settings
from tracer.errors import InputError

FIXTURES = Path(__file__).parents[1] / "fixtures"


def introduced(name, **settings):
    told = []
    Opener(tracer.load(name), warn=told.append, settings=Settings(**settings)).introduce()
    return told


@pytest.mark.parametrize(
    "text", ["我爱你", "the end ", " ", "a\nb", "\t", r"a\nb", 'say "a"', '"a"', "a | b", "a > b", "\\"]
)
def test_a_text_is_read_as_it_was_told(text):
    title = Session(Opener(tracer.load(FIXTURES / "gpt2"), text)).title()
    assert parse_line(f"run {title.text}").arguments == {"text": text}


def test_a_target_for_a_model_without_a_tokenizer_is_ids():
    model = tracer.load(FIXTURES / "bart_tied")
    assert Opener(model, "5 6", ids=True, target="2 7").target == "2 7"
    message = "bart_tied has no tokenizer, so that --target takes token ids, written like 5 9 2, and not 'love'"
    with pytest.raises(InputError, match=message):
        Opener(model, "5 6", ids=True, target="love")


def test_a_strategy_that_the_checkpoint_asks_for_is_told():
    assert introduced(FIXTURES / "marian_zh_en")[1:] == [
        "note: marian_zh_en states num_beams=6: the output is that of beam search; "
        "--strategy greedy takes the likeliest token each time"
    ]


def test_a_sample_that_the_checkpoint_asks_for_is_told():
    told, model = [], tracer.load(FIXTURES / "gpt2")
    asking = replace(model, rules=replace(model.rules, stated={"do_sample": True, "temperature": 0.7}))
    session = Session(Opener(asking, "9", warn=told.append))
    session.opener.introduce()
    assert told[1:] == [
        "note: gpt2 states do_sample: tokens are drawn, the same ones with the same --seed; "
        "--strategy greedy takes the likeliest each time"
    ]
    drawn = session.run.decode().output_ids
    session.restart()
    assert (session.run.in_force.strategy, session.run.decode().output_ids) == ("sample", drawn)
    session.reopen(session.opener.deciding(Settings(seed=1)))
    assert told[2:] == []


def test_settings_that_are_not_followed_are_told():
    assert introduced(FIXTURES / "marian_zh_en", strategy="greedy")[1:] == [
        "note: marian_zh_en states num_beams=6, which is not followed in greedy decoding"
    ]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("gpt2", "head: the embedding; words: tokenizer.json"),
        ("marian_zh_en", "head: the embedding; words: source.spm + target.spm + vocab.json"),
        ("cases/two-heads/llama_only_head", "head: the embedding; words: none (token ids only)"),
        ("mbart_untied", "head: lm_head.weight; words: none (token ids only)"),
        ("cases/two-heads/gpt2_differs", "head: lm_head.weight; words: none (token ids only)"),
    ],
)
def test_a_line_tells_how_a_checkpoint_was_opened(name, told):
    assert introduced(FIXTURES / name)[0] == told
    assert len(told) < 80


def test_what_would_surprise_is_told_when_a_checkpoint_opens(tx):
    told = tx(
        "-m", str(FIXTURES / "cases" / "two-heads" / "gpt2_differs"), "--ids", "-t", "1 2", "--batch", "-e", "p 1"
    )
    assert told.stderr.splitlines()[1:] == [
        "note: lm_head.weight of the file is used: it differs from transformer.wte.weight, "
        "though config.json states tie_word_embeddings = true"
    ]
    assert told.stdout == "(tx) p 1\n1 = 1\n"


def test_what_is_asked_for_is_not_told_to_be_left_out():
    assert introduced(FIXTURES / "marian_zh_en", strategy="beam")[1:] == []
    assert introduced(FIXTURES / "marian_zh_en", strategy="beam", beams=2)[1:] == []
    assert introduced(FIXTURES / "marian_zh_en", strategy="sample")[1:] == [
        "note: marian_zh_en states num_beams=6, which is not followed in sampling"
    ]


STATED = {"do_sample": True, "num_beams": 3, "min_p": 0.1}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("greedy", "sample", []),
        ("greedy", "beam", []),
        ("beam", "beam", []),
        ("beam", "sample", ["num_beams=3, which is not followed in sampling"]),
        ("sample", "greedy", ["do_sample=True, min_p=0.1, which is not followed in greedy decoding"]),
    ],
)
def test_what_another_strategy_leaves_out_is_told_with_it(before, after, expected):
    told, model = [], tracer.load(FIXTURES / "marian_zh_en")
    asking = replace(model, rules=replace(model.rules, stated=STATED))
    Opener(asking, settings=Settings(before), warn=told.append).deciding(Settings(after))
    assert told == [f"note: marian_zh_en states {what}" for what in expected]


@pytest.mark.parametrize("stated", [{"num_beams": 0}, {"num_beams": 3, "length_penalty": "x"}])
def test_what_can_not_be_followed_is_not_said_to_be(stated):
    told, model = [], tracer.load(FIXTURES / "marian_zh_en")
    opener = Opener(replace(model, rules=replace(model.rules, stated=stated)), "5 6", ids=True, warn=told.append)
    opener.introduce()
    assert not any("num_beams" in line for line in told)
    with pytest.raises(InputError, match="what the checkpoint states can't be followed"):
        Session(opener)


def test_a_given_output_leaves_nothing_out():
    told = []
    Opener(tracer.load(FIXTURES / "marian_zh_en"), target="我", warn=told.append).introduce()
    assert not any("num_beams" in line for line in told)


def test_there_is_nothing_to_tell_of_a_model_that_asks_for_nothing():
    assert introduced("zh-en-tiny") == []


def test_it_is_told_once_however_many_runs_there_are(tx):
    path = str(FIXTURES / "marian_zh_en")
    done = tx("-m", path, "--ids", "-t", "5 6 7 0", stdin="token\nrun 5 6 0\ntoken\n")
    assert done.stderr.count("num_beams=6") == 1


def changed(directory, name, **stated):
    shutil.copytree(FIXTURES / name, directory, dirs_exist_ok=True)
    path = directory / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | stated), encoding="utf-8")
    return directory


def test_what_nobody_asks_for_is_told(tmp_path):
    path = changed(tmp_path, "llama_gqa", logits_scaling=4.0)
    assert introduced(path)[1:] == ["note: config.json: not known here, and not followed: logits_scaling = 4.0"]


@pytest.mark.parametrize(("name", "key"), [("llama_gqa", "max_position_embeddings"), ("t5_v1_0", "n_positions")])
def test_a_text_beyond_what_a_model_is_made_for_is_told(tmp_path, name, key):
    told = []
    opener = Opener(tracer.load(changed(tmp_path, name, **{key: 4})), "5 6 7 8", ids=True, warn=told.append)
    opener()
    assert told == []
    opener("5 6 7 8 9")
    assert told == [f"warning: the text has 5 tokens, and {tmp_path.name} is made for 4; positions go on all the same"]
