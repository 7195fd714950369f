"""The outputs: Arrow schemas, manifest, model card, verdicts, OCSF, the data dictionary.

May import every other room of `schemas`.
Begin with `tables.py`.
"""
