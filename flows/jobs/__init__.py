"""The job on disk: its file, its partitions, its model, and what is due.

May import storage and runtime.
Begin with `job_file.py`.
"""
