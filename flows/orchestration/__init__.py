"""Prefect: flows, tasks, deployments, the server. No other room imports Prefect.

May import pipelines and all rooms below.
Begin with `launch.py`, which starts a run with or without Prefect; then `flows.py`.
"""
