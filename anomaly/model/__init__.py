"""The model: fitted on a sample, it scores records; selection turns scores into findings.

May import `detectors` and the rooms below.
Begin with `fold.py`: one model, fitted on two thirds of a sample and calibrated on the other.
`model.py` holds one or three of them.
"""
