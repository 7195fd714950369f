"""Is what happens over time found? Logs of an invented office, with one planted thing each.

`python -m tests.bench.scenarios [--only SCENARIO …] [--seeds N] [--history] [--jobs N]`.

`office` makes the clean logs. `planting` plants what must be found and `lawful` what is ordinary;
`scenarios` names all of it, and the words that tell it. `measure` judges a log by outfield's
default job and looks for the evidence among its incidents; `tables` presents the outcomes.
"""
