"""The only room that reads or writes data files: input, runs, models, verdicts, indexes.

May import runtime. Its rooms, from top to bottom: maintenance; search; runs, models and verdicts;
input; tables; fs.
Begin with `input/plan.py` for what is read and `runs/writer.py` for what is written.
"""
