"""The terminal: commands, their options and help, and what they print.

May import every other room of `flows`. Reads no Parquet file itself.
Begin with `app.py`, which lists the commands; `options.py` holds what they share.
"""
