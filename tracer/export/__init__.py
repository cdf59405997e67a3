"""What the tracer saw, for other programs: one output format a file."""
