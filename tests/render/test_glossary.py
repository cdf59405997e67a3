from tracer.views.glossary import glossary, sections_view

from .screen import seen


def test_a_long_text_goes_on_below_its_beginning():
    names = {"set": "Give a setting a value, whatever it is.", "s": "Step."}
    assert seen(glossary(names), 35).splitlines() == [
        "set  Give a setting a value,",
        "     whatever it is.",
        "s    Step.",
    ]


def test_sections_have_headings_and_are_indented():
    assert seen(sections_view({"forward": {"step": "On."}, "shell": {"quit": "Leave."}}), 40).splitlines() == [
        "forward",
        "  step  On.",
        "shell",
        "  quit  Leave.",
    ]


def test_on_a_narrow_page_the_text_stands_below_the_name():
    assert seen(glossary({"length-penalty": "Of beams, mostly about one."}), 20).splitlines() == [
        "length-penalty",
        "  Of beams, mostly",
        "  about one.",
    ]


def test_nothing_is_nothing():
    assert seen(glossary({}), 20) == ""
