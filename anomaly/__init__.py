"""The mathematics: Arrow tables and NumPy arrays in and out; no files, clock or Prefect."""
