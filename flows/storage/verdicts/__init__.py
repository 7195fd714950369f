"""Verdicts of analysts: one JSON file each, and the CSV or Parquet files they drop.

May import `input` and `fs`.
Begin with `store.py`.
"""
