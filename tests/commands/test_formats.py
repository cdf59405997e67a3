"""Documents of whole sessions: every command in every format."""

from __future__ import annotations

import io
from xml.etree import ElementTree

import pytest

from commands.batch import Batch
from commands.grammar.lines import given
from commands.guard import FINE
from commands.opener import Opener
from commands.output.formats import DocumentPresenter, presenter_of
from commands.output.present import Look, Presenter
from commands.registry import catalogue
from commands.session import Session
from tests.export.test_html import Reader
from tracer.errors import InputError
from tracer.export import document_formats

FORMATS = list(document_formats())


class Everyone(Presenter):
    """Several presenters that are told the same."""

    def __init__(self, presenters):
        self.presenters = presenters
        super().__init__(io.StringIO(), Look())

    def onto(self, stream, title):
        return self.presenters[0].onto(stream, title)

    def altered(self, preferences):
        return self

    def echo(self, line):
        for presenter in self.presenters:
            presenter.echo(line)

    def show(self, result):
        for presenter in self.presenters:
            presenter.show(result)

    def failed(self, command, line, message):
        raise AssertionError(message)


def test_the_formats_are_those_that_stand_in_the_folder():
    assert FORMATS == ["html", "markdown", "svg"]


def test_an_unknown_format_names_those_there_are():
    with pytest.raises(InputError, match="choose one of text, jsonl, html, markdown, svg"):
        presenter_of("docx")


@pytest.mark.parametrize("name", catalogue())
def test_every_command_has_its_say_in_every_format(name, model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    presenters = [DocumentPresenter(kind, io.StringIO(), Look(80)) for kind in document_formats().values()]
    for presenter in presenters:
        presenter.__enter__()
    session = Session(Opener(model))
    assert Batch(session, Everyone(presenters)).play(given(["token", *catalogue()[name].examples])) == FINE
    if session.log:
        session.log.close()
    for presenter in presenters:
        presenter.__exit__(None, None, None)
    page, _markdown, picture = (presenter.stream.getvalue() for presenter in presenters)
    assert Reader(page).count("h2") > 1
    ElementTree.fromstring(picture)


SCRIPT = (
    "# 我爱你",
    "token",
    "p dec.0.cross.weights",
    "why dec.0.cross.weights[h0, 0, 1] -d 2",
    "formula dec.0.ffn.norm",
)


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_script_gives_the_same_bytes(name, tx):
    first, second = (
        tx("--format", name, "--batch", *(part for line in SCRIPT for part in ("-e", line))) for _time in range(2)
    )
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == second.stdout
    assert "爱" in first.stdout


def test_a_failure_is_told_and_the_document_is_whole(tx):
    done = tx("--format", "html", "--batch", "-e", "p nothing", "-e", "token")
    assert done.returncode == 1
    assert Reader(done.stdout).count("section") == 1
    assert 'class="failure"' in done.stdout


@pytest.mark.parametrize("suffix", [suffix for kind in document_formats().values() for suffix in kind.suffixes])
def test_one_view_is_exported(suffix, play, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    play("token", "p dec.0.cross.weights", f"export seen{suffix}")
    assert play.status == FINE
    assert "0.869" in (tmp_path / f"seen{suffix}").read_text(encoding="utf-8")


def test_what_goes_to_a_file_is_a_document_of_its_own(play, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = play("token", 'top 3 > "top.html"', output="html")
    assert "chosen" not in page
    assert Reader((tmp_path / "top.html").read_text(encoding="utf-8")).count("table") == 1


BEGINNINGS = {
    "html": "<header>\n<h1>我爱你</h1>\n<p>zh-en-tiny: encoder–decoder, ",
    "markdown": "# 我爱你\n\nzh-en-tiny: encoder–decoder, ",
    "svg": "<title>我爱你</title>",
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_document_begins_with_the_text_and_the_model(name, tx):
    assert BEGINNINGS[name] in tx("--format", name, "--batch", "-t", "我爱你", "-e", "token").stdout


def test_a_file_is_about_the_text_that_is_traced_then(play, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    play('tokens > "first.md"', "run 你爱我", 'tokens > "second.md"', output="markdown")
    titles = [(tmp_path / name).read_text(encoding="utf-8").splitlines()[:1] for name in ("first.md", "second.md")]
    assert titles == [["# 我爱你"], ["# 你爱我"]]


@pytest.mark.parametrize("name", FORMATS)
def test_a_document_is_headed_by_the_text_that_is_shown(name, play):
    shown = play("set decimals 2", "run 你爱我", "token", output=name)
    assert BEGINNINGS[name].replace("我爱你", "你爱我") in shown
    assert "<title>" not in shown or "<title>你爱我</title>" in shown


def titled(page):
    return page.splitlines()[0]


def test_a_document_of_several_texts_names_those_of_which_something_was_computed(play):
    lines = ("run 你爱我", "token", "run 他们爱我", "run 我爱你", "token", "run 你爱我", "token")
    assert titled(play(*lines, output="markdown")) == "# 你爱我 · 我爱你"
    assert titled(play("run 他们爱我", "info model", output="markdown")) == "# 你爱我 · 我爱你 · 他们爱我"


def test_a_document_of_several_models_names_them(play):
    named = play("token", "model zh-en", "token", "model zh-en-tiny", output="markdown").splitlines()[2]
    assert [model.partition(":")[0] for model in named.split("; ")] == ["zh-en-tiny", "zh-en"]


def test_a_given_output_is_in_the_heading(play):
    assert titled(play("set target i love you", "goto @1", output="markdown")) == "# 我爱你 → i love you"


@pytest.mark.parametrize("name", FORMATS)
def test_a_title_may_be_set_anywhere(name, play):
    assert BEGINNINGS[name].replace("我爱你", "Who looks where") in play(
        "token", "set title Who looks where", "run 你爱我", "token", output=name
    )


def test_a_title_holds_for_files_too_until_it_is_taken_away(play, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    play("set title Mine", "p 1", "export a.md", "set title auto", "p 1", "export b.md")
    assert [titled((tmp_path / name).read_text(encoding="utf-8")) for name in ("a.md", "b.md")] == [
        "# Mine",
        "# 我爱你",
    ]


def test_a_page_shows_a_matrix_whole_that_a_screen_cuts(play):
    text, page = (play("p enc.0.ffn.hidden", output=output) for output in ("text", "html"))
    assert "…" in text
    assert Reader(page).count("td") == 4 * 32


def test_settings_hold_for_documents(play):
    assert "0.93983" in play("set decimals 5", "token", "p dec.0.cross.weights", output="markdown")
