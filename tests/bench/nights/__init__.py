"""What does a scheduled job say of a night, when it knows the nights before?

`python -m tests.bench.nights [--only LOG …] [--judges J …] [--seeds N] [--rows N] [--jobs N]`. Each
night of a log is judged in its order, with the nights before it. Each judge's result on a log is
stored, so that a run that was stopped goes on where it was.

`logs` finds and makes the logs, `planting` adds odd events to a quiet night. `measure` judges by
outfield and `peers` by others. `draws` runs what has no result yet and stores it; `tables` presents
the results.
"""
