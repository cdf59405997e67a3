"""Mistakes on purpose: an operation as people get it wrong, in a branch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any

from tracer import views
from tracer.addresses import Address, Everywhere, matching, parse_anywhere
from tracer.debugger.debugger import Debugger
from tracer.edits import Edit
from tracer.i18n import _, spoken
from tracer.mistakes import Mistake, Restated, catalogue, mistake
from tracer.mistakes.mistake import EVERYWHERE
from tracer.run import live
from tracer.trace import Trace

from ..grammar.parameters import Kind, Option
from ..grammar.suggestions import Suggestion, Typing, words
from ..registry import command
from ..results.branches import entered
from ..results.result import Result, Results, answer
from .mask_rules import leaks_in, of_current, records_of


def _sentences(_debugger: object = None) -> dict[str, str]:
    return {one.name: _line(one) for one in catalogue().values()}


def _line(one: Mistake) -> str:
    """What is wrong, and which variants there are."""
    sentence = spoken(one.sentence)
    return sentence if not one.variants else f"{sentence} ({', '.join(one.variants)})"


def _variants(typing: Typing) -> Iterator[Suggestion]:
    found = catalogue().get(typing.before[0])
    yield from words(lambda _debugger: dict.fromkeys([*(found.variants if found else ()), "at"], ""))(typing)


Named = Annotated[str, Kind("NAME", str, words(_sentences))]
Variant = Annotated[str, Kind("VARIANT", str, _variants)]
AtGlob = Annotated[Address | Everywhere | None, Option("at", "GLOB", parse_anywhere)]


@command("mistake", group="change")
def mistake_(
    debugger: Debugger, name: Named | None = None, variant: Variant | None = None, *, at: AtGlob = None
) -> Results:
    """Compute an operation as people get it wrong.

    A branch is made in which every record that the mistake can be made in is computed so, in every step; with at, those
    at an address or below it, which may have a step. What is wrong is told, where to look for it in a port, and what
    the model says then. The formula of such a record is the wrong one, and its derivation too. Some have variants:
    swapped q/k, k/v, gate/up or norms; activation silu; eps 1e-12. If none is named, the activation is ReLU (GELU where
    ReLU is right), and eps is 1e-6 where the model has 1e-5, else 1e-5. mistake alone lists them all.

    (tx) mistake
    (tx) mistake no_scale
    (tx) mistake no_causal at dec.0
    (tx) mistake swapped k/v at dec.*.self
    """
    if name is None:
        yield _catalogue()
        return
    run = live(debugger.run, "mistake")
    found = mistake(f"{name} {variant or ''}", run.parameters)
    branch = run.branch(_edit(debugger, run, found, at)).decode()
    yield from entered(debugger, run, branch, [*explained(found), *leaks_in(branch)])


def explained(found: Mistake) -> Iterator[str]:
    """What is wrong, and where to look."""
    yield spoken(found.sentence)
    yield _("where to look: {where}").format(where=spoken(found.hint))


def _edit(debugger: Debugger, run: Trace, found: Mistake, at: Address | Everywhere | None) -> Edit:
    """The mistake at an address or below it, in every step or in the one that is named.

    Raises:
        AddressError: there is nothing of the kind.
        InputError: it lies in another run.
    """
    if at is None or isinstance(found, Restated):
        return Edit(Address(EVERYWHERE), found)
    address, known = of_current(debugger, at), records_of(run, at, found.is_of)
    patterns = [address.path, f"{address.path}.**"] if address.path else [EVERYWHERE]
    path = next((path for path in patterns if matching(path, known)), None)
    if path is None:
        raise found.nowhere(address, ())
    whole = matching(path, known)
    return Edit(replace(address, path=path if "*" in path else whole[0]), found)


def _catalogue() -> Result:
    def data() -> Mapping[str, Any]:
        return {
            one.name: {
                "sentence": spoken(one.sentence),
                "where": spoken(one.where),
                "needs": spoken(one.needs),
                "variants": list(one.variants),
            }
            for one in catalogue().values()
        }

    return answer("mistake", data, lambda: views.glossary.glossary(_sentences()))
