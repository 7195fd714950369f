"""Steps of a pipeline: each reads, makes one call into `anomaly`, and writes.

May import jobs, report, storage and runtime. A step takes and returns paths and small objects,
so that it runs in a thread, in a process or on another machine. Beside each function stands its
`Step`, which pipelines name.
Begin with `run.py`, what every step knows of its run; then follow `flows/pipelines/detect.py`.
"""
