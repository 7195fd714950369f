"""Is what happens over time found? Logs of an invented office, with one planted thing each.

`python -m tests.bench.scenarios [--only SCENARIO …] [--seeds N] [--history] [--jobs N]`.

`office` has the people and services, and `logs` makes clean logs of them. `planting` plants what
must be found, `lawful` what is ordinary. `scenarios` names all of it, and the words that tell it.
`draws` lists the logs to judge. `measure` judges one by outfield's default job, and `evidence`
looks for the planted thing among its incidents. `tables` presents the outcomes.
"""
