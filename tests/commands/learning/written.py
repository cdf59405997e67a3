"""Lessons, written for a test."""

WEIGHTS = "@1:dec.0.cross.weights"


def block(head, *lines):
    """A fenced block."""
    return "\n".join([f"```{head}", *lines, "```", ""])


HINTS = (block("hint", "First hint."), block("hint", "Second hint."))


def step(name, *contents):
    """A step called ``name``, with two hints."""
    return "\n".join([f"## Step {name} {{#{name}}}", "", *contents, *HINTS])


def doing(name, check, solution, *more, before=""):
    """A step in which something is to be done."""
    return step(name, before, block("check", check), block("solution", solution), *more)


def asking(name, kind, *keys, wrong="Not so.", more=(), before=""):
    """A step in which something is asked."""
    return step(name, before, block(kind, *keys), block("wrong", wrong), *more)


def guess(name="guess", **more):
    """Which source token the first row of head 0 looks at most: 我."""
    return asking(name, "predict", f"answer: argmax({WEIGHTS}[h0, 0])", "among: source", **more)


def sum_up(name="sum", **more):
    """1 + 2."""
    return asking(name, "compute", "answer: 1 + 2", "within: 0.1", **more)


def at_scores(name="scores", *more, **options):
    """To the scores of the encoder."""
    return doing(name, "at enc.0.self.scores", "goto enc.0.self.scores", *more, **options)


def lesson(*steps, intro="", title="Sample", model="zh-en-tiny", text="我爱你", **front):
    """A whole file."""
    front = {"title": title, "model": model, "text": text, **front}
    return "\n".join(["---", *(f"{key}: {value}" for key, value in front.items()), "---", intro, "", *steps])
