"""The message catalogues: complete, up to date, and the same in every language."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from string import Formatter

import pytest
from babel.messages.catalog import Catalog

from commands.registry import CONTINUED, PROMPT
from commands.registry import catalogue as commands
from tests import catalogue
from tracer import i18n

LOOKED_UP = {"_": 1, "N_": 1, "ngettext": 2}
"""Functions that take messages, and how many of their arguments are messages."""


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    yield
    i18n.use("en")


@pytest.fixture(scope="module")
def extracted() -> Catalog:
    return catalogue.template()


def messages_by_id(catalog: Catalog) -> dict:
    return {message.id: message for message in catalog if message.id}


def translations(language: str) -> dict:
    return messages_by_id(catalogue.read(catalogue.path_of(language, ".po"), language))


def forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def placeholders(text: str) -> list[tuple[str, str | None, str | None]]:
    return sorted({(name, spec, how) for _text, name, spec, how in Formatter().parse(text) if name}, key=str)


def sources():
    for package in catalogue.SOURCES:
        yield from sorted((catalogue.ROOT / package).rglob("*.py"))


def lookups(path):
    """Every call that looks up a message, or marks one."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in LOOKED_UP:
            yield node


def is_literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_only_literals_are_looked_up_and_marked():
    """What is known at run time alone is marked with `N_` where it stands, and passes through `spoken`."""
    elsewhere = [path for path in sources() if path.name != "i18n.py"]
    found = [
        f"{path.relative_to(catalogue.ROOT)}:{call.lineno}: {ast.unparse(call)}"
        for path in elsewhere
        for call in lookups(path)
        if not all(is_literal(argument) for argument in call.args[: LOOKED_UP[call.func.id]])
    ]
    assert found == []


def test_messages_are_marked_by_n_alone():
    """A `Message` made in another way would not be extracted."""
    elsewhere = [path for path in sources() if path.name != "i18n.py"]
    assert [path for path in elsewhere if re.search(r"(?<!\w)Message\(", path.read_text(encoding="utf-8"))] == []


def test_the_template_is_up_to_date(extracted):
    template = messages_by_id(catalogue.read(catalogue.TEMPLATE))
    assert template.keys() == messages_by_id(extracted).keys(), "run: python tests/catalogue.py"


def test_the_help_of_every_command_is_in_the_template():
    known = messages_by_id(catalogue.read(catalogue.TEMPLATE))
    assert (PROMPT, CONTINUED) == catalogue.EXAMPLES
    for entry in commands().values():
        assert i18n.documented(entry.function, without=catalogue.EXAMPLES) in known, entry.name


def test_there_is_a_catalogue_for_every_other_language():
    assert ["en", *catalogue.languages()] == list(i18n.LANGUAGES)


@pytest.mark.parametrize("language", catalogue.languages())
def test_every_message_is_translated(language, extracted):
    translated = translations(language)
    assert translated.keys() == messages_by_id(extracted).keys(), "run: python tests/catalogue.py"
    assert [message.id for message in translated.values() if message.fuzzy or not all(forms(message.string))] == []


@pytest.mark.parametrize("language", catalogue.languages())
def test_translations_have_the_placeholders_of_the_english(language):
    for message in translations(language).values():
        expected = placeholders(forms(message.id)[-1])
        assert [placeholders(form) for form in forms(message.string)] == [expected] * len(forms(message.string))


@pytest.mark.parametrize("language", catalogue.languages())
def test_the_compiled_catalogue_is_that_of_the_text(language):
    with catalogue.path_of(language, ".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert compiled.info()["content-type"] == "text/plain; charset=utf-8"
    for message in translations(language).values():
        one, *many = forms(message.id)
        shown = [compiled.ngettext(one, many[0], n) for n in (1, 2)] if many else [compiled.gettext(one)]
        assert set(shown) == set(forms(message.string))


@pytest.mark.parametrize("language", catalogue.languages())
def test_a_catalogue_that_is_up_to_date_is_written_as_it_is(language):
    path = catalogue.path_of(language, ".po")
    steady = re.compile(rb'"Generated-By: .*\n')
    assert steady.sub(b"", catalogue.written(catalogue.read(path, language))) == steady.sub(b"", path.read_bytes())


def test_an_empty_message_stays_empty():
    for language in i18n.LANGUAGES:
        i18n.use(language)
        assert i18n._("") == ""


def test_marked_messages_are_looked_up_when_they_are_shown():
    marked = i18n.N_("forward")
    i18n.use("zh")
    assert i18n.spoken(marked) == "前进"
    assert i18n.spoken("forward") == "forward"
    i18n.use("en")
    assert i18n.spoken(marked) == "forward"
