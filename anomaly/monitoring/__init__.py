"""The batch as a whole: synthetic anomalies that should be found, and drift.

May import `explain` and the rooms below.
Begin with `canaries.py`.
"""
