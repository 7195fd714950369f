"""The mathematics: Arrow tables and NumPy arrays in and out; no files, clock or Prefect.

A room may import the rooms below it: incidents and monitoring, explain, model, behaviour,
detectors, embedding, preprocess, numerics.
Begin with `anomaly/model/fold.py`: from a sample of events to a model that scores.
"""
