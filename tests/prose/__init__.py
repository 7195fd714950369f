"""A checker of prose: Markdown, docstrings, comments, messages and names.

Run it as `python -m tests.prose`; `make check` does. It imports nothing else of the repository.
Begin with `words.toml`: the words not to use, and the folders that are checked.
"""
