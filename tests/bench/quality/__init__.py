"""How well outfield and its peers find what is labelled: `python -m tests.bench.quality`.

Every detector is fitted on the unlabelled set and scores the same set; the labels only judge the
scores. Each (set, detector, seed) is a process of its own with a time limit, and its result is a
file, so that a run that was stopped goes on where it was.

`cases` are the sets, `detectors` and `features` the peers, `outfield_job` the program itself;
`measure` is what a process does, `trials` which of them there are, `runner` starts them and keeps
their results; `figures`, `tables` and `picture` say what came out.
"""
