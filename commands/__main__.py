"""``python -m commands``."""

from .main import main

main()
