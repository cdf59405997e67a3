"""What is shown again at every stop."""

from transcript import error_of, lines


def test_a_display_is_shown_at_once_and_at_every_stop(play):
    assert lines(play("t", "display step + 1"))[-1] == "1: step + 1 = 2"
    assert lines(play("t"))[-1] == "1: step + 1 = 3"
    assert lines(play("rs"))[-1] == "1: step + 1 = 3"
    assert lines(play("goto @1"))[-1] == "1: step + 1 = 2"
    assert lines(play("back"))[-1] == "1: step + 1 = 3"


def test_only_where_a_motion_stops(play):
    assert play("display step", "s 5").count("1: step = 0") == 2
    assert "1: step" not in play("p 1 + 1", "where", "list")


def test_a_display_keeps_its_format(play):
    assert lines(play("t", "display/2 1 / 3"))[-1] == "1: 1 / 3 = 0.33"
    assert "1: @1:decoder.0.cross_attn.weights[h0, 0]" in play("display/4 dec.0.cross.weights[h0, 0]").replace(
        "2:", "1:"
    )


def test_where_it_has_no_value_a_line_says_so(play):
    shown = lines(play("display weights[h0]", "s"))
    assert shown[0].startswith("1: weights[h0]   (nothing is recorded at weights")
    assert shown[-1] == shown[0]
    assert play.status == 0


def test_undisplay_takes_one_or_all_away(play):
    play("display step", "display 1 + 1", "undisplay 1")
    assert lines(play("info display")) == ["2: 1 + 1"]
    assert "there is no display 1; there are: 2" in error_of(play, "undisplay 1")
    assert lines(play("display 2 + 2", "display")) == ["3: 2 + 2 = 4", "2: 1 + 1 = 2", "3: 2 + 2 = 4"]
    play("undisplay")
    assert lines(play("info display")) == ["nothing is displayed; display E begins it"]


def test_objects_of_displays(objects):
    shown = objects("display step", "s")
    assert [thing["kind"] for thing in shown] == ["result", "op", "stop", "result"]
    assert shown[-1]["data"] == {"expression": "step", "value": 0}
