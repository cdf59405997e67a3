"""What a transcript says."""

import json


def lines(text):
    """What is written, without the echo of the commands and the rules of tables."""
    return [line for line in text.splitlines() if not line.startswith("(tx) ") and (not line or line.strip(" ─"))]


def error_of(play, *commands):
    """What the last of some commands complains about."""
    return json.loads(play(*commands, output="jsonl").splitlines()[-1])["message"]
