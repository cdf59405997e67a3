"""The languages of a model between several: on the command line, with set, and resumed."""

from pathlib import Path

import pytest

import tracer
from commands.completion import completions
from commands.opener import Opener
from commands.session import Session
from commands.terminal.resume import resume, save
from tracer.errors import InputError

DIRECTORY = Path(__file__).parents[1] / "fixtures" / "mbart_languages"


@pytest.fixture
def session():
    return Session(Opener(tracer.load(DIRECTORY), "the park"))


def read(session):
    return session.run.source[0]


def test_options_choose_them(tx):
    options = ["--source-lang", "de_DE", "--target-lang", "ro_RO"]
    done = tx("-m", str(DIRECTORY), *options, "-t", "the park", "--batch", "-e", "tokens", "-e", "token")
    assert (done.returncode, done.stderr) == (0, "head: the embedding; words: sentencepiece.bpe.model\n")
    assert "de_DE" in done.stdout
    assert "ro_RO" in done.stdout
    given = tx(
        "-m", str(DIRECTORY), *options, "-t", "a", "--target", "the park", "--batch", "-e", "goto @1", "-e", "tokens"
    )
    assert "ro_RO" in given.stdout


@pytest.mark.parametrize(
    ("model", "option", "message"),
    [
        ("zh-en-tiny", "de_DE", "zh-en-tiny has no languages to choose from: leave out target-lang"),
        (DIRECTORY, "ro", "target-lang: mbart_languages has no language 'ro'; it has ro_RO"),
        (DIRECTORY, "\udcff", "is not UTF-8"),
    ],
)
def test_a_language_that_can_not_be_had(model, option, message, tx):
    done = tx("-m", str(model), "--target-lang", option, "-t", "a", "--batch", "-e", "s")
    assert done.returncode == 2
    assert message in done.stderr


def test_set_begins_a_fresh_run(session, play):
    assert "source-lang auto" in play("show source-lang")
    assert read(session) == "en_XX"
    assert "source-lang de_DE" in play("set source-lang de_DE", "set target-lang ro_RO")
    assert read(session) == "de_DE"
    assert session.run.decode().output_ids[0] == 128
    play("set dtype float64")
    assert session.opener.model.chosen == ("de_DE", "ro_RO")
    play("set source-lang auto")
    assert read(session) == "en_XX"


def test_set_offers_them(session):
    assert {offer.text for offer in completions("set target-lang ro", session)} == {"ro_RO"}


def test_a_failure_leaves_the_run_as_it_was(session):
    before = session.run
    with pytest.raises(InputError, match="has no language 'xx'"):
        session.reopen(session.opener.between("xx", None))
    assert session.run is before


def test_they_come_back(session, tmp_path):
    session.reopen(session.opener.between("de_DE", "ro_RO"))
    save(session, tmp_path / "session.json")
    after = resume(tmp_path / "session.json", print)
    assert after.opener.model.chosen == ("de_DE", "ro_RO")
    assert read(after) == "de_DE"


def test_other_languages_leave_mask_and_output_as_they_were_given(session):
    before = Opener(session.opener.model, "128 5 2", ids=True, mask="1 1 0", target_ids=[128, 5, 2])
    other = before.between("de_DE", "ro_RO")
    assert (other.ids, other.mask, other.target_ids, other.model.chosen) == (
        *(True, "1 1 0", [128, 5, 2]),
        ("de_DE", "ro_RO"),
    )
