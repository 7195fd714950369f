"""Runs on disk: written out of sight, published whole, read back.

May import `input` and `fs`.
Begin with `writer.py`, which draws the layout of a run's folder; `reader.py` reads it.
"""
