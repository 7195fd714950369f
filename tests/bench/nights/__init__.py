"""Alarms of a scheduled job: logs judged night by night, each with the nights before it.

`python -m tests.bench.nights [--only LOG …] [--judges J …] [--seeds N] [--rows N] [--jobs N]`. Each
judge's result on a log is stored, so that a run that was stopped goes on where it was.

`logs` finds and makes the logs, `planting` adds odd events to a quiet night. `measure` judges by
outfield and `peers` by others. `draws` runs what has no result yet and stores it; `tables` presents
the results.
"""
