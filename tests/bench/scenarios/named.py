"""A payday that the job names in its calendar, alone and beside a burst that must be found.

Each function takes a clean log and a random generator.
"""

from dataclasses import replace

from tests.bench.scenarios.lawful import payday
from tests.bench.scenarios.logs import Log
from tests.bench.scenarios.office import ACCOUNTANTS, PEOPLE, Random
from tests.bench.scenarios.planting import Planted, burst


def named_payday(log: Log, random: Random) -> Planted:
    """Each accountant pays a hundred salaries, on a day that the job names."""
    return replace(payday(log, random), named=(log.day,))


def burst_beside(log: Log, random: Random) -> Planted:
    """A burst of a person a week after the named payday."""
    before = log.day - 7
    paid = payday(replace(log, day=before), random)
    return replace(burst(replace(log, events=paid.events), random), named=(before,))


def burst_on_payday(log: Log, random: Random) -> Planted:
    """A burst on the named payday, of a person who pays no salaries."""
    paid = payday(log, random)
    others = [person for person in PEOPLE if person not in ACCOUNTANTS]
    found = burst(replace(log, events=paid.events), random, others)
    return replace(found, named=(log.day,))
