"""The configuration file."""

import pytest

from commands.folders import config_folder, state_folder
from commands.settings import SETTINGS
from commands.terminal.config import configure, remember
from commands.terminal.conversation import Conversation, furnish
from tracer import i18n
from tracer.errors import InputError


def configured(session, tmp_path, text):
    file = tmp_path / "config"
    file.write_text(text, encoding="utf-8")
    return [problem.removeprefix(str(tmp_path)) for problem in configure(session, file)]


def test_settings_and_short_names(session, tmp_path):
    text = "# mine\n\n  decimals = 4\nvi=on\nalias.cross = print dec.0.cross.weights[h0] > .5\n"
    assert configured(session, tmp_path, text) == []
    assert session.preferences == {"decimals": 4, "vi": True}
    assert session.aliases == {"cross": "print dec.0.cross.weights[h0] > .5"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("colour = never", "/config:2: colour is no setting; did you mean color?"),
        ("decimals = many", "/config:2: decimals: 'many' is not a whole number from 0 to 12"),
        ("decimals 4", "/config:2: expected KEY = VALUE"),
        ("decimals =", "/config:2: expected KEY = VALUE"),
        ("strategy = sample", "/config:2: strategy is set on the command line or at the prompt"),
        ("alias.step = next", "/config:2: step can't be a short name"),
        ("alias.nn = nonsense", "/config:2: nonsense is no command"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_the_rest_counts(session, tmp_path, line, message):
    [problem] = configured(session, tmp_path, f"vi = on\n{line}\nrows = 5\n")
    assert problem.startswith(message)
    assert session.preferences == {"vi": True, "rows": 5}


def test_a_setting_is_given_another_value_and_the_rest_stays(tmp_path):
    file = tmp_path / "folder" / "config"
    assert remember(file, "lang", "zh")
    assert file.read_text() == "lang = zh\n"
    file.write_text("# mine\nlang=zh\ndecimals = 4\n")
    assert not remember(file, "lang", "en")
    assert file.read_text() == "# mine\nlang = en\ndecimals = 4\n"


def test_a_language_that_was_chosen_is_that_of_the_next_start(session, tmp_path, capsys):
    file = tmp_path / "config" / "tx-trace" / "config"
    furnish(session, {"lang": "zh"})
    assert file.read_text() == "lang = zh\n"
    assert len(capsys.readouterr().err.splitlines()) == 1
    i18n.use("en")
    furnish(session, {})
    assert (i18n.language(), file.read_text()) == ("zh", "lang = zh\n")
    SETTINGS["lang"].put(session, "en")
    assert (file.read_text(), capsys.readouterr().err) == ("lang = en\n", "")


@pytest.mark.parametrize(
    ("content", "chosen", "spoken"),
    [("lang = zh\n", {}, "zh"), ("lang = zh\n", {"lang": "en"}, "en"), ("lang = xx\n", {}, "en"), ("", {}, "en")],
)
def test_what_is_said_while_a_session_opens_is_in_the_language_kept(content, chosen, spoken):
    config_folder().mkdir(parents=True)
    (config_folder() / "config").write_text(content)
    i18n.use("en")
    heard = []

    def begin():
        heard.append(i18n.language())
        raise InputError("no such model")

    with pytest.raises(InputError):
        Conversation(begin, chosen).hold([])
    i18n.use("en")
    assert heard == [spoken]


def test_no_file_is_no_problem_and_one_that_can_not_be_read_is_a_sentence(session, tmp_path):
    assert list(configure(session, tmp_path / "nowhere")) == []
    (tmp_path / "config").write_bytes(b"vi = on\n\xff\xfe\n")
    [problem] = configure(session, tmp_path / "config")
    assert "is not UTF-8 text" in problem
    (tmp_path / "folder").mkdir()
    [problem] = configure(session, tmp_path / "folder")
    assert "can't be read" in problem


def test_folders_are_the_standard_ones(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert config_folder() == tmp_path / "tx-trace"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_folder() == tmp_path / ".local/state/tx-trace"


def test_a_script_does_not_read_it(tx, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "tx-trace").mkdir()
    (tmp_path / "tx-trace" / "config").write_text("decimals = 9\nnonsense\n")
    done = tx("--batch", "-e", "show decimals")
    assert (done.returncode, done.stderr) == (0, "")
    assert "decimals 3" in done.stdout


def test_what_the_command_line_names_wins_even_where_it_is_the_default(session):
    (config_folder()).mkdir(parents=True)
    (config_folder() / "config").write_text("color = never\nwidth = 60\n")
    furnish(session, {"color": "auto", "seed": 3})
    assert (SETTINGS["color"].get(session), SETTINGS["width"].get(session)) == ("auto", 60)
