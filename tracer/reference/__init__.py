"""What another implementation computed from a checkpoint, as people write it down."""
