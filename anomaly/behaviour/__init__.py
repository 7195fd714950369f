"""Behaviour over time: what an entity does in an hour or a day, judged against its other days.

May import `detectors` and the rooms below.
Begin with `activity.py`, the counts. `counting.py` makes them, and `odd_windows.py` judges them.
"""
