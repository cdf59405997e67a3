"""The message catalogues: `python tests/catalogue.py` takes every sentence from the code and brings them up to date.

Messages are the first arguments of `_`, `N_` and `ngettext`, and the docstrings of commands and of the functions in
expressions, without their examples.
The template is `tracer/locale/tx-trace.pot`; a language is `LANG/LC_MESSAGES/tx-trace.po` there, compiled beside it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages import mofile, pofile
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir

ROOT = Path(__file__).parents[1]
DOMAIN = "tx-trace"
CATALOGUES = ROOT / "tracer" / "locale"
TEMPLATE = CATALOGUES / f"{DOMAIN}.pot"
SOURCES = ("tracer", "commands")
FUNCTIONS = ROOT / "tracer" / "debugger" / "expressions" / "functions"
EXAMPLES = ("(tx) ", "> ")
"""What lines of examples begin with."""

KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}
DATE = datetime(2026, 1, 1, tzinfo=UTC)
"""Of every catalogue, so that the same messages give the same bytes."""


def template() -> Catalog:
    """Every message of the code, with the files it stands in."""
    catalog = Catalog(project=DOMAIN, version="0.1", fuzzy=False, charset="utf-8")
    for source in SOURCES:
        for name, line, message, comments, context in extract_from_dir(
            ROOT / source, method_map=[("**.py", "python")], keywords=KEYWORDS
        ):
            catalog.add(message, None, [(f"{source}/{name}", line)], auto_comments=comments, context=context)
    for path in sorted([*(ROOT / "commands").rglob("*.py"), *FUNCTIONS.glob("*.py")]):
        for line, message in docstrings(path):
            catalog.add(message, None, [(str(path.relative_to(ROOT)), line)])
    return catalog


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """The help of every command or function in a file, without its examples."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and any(map(_is_command, node.decorator_list)):
            lines = (ast.get_docstring(node) or "").splitlines()
            yield node.lineno, "\n".join(line for line in lines if not line.startswith(EXAMPLES)).strip()


def _is_command(decorator: ast.expr) -> bool:
    called = ast.unparse(decorator.func) if isinstance(decorator, ast.Call) else ""
    return called in ("command", "function", "app.command", "app.callback")


def languages() -> list[str]:
    """The languages that have a catalogue."""
    return sorted(path.parts[-3] for path in CATALOGUES.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def path_of(language: str, suffix: str) -> Path:
    """The catalogue of a language, as text (``.po``) or compiled (``.mo``)."""
    return CATALOGUES / language / "LC_MESSAGES" / f"{DOMAIN}{suffix}"


def read(path: Path, language: str | None = None) -> Catalog:
    """A catalogue from its text."""
    with path.open("rb") as file:
        return pofile.read_po(file, locale=language)


def written(catalog: Catalog) -> bytes:
    """A catalogue as text, the same for the same messages."""
    buffer = BytesIO()
    _describe(catalog)
    pofile.write_po(buffer, catalog, width=120, include_lineno=False, sort_output=True, ignore_obsolete=True)
    return buffer.getvalue()


def compiled(catalog: Catalog) -> bytes:
    """A catalogue as programs read it."""
    buffer = BytesIO()
    _describe(catalog)
    mofile.write_mo(buffer, catalog)
    return buffer.getvalue()


def _describe(catalog: Catalog) -> None:
    catalog.header_comment = f"# The messages of {DOMAIN}."
    catalog.creation_date = catalog.revision_date = DATE
    catalog.last_translator = catalog.language_team = "the tx-trace authors"
    catalog.msgid_bugs_address = ""


def main() -> None:
    """Bring the template and every catalogue up to date."""
    latest = template()
    TEMPLATE.write_bytes(written(latest))
    for language in languages():
        catalog = read(path_of(language, ".po"), language)
        catalog.update(latest, no_fuzzy_matching=True)
        path_of(language, ".po").write_bytes(written(catalog))
        path_of(language, ".mo").write_bytes(compiled(catalog))


if __name__ == "__main__":
    main()
