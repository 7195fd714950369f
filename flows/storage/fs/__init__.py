"""Files and folders, on this machine or in an object store: paths, atomic writes, locks.

May import no other room of storage.
Begin with `store_path.py`.
"""
