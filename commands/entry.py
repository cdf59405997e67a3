"""The entry point: nothing stands before Ctrl-C has an answer, and everything else is imported after that."""

from .interrupts import end_at_once


def main() -> None:
    """Run ``tx-trace`` and leave with its exit status."""
    end_at_once()
    from .main import main as run

    run()
