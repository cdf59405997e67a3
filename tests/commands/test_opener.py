"""What a person is told when a model is opened."""

from pathlib import Path

import tracer
from commands.opener import Opener

FIXTURES = Path(__file__).parents[1] / "fixtures"


def introduced(name):
    told = []
    Opener(tracer.load(name), warn=told.append).introduce()
    return told


def test_settings_that_are_not_followed_are_told():
    assert introduced(FIXTURES / "marian_zh_en") == [
        "note: marian_zh_en states num_beams=6, which is not followed: decoding is greedy unless asked"
    ]


def test_there_is_nothing_to_tell_of_a_model_that_asks_for_nothing():
    assert introduced("zh-en-tiny") == []


def test_it_is_told_once_however_many_runs_there_are(tx):
    path = str(FIXTURES / "marian_zh_en")
    done = tx("-m", path, "--ids", "-t", "5 6 7 0", stdin="token\nrun 5 6 0\ntoken\n")
    assert done.stderr.count("num_beams=6") == 1
