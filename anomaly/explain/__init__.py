"""Explanation of a record: shares of its surprisal by column, and sentences that say it.

May import `model` and the rooms below.
Begin with `reasons.py`.
"""
