import io
import math
from dataclasses import dataclass

from tracer.render.console import make_console
from tracer.render.notebook import mimebundle
from tracer.render.progress import account, counting, training_progress

from ..views.sample import tape


def test_a_tensor_in_a_notebook():
    bundle = mimebundle(tape()["decoder.0.self_attn.masked"])
    assert bundle["text/plain"].startswith("@2:decoder.0.self_attn.masked   [head 2, query 3, key 3]")
    assert "\x1b" not in bundle["text/plain"]
    assert "<pre style=" in bundle["text/html"]
    assert "background-color: #2d004b" in bundle["text/html"]
    assert "&lt;s&gt;" in bundle["text/html"]


def test_tensors_show_themselves():
    tensor = tape()["logits"]
    assert tensor._repr_mimebundle_() == mimebundle(tensor)


@dataclass
class Standing:
    epoch: int = 0
    update: int = 0
    loss: float = math.nan
    bleu: float = math.nan
    best: float = -1.0


def test_what_is_known_of_a_training():
    assert account(Standing(0, 5, 7.25)) == "epoch 0  loss 7.250"
    assert account(Standing(3, 90, 2.3141, 17.94, 18.21)) == "epoch 3  loss 2.314  BLEU 17.9  best 18.2"


def reported(file, **environ):
    console = make_console(file, width=80, color="never", accessible=False, environ=environ)
    with training_progress(console) as report:
        report(Standing(0, 1, 7.0), 20)
        report(Standing(0, 9, 6.5), 20)
        report(Standing(1, 10, 6.0, 1.5, 1.5), 20)
        report(Standing(1, 11, 5.5, 1.5, 1.5), 20)
    return file.getvalue()


def test_off_a_terminal_an_epoch_is_a_line():
    assert reported(io.StringIO()) == "epoch 1  loss 6.000  BLEU 1.5  best 1.5  update 10 of 20\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_there_is_a_bar():
    assert "epoch 1  loss 5.500  BLEU 1.5  best 1.5" in reported(Terminal(), TERM="xterm")


def counted(file, **environ):
    console = make_console(file, width=80, color="never", accessible=False, environ=environ)
    with counting(console, "sentences", 200, 50) as count:
        count(10)
        count(30)
    return file.getvalue()


def test_what_is_counted_has_a_bar_with_its_speed_on_a_terminal():
    shown = counted(Terminal(), TERM="xterm")
    assert "80/200" in shown
    assert "/s" in shown
    assert counted(io.StringIO()) == ""
