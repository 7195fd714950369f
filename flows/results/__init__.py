"""Results of published runs: exports, data frames, similar records, notifications.

May import storage and runtime.
Begin with `export.py`.
"""
