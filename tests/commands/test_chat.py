"""A question put to a chat: on the command line, at the prompt, and in what is shown of its tokens."""

import io
import json
import shutil
from pathlib import Path

import pytest

import tracer
from commands.opener import Opener
from commands.output.present import Look, TextPresenter
from commands.session import Session
from commands.terminal.resume import resume, save
from commands.terminal.shell import Shell

FIXTURES = Path(__file__).parents[1] / "fixtures"
SOURCE = (
    "{{ bos_token }}{% for m in messages %}{{ '[' + m.role + '] ' + m.content + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '[assistant] ' }}{% endif %}"
)


@pytest.fixture
def path(tmp_path):
    directory = shutil.copytree(FIXTURES / "llama_gqa", tmp_path / "chatting")
    (directory / "chat_template.jinja").write_text(SOURCE)
    return str(directory)


def test_the_text_is_shown_and_its_tokens_by_role(tx, path):
    done = tx("-m", path, "--chat", "we", "--max-tokens", "1", "--batch", "-e", "token", "-e", "tokens")
    assert done.returncode == 0
    assert done.stderr.splitlines()[1:] == [
        "with the chat template of chatting it reads:",
        "  <s>[user] we",
        "  [assistant] ",
    ]
    rows = [line.split()[0] for line in done.stdout.split("(tx) tokens\n")[1].splitlines()]
    assert [row for row in rows if row in ("user", "assistant", "target")] == ["user", "assistant"]


def test_of_a_long_text_the_beginning_is_shown(path, monkeypatch):
    monkeypatch.setattr("commands.opener.MOST_SHOWN", 17)
    told = []
    Opener(tracer.load(path), "we", warn=told.append).asking("we")
    assert told[-3:] == ["  <s>[user] we", "  [ass", "  … and 8 more characters"]


def test_the_roles_are_told_to_programs(tx, path):
    done = tx("-m", path, "--chat", "we", "--batch", "--format", "jsonl", "-e", "tokens")
    data = json.loads(done.stdout.splitlines()[0])["data"]
    assert len(data["roles"]) == len(data["source"])
    assert list(dict.fromkeys(data["roles"])) == ["", "user", "assistant"]


def test_the_text_is_shown_whenever_it_is_asked_for(tx, path):
    done = tx("-m", path, "--chat", "we", "--batch", "-e", "info run")
    assert done.stdout.endswith("the chat template puts it so:\n  <s>[user] we\n  [assistant]\n")
    done = tx("-m", path, "--chat", "we", "--batch", "--format", "jsonl", "-e", "info run")
    assert json.loads(done.stdout.splitlines()[1])["data"]["prompt"]["text"] == "<s>[user] we\n[assistant] "


@pytest.mark.parametrize("more", [("-t", "we"), ("--ids",)])
def test_a_question_stands_in_place_of_a_text(tx, path, more):
    done = tx("-m", path, "--chat", "we", *more, "--batch", "-e", "step")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--chat is a text by itself; leave out --text and --ids, or --chat" in done.stderr


def test_a_model_without_a_template_says_so(tx):
    done = tx("-m", str(FIXTURES / "gpt2"), "--chat", "we", "--batch", "-e", "step")
    assert done.returncode == 2
    assert "tx-trace: gpt2 states no chat_template; give the whole text" in done.stderr


@pytest.fixture
def chatting(path):
    return Session(Opener(tracer.load(path), "we"))


def put(session, line):
    return [*session.read(line).run(session)]


def test_it_is_set_and_taken_back_at_the_prompt(chatting):
    plain = [*chatting.run.source_ids]
    put(chatting, "set chat how now")
    assert chatting.opener.prompt.question == "how now"
    assert chatting.title().text == "how now"
    assert chatting.run.source_ids.roles
    put(chatting, "run")
    assert chatting.run.source_ids.roles
    put(chatting, "set max-tokens 3")
    assert (chatting.opener.prompt.question, chatting.run.max_tokens) == ("how now", 3)
    put(chatting, "run we")
    assert (chatting.opener.prompt, [*chatting.run.source_ids]) == (None, plain)
    put(chatting, "set chat we")
    put(chatting, "set chat off")
    assert (chatting.opener.prompt, [*chatting.run.source_ids]) == (None, plain)


def test_how_the_next_question_is_put_is_said(path, chatting):
    stream = io.StringIO()
    shell = Shell(chatting, TextPresenter(stream, Look(80, "never")))
    shell.open([], lambda _session: left)
    assert "set chat" not in stream.getvalue()
    Shell(Session(Opener(tracer.load(path), "we", chat=True)), shell.presenter).open([], lambda _session: left)
    assert stream.getvalue().endswith("the next question: set chat TEXT\n")


def left(_prompt):
    raise EOFError


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("chat how now", "chat is a setting, and no command; to set it: set chat how now"),
        ("chat", "chat is a setting, and no command; to set it: set chat TEXT"),
        ("beams 4", "beams is a setting, and no command; to set it: set beams 4"),
    ],
)
def test_a_setting_typed_as_a_command_says_how_it_is_set(tx, line, told):
    done = tx("--batch", "-e", line)
    assert (done.returncode, done.stderr) == (1, f"-e:1: {told}\n")


def test_an_answer_may_be_given(path):
    session = Session(Opener(tracer.load(path), "we", chat=True, target="so"))
    assert session.run.teacher_forced
    assert session.run.source_ids.roles


def test_a_chat_is_resumed(chatting, tmp_path):
    put(chatting, "set chat how now")
    save(chatting, tmp_path / "session.json")
    again = resume(tmp_path / "session.json", lambda _told: None)
    assert again.opener.prompt == chatting.opener.prompt
    assert again.run.source_ids == chatting.run.source_ids
