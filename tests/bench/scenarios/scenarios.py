"""All scenarios: what is planted, into which clean log, and what a true reason names."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.bench.scenarios import again, lawful, named, planting
from tests.bench.scenarios.logs import NO_WEEKENDS, PLAIN, RARE_TOOLS, Log
from tests.bench.scenarios.office import Random
from tests.bench.scenarios.planting import Planted


@dataclass(frozen=True)
class Scenario:
    """A thing that is planted, and how a true reason of it reads."""

    name: str
    says: str
    plant: Callable[[Log, Random], Planted]
    columns: tuple[str, ...] = ()
    """The first reason tells it if it is of one of these columns."""
    words: tuple[str, ...] = ()
    """Regular expressions: a title or a first reason tells it if one is found there."""
    base: str = PLAIN
    last: bool = False
    """Whether it is of the last day alone."""
    lawful: bool = False
    draws_as: str = ""
    """The scenario whose random choices it shares, if any."""

    def is_told_by(self, column: str, sentence: str, title: str) -> bool:
        """Say whether a first reason, or the title, names the true cause.

        A column counts as such, and as part of the name of a figure that is made of it.

        Examples
        --------
        >>> SCENARIOS["drip"].is_told_by("bytes.sum", "", "")
        True
        """
        if set(re.split(r"\W+", column)) & set(self.columns):
            return True
        return any(re.search(words, f"{title}\n{sentence}", re.IGNORECASE) for words in self.words)


_ABSENT = r"\b(missing|lacks?|absent|never|no|not|without)\b"
_NEW = r"\b(never|new|first|unseen)\b"
_FILES = r"(\b(files?|objects?)\b|`object`)"

_MANY = (
    r"(?<!of )(?<![\d,])(9\d|[1-9]\d\d) (times|events)\b",
    r"\bevents (in|within) (an|one|1|the) hour\b",
    r"\b(times as many|times more|times the usual|more events than)\b",
)
_NOTHING = (
    r"\b(no|0|zero) (events?|records?)\b",
    r"\b(is|are|was|were) 0\b",
    r"\b(nothing|none|silent|silence|absent|absence|did not)\b",
)
_LACKS = (
    r"`(prune|unmount)`[^\n]*" + _ABSENT,
    _ABSENT + r"[^\n]*`(prune|unmount)`",
)
_ORDER = (r"\border\b", r"`[^`]+` (comes |came )?(right )?(before|after|instead of) `[^`]+`")
_REPEATED = (r"\b(identical|repeat(s|ed)?|replay(ed)?|same content|again|duplicates?|copies)\b",)
_REGULAR = (
    r"\b(every|regular(ly)?|period(ic)?|interval|300 s)\b",
    r"\b(seconds?|minutes?|s|min) apart\b",
)
_UNTOUCHED = (_FILES + r"[^\n]*" + _NEW, _NEW + r"[^\n]*" + _FILES)
_ACCOUNTS = (r"\b(2[5-9]|30) (distinct |different )?(users|accounts|names|`user` values)\b",)
_FAILURES = (r"\bfailures?\b", r"\bshare of failed\b")

FOUND = (
    Scenario("hour", "a user active at an hour that is normal for others, never for him",
             planting.odd_hour, ("time", "hour", "hours")),
    Scenario("countries", "two countries that he uses on different days, within three minutes",
             planting.two_countries, ("country", "source_ip")),
    Scenario("drip", "bytes grow 6 % a day for one user", planting.drip, ("bytes",)),
    Scenario("burst", "twenty times the usual events in an hour, each ordinary",
             planting.burst, ("events", "count"), _MANY),
    Scenario("no-backup", "the nightly backup did not run", planting.no_backup, (), _NOTHING),
    Scenario("short-backup", "the backup ran and lacks its last two steps",
             planting.short_backup, (), _LACKS),
    Scenario("order", "steps in the wrong order", planting.wrong_order, (), _ORDER),
    Scenario("replay", "payments replayed with new ids", planting.replay, (), _REPEATED),
    Scenario("look-alike", "`svch0st.exe` among common processes",
             planting.look_alike, ("process",)),
    Scenario("look-alike-rare", "`svch0st.exe` among many rare processes",
             planting.look_alike, ("process",), base=RARE_TOOLS),
    Scenario("files", "a user works through 400 files he never touched, each touched by others",
             planting.foreign_files, ("object",), _UNTOUCHED),
    Scenario("service", "a service account is used interactively",
             planting.interactive_service,
             ("user", "process", "action", "object", "source_ip", "country", "host")),
    Scenario("passwords", "a password is tried on 30 accounts from one address, one each",
             planting.password_spray, ("source_ip", "user"), _ACCOUNTS),
    Scenario("latency", "one host's latencies double", planting.slow_host, ("latency_ms",)),
    Scenario("errors", "one host's errors triple", planting.failing_host,
             ("status",), _FAILURES),
    Scenario("beacon", "one small request every 300 s", planting.beaconing, (), _REGULAR),
    Scenario("new-user", "a new user, the first day", planting.new_user, ("user",), last=True),
    Scenario("new-host", "a new host, its first day", planting.new_host, ("host",), last=True),
    Scenario("new-country", "a new country, its first day",
             planting.new_country, ("country",), last=True),
)  # fmt: skip
"""What must be found."""

LAWFUL = (
    Scenario("weekend", "few people work at weekends", lawful.weekend, base=NO_WEEKENDS,
             lawful=True),
    Scenario("payday", "300 salaries are paid on one day", lawful.payday, lawful=True),
    Scenario("holiday", "few people work on a public holiday", lawful.public_holiday, lawful=True),
    Scenario("clocks", "clocks go forward", lawful.daylight_saving, lawful=True),
    Scenario("growth", "events and bytes grow 2 % a day for all", lawful.slow_growth, lawful=True),
    Scenario("agents", "all agents are updated", lawful.agent_update, lawful=True),
)  # fmt: skip
"""What is ordinary."""

NAMED = (
    Scenario("payday-named", "300 salaries are paid on one day, which the job names",
             named.named_payday, lawful=True, draws_as="payday"),
    Scenario("burst-beside", "twenty times the usual events in an hour, another day being a"
             " payday that the job names", named.burst_beside, ("events", "count"), _MANY),
    Scenario("burst-on-payday", "twenty times the usual events in an hour of a payday that the job"
             " names, of another person", named.burst_on_payday, ("events", "count"), _MANY),
)  # fmt: skip
"""What a calendar is for, and what it may hide."""

AGAIN = (
    Scenario("burst-again", "twenty times the usual events in an hour, on two days",
             again.burst_again, ("events", "count"), _MANY, draws_as="burst"),
    Scenario("latency-again", "one host's latencies double on two days",
             again.slow_host_again, ("latency_ms",)),
    Scenario("errors-again", "one host's errors triple on two days",
             again.failing_host_again, ("status",), _FAILURES),
)  # fmt: skip
"""What must be found though it happens twice."""

SCENARIOS = {scenario.name: scenario for scenario in (*FOUND, *LAWFUL, *NAMED, *AGAIN)}
