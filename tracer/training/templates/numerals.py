"""Numbers in words."""

from .tables import TABLES

DIGITS = "零一二三四五六七八九"
ONES, TENS = ([english for _chinese, english in TABLES[name]] for name in ("number", "tens"))
UNITS = ((10_000, "万"), (1000, "千"), (100, "百"), (10, "十"))


def chinese(n: int) -> str:
    """25: 二十五; 120: 一百二十; 105: 一百零五; up to 99,999."""
    return _chinese(n).removeprefix("一") if 10 <= n < 20 else _chinese(n)


def _chinese(n: int) -> str:
    """Within a longer number ten is 一十."""
    for unit, name in UNITS:
        if n >= unit:
            head, rest = divmod(n, unit)
            gap = "零" if 0 < rest < unit // 10 else ""
            return DIGITS[head] + name + gap + (_chinese(rest) if rest else "")
    return DIGITS[n]


def english(n: int) -> str:
    """25: twenty-five; 120: one hundred and twenty; from 1,000 on in figures, but for full thousands."""
    if n < 20:
        return ONES[n]
    if n < 100:
        return TENS[n // 10] + (f"-{ONES[n % 10]}" if n % 10 else "")
    if n < 1000:
        return f"{ONES[n // 100]} hundred" + (f" and {english(n % 100)}" if n % 100 else "")
    return f"{english(n // 1000)} thousand" if n % 1000 == 0 else f"{n:,}"
