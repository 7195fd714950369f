"""Detectors on the embedding: density, distance, their combination, and p-values.

May import `embedding` and the rooms below. Higher scores are more anomalous.
Begin with `combination.py`, then `density.py` and `distance.py`.
"""
