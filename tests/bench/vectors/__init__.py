"""Vector stores beside each other: how long to build, how large, how fast, what they find."""
