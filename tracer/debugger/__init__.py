"""The cursor over what a run wrote down, and the language of conditions."""
