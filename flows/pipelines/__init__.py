"""Pipelines: which steps run in which order, for each kind of job.

May import steps and all rooms below. A runner (`flows/runtime/runner.py`) carries out the steps.
Begin with `detect.py`; `train.py` and `compare.py` are built like it. `refit.py` runs `train`
before `detect` where a new model is due. `backfill.py` and `parallel_backfill.py` judge each of
some days. `damage.py` runs a pipeline again where a file of its input is damaged.
"""
