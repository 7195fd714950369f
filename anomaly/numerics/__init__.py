"""Arithmetic that knows nothing of events.

May import no other room.
Begin with `sorted_lookup.py`.
"""
