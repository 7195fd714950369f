"""Pipelines: which steps run in which order, for each kind of job.

May import steps and all rooms below. A runner (`flows/runtime/runner.py`) carries out the steps.
Begin with `detect.py`; `train.py`, `compare.py`, `refit.py` and `backfill.py` are built like it.
`damage.py` runs a pipeline again where a file of its input is damaged.
"""
