"""The input: which Parquet files it has, their schemas, and the reading of their rows.

May import `tables` and `fs`.
Begin with `plan.py`: files, row groups and the unified schema, known before any row is read.
"""
