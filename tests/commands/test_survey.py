"""survey: a corpus asked on the command line, and the sentences of a file at the prompt."""

from __future__ import annotations

import re
import shlex
import sys

import pytest

from commands.grammar.acted import EDITING, Acted
from commands.output import present
from commands.registry import catalogue
from tracer import corpus
from tracer.corpus.asking import Asked
from tracer.errors import InputError, TraceError

TEXTS, PAIRS = "我爱你\n你爱我\n他们喜欢猫\n", "我爱你\ti love you\n你爱我\tyou love me\n猫\tcat\n"
FAR = "far=entropy(dec.*.cross.weights[:, -1:])"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with corpora in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lines.txt").write_text(TEXTS, encoding="utf-8")
    (tmp_path / "pairs.tsv").write_text(PAIRS, encoding="utf-8")
    return tmp_path


@pytest.fixture
def survey(tx, here):  # noqa: ARG001
    """The subcommand, on the small model; skipped where its libraries are missing."""
    pytest.importorskip("pyarrow")
    pytest.importorskip("distributed")
    return lambda *arguments: tx("survey", *arguments, "-m", "zh-en-tiny")


def table(path="out.parquet"):
    import pyarrow.parquet as pq

    return pq.read_table(path).to_pydict()


# --- on the command line ------------------------------------------------------------------------------------------


def test_answers_are_written(survey):
    done = survey("lines.txt", "-e", FAR, "-e", "n=step", "-o", "out.parquet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "out.parquet: written\n", "")
    found = table()
    assert found["sentence"] == [n for n, steps in ((1, 4), (2, 4), (3, 4)) for _step in range(steps)]
    assert found["n"] == [1, 2, 3, 4] * 3
    assert set(found["error"]) == {None}


def test_the_second_column_is_given_unless_that_is_refused(survey):
    survey("pairs.tsv", "-e", "loss=loss", "-o", "out.parquet")
    assert [token for token in table()["token"] if token][:4] == ["▁i", "▁love", "▁you", "</s>"]
    survey("pairs.tsv", "-e", "n=step", "-o", "other.parquet", "--target-column", "none")
    assert set(table("other.parquet")["target"]) == {None}


def test_a_summary_ranks_the_heads_and_says_what_opens_sentences(survey, here):
    done = survey("pairs.tsv", "--preset", "attention", "-o", "out.parquet", "--summary")
    assert done.returncode == 0
    sections = re.split(r"^(?=\w+   \S)", done.stdout, flags=re.MULTILINE)
    assert len(sections) == 13
    cross = next(section for section in sections if section.startswith("cross_aligned"))
    means = re.findall(r"layer 0 head (\d) +([\d.]+)", cross)
    assert sorted(means, key=lambda mean: -float(mean[1])) == means
    assert {head for head, _mean in means} == {"0", "1"}
    page = (here / "out.html").read_text(encoding="utf-8")
    assert page.count('<svg class="bars"') == 12
    assert "tx-trace -m zh-en-tiny -t " in page
    opened = re.search(r"tx-trace (-m zh-en-tiny .*?)</", page)[1]
    words = shlex.split(opened.replace("&quot;", '"').replace("&lt;", "<").replace("&gt;", ">"))
    assert words[:3] == ["-m", "zh-en-tiny", "-t"]


def test_the_command_that_opens_a_sentence_shows_it(survey, tx):
    shown = survey("pairs.tsv", "-e", FAR, "-o", "out.parquet", "--summary", "--width", "400").stdout
    line = re.search(r"tx-trace -m zh-en-tiny (.*)", shown)[1].strip()
    done = tx(*shlex.split(line), "--batch")
    assert done.returncode == 0
    assert "[layer 1, head 2, query 1]" in done.stdout


def test_an_edit_has_its_effect(survey):
    edit = ("--edit", "ablate dec.0.cross.h1")
    shown = survey("pairs.tsv", "--preset", "loss", *edit, "-o", "out.parquet", "--summary").stdout
    assert "effect of the edit" in shown
    found = table()
    assert set(found["run"]) == {0, 1}
    assert len(found["loss"]) == 2 * found["run"].count(0)


def test_another_model_is_held_against_it(survey):
    done = survey("pairs.tsv", "--preset", "kl", "--against", "zh-en-tiny", "-o", "out.parquet")
    assert done.returncode == 0
    assert max(table()["kl"]) == 0.0


def test_it_goes_on_and_is_made_anew(survey):
    asked = ("lines.txt", "-e", "n=step", "-o", "out.parquet")
    survey(*asked)
    assert survey(*asked).stderr == (
        "tx-trace: out.parquet: is there already; add --force to make it anew, or name another file\n"
    )
    assert survey(*asked, "--resume").stdout == "out.parquet: written\n"
    other = survey("lines.txt", "-e", "n=2", "-o", "out.parquet", "--resume")
    assert other.stderr.startswith("tx-trace: out.parquet: was made with other values of this: the expressions")
    assert survey("lines.txt", "-e", "n=2", "-o", "out.parquet", "--force").returncode == 0
    assert set(table()["n"]) == {2}


def test_what_is_interrupted_is_kept(survey, here, monkeypatch):
    monkeypatch.setattr(corpus.parts, "PART", 1)
    made = corpus.running.answer

    def answer(plan, sentences):
        if sentences[0].number == 3:
            raise KeyboardInterrupt
        return made(plan, sentences)

    monkeypatch.setattr(corpus.running, "answer", answer)
    asked = ("lines.txt", "-e", "n=step", "-o", "out.parquet")
    done = survey(*asked)
    assert done.returncode == 130
    assert done.stderr.startswith("interrupted after 2 of 3 sentences, which are kept in out.parquet.parts; ")
    assert len(list((here / "out.parquet.parts").iterdir())) == 2
    monkeypatch.setattr(corpus.running, "answer", made)
    assert survey(*asked).stderr.startswith("tx-trace: out.parquet.parts: has parts of a survey that was interrupted")
    assert survey(*asked, "--resume").returncode == 0
    assert table()["sentence"] == [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nosuch.txt", "-e", "n=1"), "nosuch.txt: there is no such file"),
        (("lines.txt",), "nothing is asked; add -e NAME=EXPRESSION or --preset NAME"),
        (("lines.txt", "-e", "n"), "'n' is no question; write NAME=EXPRESSION"),
        (("lines.txt", "-e", "n=(1"), "n: column 1: this bracket is never closed"),
        (("lines.txt", "-e", "n=1", "--column", "zh"), "lines.txt: a text a line has no columns"),
        (("lines.txt", "-e", "n=1", "--edit", "step"), "step makes no edit of every sentence"),
        (("lines.txt", "-e", "n=1", "--edit", "ablate"), "ablate needs HEAD"),
        (("lines.txt", "-e", "n=1", "--at", "r1:x"), "r1:x is no place of every sentence"),
        (("lines.txt", "-e", "n=1", "--resume", "--force"), "--resume goes on with what is there, --force begins anew"),
        (("lines.txt", "-e", "n=1", "--scheduler", "x", "--workers", "2"), "--scheduler has workers of its own"),
        (
            ("lines.txt", "-e", "n=1", "--edit", "ablate dec.0", "--against", "zh-en"),
            "--against and --edit are both r1",
        ),
        (("lines.txt", "--preset", "loss"), "--preset loss needs outputs that are given"),
        (("lines.txt", "-e", "n=1", "--scheduler", "nonsense"), "there is no scheduler at nonsense"),
    ],
)
def test_what_is_refused(survey, here, arguments, told):
    done = survey(*arguments, "-o", "out.parquet")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"tx-trace: {told}")
    assert not (here / "out.parquet.parts").exists()


def test_a_table_is_parquet(survey):
    assert (
        "the table is Parquet; name a file that ends in .parquet"
        in survey("lines.txt", "-e", "n=1", "-o", "a.csv").stderr
    )


@pytest.mark.usefixtures("here")
def test_without_its_libraries_it_says_what_to_install(tx, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    done = tx("survey", "lines.txt", "-e", "n=1", "-o", "out.parquet", "-m", "zh-en-tiny")
    assert (done.returncode, done.stderr) == (2, "tx-trace: survey needs distributed: pip install 'tx-trace[survey]'\n")


# --- edits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EDITING)
def test_every_edit_makes_a_branch_as_at_the_prompt(name, play, session):
    examples = [line for line in catalogue()[name].examples if line.split()[0] == name]
    tried = []
    for line in examples:
        before = session.run
        play(line)
        if play.status == 0 and session.run is not before:
            text = session.run.decode().text
            assert Acted.read(line)(before).decode().text == text
            tried.append(line)
        session.restart()
    assert tried, examples


def test_what_edits_nothing(session):
    with pytest.raises(InputError, match="sweep makes no edit of every sentence"):
        Acted.read("sweep ablate over dec.*.cross.h* measure kl")
    with pytest.raises(TraceError):
        Acted.read("ablate dec.9.cross.h1")(session.run)


# --- at the prompt ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("here")
def test_sentences_of_a_file(play, session):
    shown = play("survey lines.txt entropy(dec.*.cross.weights[:, -1:])")
    assert shown.splitlines()[1:3] == ["3 sentences", "value   entropy(dec.*.cross.weights[:, -1:])"]
    assert re.findall(r"layer 0 head (\d)", shown) == ["0", "1"]
    assert len(session.runs) == 1


@pytest.mark.usefixtures("here")
def test_the_first_of_them(play):
    assert "2 sentences\n" in play("survey pairs.tsv first 2 loss")


@pytest.mark.usefixtures("here")
def test_for_programs(objects):
    found = objects("survey pairs.tsv loss")
    assert (found[0]["kind"], found[0]["sentences"]) == ("survey", 3)
    mean = next(one for one in found if one["kind"] == "mean")
    assert (mean["expression"], mean["of"], mean["axes"], mean["n"]) == ("value", "unedited", {}, 10)
    assert mean["interval"][0] <= mean["mean"] <= mean["interval"][1]


@pytest.mark.usefixtures("here")
def test_what_was_asked_is_shown_when_it_is_interrupted(play, monkeypatch):
    rows = Asked.rows

    def interrupted(asked, sentence, *more):
        if sentence.number == 3:
            raise KeyboardInterrupt
        rows(asked, sentence, *more)

    monkeypatch.setattr(Asked, "rows", interrupted)
    shown = []
    monkeypatch.setattr(present.TextPresenter, "show", lambda _self, result: shown.append(list(result.objects())))
    with pytest.raises(KeyboardInterrupt):
        play("survey lines.txt step")
    assert shown[0][0]["sentences"] == 2


@pytest.mark.usefixtures("here")
def test_a_sweep_over_a_corpus_averages_effects(objects):
    found = objects("sweep ablate over dec.*.cross.h* measure mean(loss) over corpus pairs.tsv")
    means = {one["axes"]["place"]: one["mean"] for one in found if one["kind"] == "mean"}
    effects, sweep = [], "sweep ablate over dec.*.cross.h* measure mean(loss)"
    for text, target in (line.split("\t") for line in PAIRS.splitlines()):
        [one] = objects(f"run {text}", f"set target {target}", sweep)[-1:]
        effects.append(one["effects"][0])
    for head in range(2):
        expected = sum(effect[head] for effect in effects) / 3
        assert means[f"decoder.0.cross_attn.heads[h{head}]"] == pytest.approx(expected, rel=1e-6)


def test_a_sentence_that_can_not_be_read_costs_itself(objects, here):
    (here / "some.txt").write_text(f"我爱你\n{'猫' * 40}\n", encoding="utf-8")
    found = objects("sweep ablate over dec.*.cross.h* measure kl over corpus some.txt")
    assert [one["n"] for one in found if one["kind"] == "mean"] == [1, 1]
    [error] = found[0]["errors"]
    assert "takes at most 12 tokens" in error


def test_what_a_file_lacks(play, here):
    (here / "empty.txt").write_text("\n\n")
    assert play("survey empty.txt step") == "(tx) survey empty.txt step\n"
