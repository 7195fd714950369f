"""How fast, in how much memory, and beside what else a user might run."""
