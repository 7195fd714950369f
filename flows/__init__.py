"""The job around the mathematics: files, the environment, Prefect, and what people read.

A room may import the rooms below it, never those above: cli, orchestration, pipelines, steps,
then jobs, results and report, then storage, then runtime.
Begin with `flows/pipelines/detect.py`: the order of the steps of a run.
"""
