"""The model: fitted on a sample, it scores records; selection turns scores into findings.

May import `detectors` and the rooms below.
Begin with `fold.py`: one model of one half of a sample; `model.py` holds one or three of them.
"""
