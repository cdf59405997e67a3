"""Settings: set, show, and what they change."""

import io

import pytest

from commands.output.present import Look, TextPresenter
from commands.registry import catalogue
from commands.settings import SETTINGS
from tracer import i18n
from tracer.errors import InputError


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_has_a_sentence_and_takes_back_what_it_shows(name, session):
    setting = SETTINGS[name]
    assert setting.sentence.endswith(".")
    before = setting.get(session)
    setting.put(session, setting.read(setting.shown(session)))
    assert setting.get(session) == before


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_shown_and_helped(name, play):
    assert play(f"show {name}").splitlines()[1].startswith(f"{name} ")
    assert name in play("show")
    assert SETTINGS[name].sentence in play(f"help {name}")
    assert name not in catalogue()


def test_set_and_show(play, objects):
    assert "decimals 5" in play("set decimals 5")
    assert objects("show decimals")[0]["data"] == {"decimals": 5}
    assert "vi on" in play("set vi")
    assert "top-k auto" in play("show top_k")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("set decimals", "set decimals needs a value: N"),
        ("set decimals x", "decimals: 'x' is not a whole number from 0 to 12"),
        ("set decimals 99", "from 0 to 12"),
        ("set color red", "color: 'red' is none of auto, always, never"),
        ("set colour never", "did you mean color"),
        ("set s 1", "s is ambiguous: suggest, strategy, seed"),
        ("set nonsense 1", "show lists them"),
        ("set temperature .7", "temperature belongs to strategy sample"),
        ("set temperature nan", "temperature: 'nan' is not a number above 0, at most 1000000"),
        ("set vi maybe", "vi: 'maybe' is none of on, off"),
        ("show nonsense", "nonsense is no setting"),
    ],
)
def test_what_can_not_be_set(line, message, play, capsys):
    play(line)
    assert play.status == 1
    assert message in capsys.readouterr().err


def test_decimals_and_rows_are_those_of_tables(play):
    assert "0.8690" not in play("token 3", "p dec.0.cross.weights[h0]")
    shown = play("set decimals 5", "p dec.0.cross.weights[h0]")
    assert all(len(cell.partition(".")[2]) == 5 for cell in shown.splitlines()[-1].split()[2:])
    assert "more" in play("set rows 2", "p enc.0.ffn.hidden") or "…" in play("p enc.0.ffn.hidden")


def test_a_flag_wins_over_a_setting(play):
    assert "= 3.14\n" in play("set decimals 5", "p/2 3.14159")


def test_width_and_colour():
    presenter = TextPresenter(io.StringIO(), Look(100, "never"))
    assert presenter.altered({}) is presenter
    changed = presenter.altered({"width": 40, "color": "always", "vi": True})
    assert (changed.look.width, changed.look.color) == (40, "always")


def test_a_setting_of_decoding_begins_a_fresh_run(play, session):
    play("token", "set max-tokens 2", "continue")
    assert len(session.run.tokens) == 2
    assert "max-tokens 2" in play("show max-tokens")
    play("set max-tokens auto")
    assert (session.run.tokens, session.cursor.index) == ([], 0)


def test_another_strategy_leaves_what_belonged_to_the_one_before(play, session):
    play("set strategy sample", "set temperature .5", "set strategy beam", "set beams 2")
    assert play.status == 0
    assert (session.run.settings.temperature, session.run.settings.beams) == (None, 2)


def test_arithmetic(play, session):
    play("set dtype float32")
    assert session.run.model.dtype == "float32"
    assert session.run.step(0)["encoder.output"].array.dtype == "float32"


def test_the_language_changes_at_once(session):
    try:
        SETTINGS["lang"].put(session, "zh")
        assert SETTINGS["lang"].get(session) == "zh"
    finally:
        i18n.use("en")


def test_a_failure_leaves_the_run_as_it_was(session):
    run = session.run
    with pytest.raises(InputError):
        SETTINGS["temperature"].put(session, 0.5)
    assert session.run is run
    assert session.opener.settings.temperature is None
