"""Incidents: findings that belong together, known again in later runs, judged by verdicts.

May import `explain` and the rooms below.
Begin with `grouping.py`.
"""
