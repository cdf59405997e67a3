"""``python -m commands``."""

from .entry import main

main()
