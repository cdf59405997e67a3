"""Sheets to fill by hand: small models whose numbers a person can work out, and what is left blank of a run."""
