"""Shortened names made whole, so that they mean the same wherever the cursor goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...addresses import Address, matching, resolve
from ..expressions import Expression, compile_expression, renamed
from ..locations import Here, performed


def whole(address: Address, here: Here) -> Address:
    """An address with its full path; one with ``*`` keeps them, below the scope in which it was found.

    A path without a step is looked for in the cursor's step, then among the first steps of the run.

    Raises:
        AddressError: it stands for nothing there, or, without ``*``, for several records; or there is no such run.
    """
    here.run_of(address)
    if not address.path:
        return address
    names: list[str] = []
    for addresses in _steps(address, here):
        if matching(address.path, addresses, here.scope):
            return replace(address, path=_whole_path(address, addresses, here.scope))
        names += addresses
    return replace(address, path=resolve(address.path, names, here.scope))


def whole_expression(expression: Expression, here: Here) -> Expression:
    """An expression with the full name of everything it reads; raises as `whole` does."""
    return compile_expression(renamed(expression.text, lambda address: _whole_operand(address, here)))


def _whole_operand(address: Address, here: Here) -> Address:
    trained = here.parameters(address)
    if not trained:
        return whole(address, here)
    return address if address.is_glob else replace(address, path=next(iter(trained)))


def check_known(address: Address, here: Here) -> None:
    """Insist that some record of the first steps could see something by an address; raises as `whole` does."""
    if here.parameters(address):
        return
    anywhere = Address(f"**.{address.path}", address.step)
    if address.path and not any(matching(anywhere.path, names) for names in _steps(address, here)):
        whole(address, here)


def _steps(address: Address, here: Here) -> Iterator[Sequence[str]]:
    """The addresses of the steps in which a path may stand."""
    run = here.run_of(address)
    numbers = dict.fromkeys((here.step, run.first, 1, 2))
    for number in (n for n in numbers if address.step is None or (n == 0) == (address.step == 0)):
        if performed(run, number):
            yield run.step(number).addresses


def _whole_path(address: Address, names: Sequence[str], scope: str) -> str:
    if not address.is_glob:
        return resolve(address.path, names, scope)
    inner = scope.split(".") if scope else []
    prefixes = ["", *("".join(f"{segment}." for segment in inner[:n]) for n in range(len(inner), 0, -1))]
    return next(prefix + address.path for prefix in prefixes if matching(prefix + address.path, names))
