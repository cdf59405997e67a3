"""The viewer on real terminals."""

OPEN = ("-e", "token 3", "-e", "view dec.0.cross.weights[h0]")
LEFT, RIGHT, DOWN, ENTER, ESCAPE = "\x1b[D", "\x1b[C", "\x1b[B", "\r", "\x1b"


def has_last(text):
    return lambda lines: text in lines[-1]


def has_cell(text):
    return lambda lines: lines[-2].startswith(text)


def test_a_walk_through_a_tensor_and_back_to_the_prompt(terminal):
    there = terminal(*OPEN, columns=100, TERM="xterm-256color")
    lines = there.wait(has_last("q leave"))
    assert lines[0].startswith("@3:decoder.0.cross_attn.weights[h0]   [query 3, key 4]")
    assert lines[2:4] == ["query       我     爱     你   </s>", "0 <s>    0.869  0.045  0.055  0.031"]
    there.type(DOWN + RIGHT + "l")
    there.wait(has_cell("@3:decoder.0.cross_attn.weights[0,1,2] = "))
    there.type("/爱" + ENTER)
    there.wait(has_cell("@3:decoder.0.cross_attn.weights[0,1,1] = "))
    there.type(ENTER)
    assert there.wait(has_last("q back"))[0].startswith("@3:decoder.0.cross_attn.weights[0,1,1] = ")
    there.type(ESCAPE)
    there.wait(has_last("q leave"))
    there.type("q")
    there.wait(lambda lines: any(line.startswith("(tx)") for line in lines))
    there.type("where" + ENTER)
    there.wait(lambda lines: any("zh-en-tiny   records #1 to #" in line for line in lines))


def test_another_size_leaves_a_clean_screen(terminal):
    there = terminal(*OPEN, columns=80)
    there.wait(has_last("q leave"))
    there.resize(20, 8)
    lines = there.wait(lambda lines: has_last("? help")(lines) and has_cell("[0,0,0] = ")(lines))
    assert [line.split()[0] for line in lines[1:6]] == ["key", "query", "0", "1", "2"]
    there.resize(160, 30)
    lines = there.wait(lambda lines: has_last("z heat")(lines) and has_cell("@3:")(lines))
    assert lines[6:28] == [""] * 22


def test_colours_and_none(terminal):
    coloured, plain = terminal(*OPEN), terminal(*OPEN, NO_COLOR="1")
    for there, has_colours in ((coloured, True), (plain, False)):
        there.wait(has_last("q leave"))
        cells = [there.screen.buffer[3][x] for x in range(80)]
        assert any(cell.bg != "default" for cell in cells) is has_colours
        assert "".join(cell.data for cell in cells if cell.reverse).strip().startswith("0 <s>")
