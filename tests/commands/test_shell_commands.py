"""Models, short names, history, help."""

import pytest

from commands.registry import catalogue
from commands.topic import topics


def lines(text):
    return [line for line in text.splitlines() if not line.startswith("(tx) ")]


def error_of(play, capsys, *commands):
    play(*commands)
    assert play.status == 1
    return capsys.readouterr().err.splitlines()[-1]


def test_another_model_reads_the_same_text(play, session):
    play("run 我们爱你", "b dec.0.cross.weights", "token", "model zh-en")
    assert session.run.model.name == "zh-en"
    assert session.run.model.dtype == "float64"
    assert "".join(session.run.source).startswith("我们爱你")
    assert (session.cursor, len(list(session.stops))) == (session.start, 1)


def test_a_model_that_can_not_read_the_text_gets_an_example(play, session):
    play("run 我爱你", "model tests/fixtures/gpt2")
    assert play.status == 0
    play("run " + "a" * 60, "model zh-en-tiny")
    assert play.status == 0
    assert session.opener.text == "我爱你"


def test_a_model_without_tokenizers_gets_ids(play, session):
    play("model tests/fixtures/t5_v1_0")
    assert play.status == 0
    assert session.opener.ids is (session.run.model.source is None)


def test_a_model_that_is_none_leaves_everything(play, session, capsys):
    run = session.run
    assert "did you mean zh-en-tiny" in error_of(play, capsys, "model zh-en-tinny")
    assert session.run is run


def test_a_short_name_is_used_and_added_to(play):
    expected = lines(play("token", "print /s dec.0.cross.weights"))[-1]
    assert lines(play("alias ps print /s", "ps dec.0.cross.weights"))[-1] == expected


def test_a_short_name_may_compare(play, session, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    play("alias big p max(probs) > .5", "token", "big")
    assert session.aliases["big"] == "p max(probs) > .5"
    assert list(tmp_path.glob("*.5")) == []


def test_a_short_name_of_a_short_name(play, session):
    play("alias a1 print", "alias a2 a1 logits")
    assert session.aliases["a2"] == "print logits"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("alias step next", "step can't be a short name"),
        ("alias s next", "s can't be a short name"),
        ("alias a.b next", "a.b can't be a short name"),
        ("alias xx bogus", "bogus is no command"),
        ("alias xx", "xx is short for nothing yet"),
    ],
)
def test_names_that_can_not_be_given(line, message, play, capsys):
    assert message in error_of(play, capsys, line)


def test_short_names_are_listed(play):
    assert "there are none yet" in play("alias")
    assert lines(play("alias tt token 2", "alias"))[-1] == "tt  token 2"


def test_history(play, objects):
    assert lines(play("s", "where", "history 2"))[-2:] == ["    2  where", "    3  history 2"]
    assert objects("history 1")[0]["data"] == ["history 1"]


def test_apropos_searches_names_summaries_texts_and_settings(play):
    shown = lines(play("apropos token"))
    assert any(line.startswith("token ") for line in shown)
    assert any(line.startswith("set max-tokens") for line in shown)
    assert any(line.startswith("help addresses") for line in shown)
    assert lines(play("apropos xyzzy")) == ["nothing is said about xyzzy; help all lists all commands"]


def test_help_begins_with_the_few_that_everybody_needs(play, objects):
    shown = lines(play("help"))
    assert [line for line in shown if not line.startswith(" ")] == ["to begin with", "more"]
    assert 10 <= len(objects("help")[0]["data"]) <= 14
    assert any(line.startswith("  help all") for line in shown)
    assert any(line.startswith("  help pipes") for line in shown)


def test_within_a_lesson_help_is_about_the_lesson(play, session):
    session.learn = lambda _lesson: None
    shown = lines(play("help"))
    assert [line.split()[0] for line in shown[shown.index("more") + 1 :]] == ["info", "hint"]


def test_all_of_help_is_grouped(play):
    shown = lines(play("help all"))
    assert [line for line in shown if not line.startswith(" ")][:3] == ["forward", "backward", "stops"]


@pytest.mark.parametrize("word", ["pipes", "|", ">", "files"])
def test_a_topic_goes_by_what_a_person_would_ask_for(word, play):
    assert lines(play(f"help {word}")) == lines(play("help pipes"))
    assert play.status == 0


@pytest.mark.parametrize("topic", topics().values(), ids=topics())
def test_what_a_topic_shows_can_be_typed(topic, play, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for line in topic.lines:
        play("goto @1:decoder.0.cross_attn.output", line if line.startswith(("p ", "list ")) else f"print {line}")
        assert play.status == 0, line


def test_no_word_names_two_topics_or_a_topic_and_a_command():
    names = [word for topic in topics().values() for word in topic.words]
    assert len(names) == len(set(names))
    commands = {word for entry in catalogue().values() for word in entry.words}
    assert not commands & {*names}


def test_the_kinds_of_facts_are_listed_with_a_line_each(play, objects):
    assert lines(play("info"))[0].startswith("info beams ")
    assert "tensors" in objects("info")[0]["data"]
