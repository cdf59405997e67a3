"""A template is a program of strangers: it is kept from everything but text, and from using up time and memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tracer.chats import rendering
from tracer.chats.rendering import rendered
from tracer.chats.template import Template
from tracer.errors import InputError

ONE = [{"role": "user", "content": "<q>"}]


def text(source: str, **tokens: str) -> str | None:
    return rendered(Template(source, Path("t.jinja"), tokens), [(ONE, True)])[0]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{% for i in [1, 2, 3] %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %}", "1"),
        ("a\n  {% if true %}\nb\n  {% endif %}\nc", "a\nb\nc"),
        ("{{ messages | tojson }}", '[{"role": "user", "content": "<q>"}]'),
        ("{{ strftime_now('%Y') | length }}", "4"),
        ("{{ bos_token }}{{ eos_token }}{{ add_generation_prompt }}", "<s>True"),
        ("{% generation %}{{ messages[0].content }}{% endgeneration %}", "<q>"),
        ("{% set ns = namespace(a=1) %}{% for i in [1, 2] %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}", "4"),
    ],
)
def test_what_a_template_may_use(source: str, expected: str) -> None:
    assert text(source, bos_token="<s>") == expected


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{{ ''.__class__.__mro__ }}", "access to attribute '__class__' of 'str' object is unsafe."),
        ("{{ cycler.__init__.__globals__ }}", "access to attribute '__init__' of 'type' object is unsafe."),
        ("{{ messages.append(1) }}", "access to attribute 'append' of 'list' object is unsafe."),
        ("{% set ns = namespace() %}{% set ns.__init__ = 1 %}", "a namespace has no __init__"),
        ("{% include 'x' %}", "no loader for this environment specified"),
        ("{{ messages[0].no.thing }}", "'dict object' has no attribute 'no'"),
        ("{% for i in range(10**9) %}{% endfor %}", "Range too big"),
        ("{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}", "maximum recursion depth exceeded"),
        ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", "maximum recursion depth exceeded"),
        ("{{ 'a' * 10**10 }}", "it takes too much memory"),
        ("{{ 'x' | center(10**10) }}", "it takes too much memory"),
        ("{% for i in range(9999) %}{{ 'x' * 1000 }}{% endfor %}", "its text is too long"),
    ],
)
def test_what_a_template_may_not_do(source: str, reason: str) -> None:
    with pytest.raises(InputError) as error:
        text(source)
    assert str(error.value).startswith(f"t.jinja: the chat template can't be rendered ({reason}")


def test_a_template_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "SECONDS", 1)
    for_ever = "{% for i in range(99999) %}{% for j in range(99999) %}{% set x = i * j %}{% endfor %}{% endfor %}"
    with pytest.raises(InputError, match=r"it was not done within 1 seconds\)"):
        text(for_ever)


def test_a_bound_that_can_not_be_set_leaves_the_others() -> None:
    script = (
        "import resource as r; from tracer.apart import bound; r.setrlimit(r.RLIMIT_CPU, (2, 2)); bound(); "
        "print(*(r.getrlimit(kind)[1] for kind in (r.RLIMIT_CPU, r.RLIMIT_AS, r.RLIMIT_FSIZE, r.RLIMIT_CORE)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2", str(1 << 30), "0", "0"]


def test_the_process_is_told_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    worker = tmp_path / "worker.py"
    worker.write_text("import json, os; print(json.dumps([{'text': ' '.join(os.environ)}]))")
    monkeypatch.setattr(rendering, "WORKER", worker)
    monkeypatch.setenv("SECRET_TOKEN", "s")
    monkeypatch.setenv("PYTHONHASHSEED", "0")
    told = (text("a") or "").split()
    assert "PYTHONHASHSEED" in told
    assert "SECRET_TOKEN" not in told


def test_a_chat_that_is_refused_is_none_unless_it_is_the_first() -> None:
    template = Template("{% if messages | length > 1 %}{{ raise_exception('no') }}{% endif %}a", Path("t.jinja"))
    assert rendered(template, [(ONE, True), (ONE * 2, False)]) == ["a", None]
    with pytest.raises(InputError, match=r"\(no\)"):
        rendered(template, [(ONE * 2, True), (ONE, False)])


def test_without_jinja2_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "find_spec", lambda _name: None)
    with pytest.raises(InputError, match="needs jinja2, which is missing: pip install jinja2, or tx-trace with"):
        text("a")
