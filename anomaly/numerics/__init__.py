"""Arithmetic that knows nothing of events.

May import no other room.
Begin with `arrays.py`, the types of arrays. `spacing.py` chooses evenly, `sorted_lookup.py`
searches.
"""
