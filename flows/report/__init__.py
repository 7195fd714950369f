"""The analysts' page and the index over the runs: one HTML file each, no network request.

May import storage and runtime, and needs neither for its figures: the caller passes them.
Begin with `page.py`.
"""
