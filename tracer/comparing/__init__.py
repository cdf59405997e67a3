"""A model against what another implementation computed from it: the first difference, and the mistake behind it."""
