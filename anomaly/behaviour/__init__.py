"""Behaviour over time: what an entity does in an hour or a day, judged against its other days.

May import `detectors` and the rooms below.
Begin with `activity.py`, which counts; `odd_windows.py` judges the counts.
"""
