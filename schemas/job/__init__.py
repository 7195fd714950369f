"""The job file: its sections, the errors it can have, schedule, partitions, fingerprint.

May import `events` and `columns`.
Begin with `job.py`.
"""
