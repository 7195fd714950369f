"""Contracts: the job file, the columns, the events, the outputs. No files, no clock.

A room may import the rooms below it: outputs, job, events, columns; then errors, locations,
escaping and patterns.
Begin with `schemas/job/job.py`, everything a user may set.
"""
