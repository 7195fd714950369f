"""Tables of a lake, Delta and Iceberg: which files are live, and what is deleted in them.

May import `fs`.
Begin with `lake_tables.py`: which table a location names, and its live files.
"""
