"""Lessons: read from Markdown, taught at the real prompt, checked by the state of the session."""
