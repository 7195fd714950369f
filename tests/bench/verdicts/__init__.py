"""The gain by verdicts: nights judged in order, with right or wrong answers after each.

`python -m tests.bench.verdicts [--answers K …] [--seeds N] [--rows N] [--jobs N]`.

`measure` judges the nights of a generated log, and answers the first incidents of each. `tables`
presents the figures.
"""
