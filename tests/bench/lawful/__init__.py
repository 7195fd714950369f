"""Are ordinary minorities ordinary? Generated logs with a lawful minority and planted anomalies.

`python -m tests.bench.lawful [--minorities M …] [--shares S …] [--rows N …] [--seeds N] [--peers]`.
Begin with `logs.py`.
"""
