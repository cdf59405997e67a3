"""From a line to a call, and what an argument may go on with. Nothing here knows of a terminal."""
