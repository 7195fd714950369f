"""Looking after what was written: checksums verified, old runs and models removed.

May import every other room of storage.
Begin with `verify.py`.
"""
