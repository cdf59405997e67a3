"""From a line to a call, and what a line may go on with. Nothing here knows of a terminal."""
