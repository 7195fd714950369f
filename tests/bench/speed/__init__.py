"""Time and memory of outfield, beside other programs that a user might run."""
