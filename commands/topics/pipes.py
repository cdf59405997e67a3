"""Where else a command's words may go."""

from tracer.i18n import N_

from ..topic import Topic

PIPES = Topic(
    "pipes",
    N_("What a command shows can go to a program or into a file, instead of the screen."),
    N_("A file that is there already is replaced. log FILE keeps all that is shown from then on."),
    examples=("list | head -3",),
    lines={
        "list | head -3": N_("to a program, which reads it; one only, and no shell"),
        'list > "steps.txt"': N_("into a file"),
        "list > steps.txt": N_("without quotes only after commands that take no expression"),
        'p logits > "logits.txt"': N_("with an expression the quotes are needed: there > compares"),
        'list | sort > "steps.txt"': N_("what the program writes, into a file"),
    },
    synonyms=("|", ">", "files"),
)
