"""Are ordinary minorities ordinary? Generated logs with a lawful minority and planted anomalies.

`python -m tests.bench.lawful [--minorities M …] [--shares S …] [--rows N …] [--seeds N] [--peers]
[--jobs N]`. Each judge's result on a log is stored, so that a run that was stopped goes on where it
was.

`logs` makes the logs, `measure` and `peers` judge them. `draws` runs what has no result yet and
stores it; `tables` presents the results.
"""
