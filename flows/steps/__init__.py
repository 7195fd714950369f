"""Steps of a pipeline: each reads, calls `anomaly`, and writes.

May import jobs, report, storage and runtime. A step takes and returns paths and small objects,
so that it runs in a thread, in a process or on another machine. Beside each function stands its
`Step`, which pipelines name. What several steps share stands in modules without a `Step`, such as
`records.py` and `sampling.py`.

Progress, logs, the manifest and Prefect call the steps by these names:

- `plan`, `plan without damaged files`, `check input`: `plan.py`
- `gather`: `gather.py`
- `fit`, `take up the model`, `register`: `fit.py`
- `score`, `select`, `group`, `explain`, `publish`: the modules of these names
- `look through`, `look around`: `incident_context.py`, what stands around an incident
- `look ahead`, `watch`: `monitor.py`, drift before and after scoring, and canaries
- `store`: `index_records.py`, the records that a search looks through

Begin with `run.py`, what every step knows of its run; then follow `flows/pipelines/detect.py`.
"""
