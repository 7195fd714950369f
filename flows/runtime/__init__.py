"""Execution and monitoring of steps: settings, runners, retries, log, progress.

May import no other room of `flows`.
Begin with `runner.py`; `settings.py` alone reads the environment.
"""
