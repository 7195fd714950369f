"""Quality of outfield and its peers on labelled sets: `python -m tests.bench.quality`.

Every detector is fitted on the unlabelled set and scores the same set; the labels only judge the
scores. Each (set, detector, seed) is a process of its own with a time limit. Its result is a file,
so that a run that was stopped goes on where it was.

`cases` are the sets, `outfield_job` is the program itself, and `detectors` are the peers. They get
`features`, of which `raw_columns` and `session_counts` are kinds. `trials` lists the trials and
stores their results, `runner` starts them, and `measure` is what each process does. `figures`,
`tables` and `picture` present the results.
"""
