"""Slow and plain versions of the formulas: an oracle for each fast path in `anomaly`.

Plain loops over plain values. Nothing here is shared with what it checks.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np

MISSING = "\x00missing"


def surprisal(count: int, total: int) -> float:
    others = count - 1 if count > 1 else 0.5
    return -math.log(min(others / max(total - 1, 1), 1.0))


# --- blocks ----------------------------------------------------------------------------------


def category_embedding(sample: list[str | None], values: list[str | None]) -> list[list[float]]:
    counts = Counter(MISSING if name is None else name for name in sample)
    names = sorted(counts, key=lambda name: (-counts[name], name))
    variance = 0.0
    for name in names:
        share = counts[name] / len(sample)
        variance += share * (1.0 - share) * surprisal(counts[name], len(sample)) ** 2
    scale = 1.0 / math.sqrt(max(variance, 1.0))
    axes = min(len(names), 48)
    rows = []
    for value in values:
        name = MISSING if value is None else value
        length = surprisal(counts.get(name, 0), len(sample))
        row = [0.0] * (axes + 2)
        place = names.index(name) if name in names else axes
        row[min(place, axes)] = length * scale
        row[-1] = length
        rows.append(row)
    return rows


def number_embedding(sample: list[float], values: list[float]) -> list[list[float]]:
    present = [x for x in sample if not math.isnan(x)]
    absent = surprisal(len(sample) - len(present), len(sample))
    low, middle, high = (quantile(present, q) for q in (0.05, 0.5, 0.95))
    spread = (high - low) or (max(present) - min(present)) or max(abs(middle), 1.0)
    squashed = [math.asinh((x - middle) / spread) for x in present]
    mean = math.fsum(squashed) / len(squashed)
    variance = math.fsum((x - mean) ** 2 for x in squashed) / len(squashed)
    deviation = max(math.sqrt(variance), 0.2)
    rows = []
    for x in values:
        if math.isnan(x):
            rows.append([0.0, absent])
        else:
            rows.append([(math.asinh((x - middle) / spread) - mean) / deviation, 0.0])
    return rows


def quantile(values: list[float], q: float) -> float:
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def hour_surprisals(hours: list[int]) -> list[float]:
    """Surprisal of each hour of the day, smoothed over hours around: weights 1, 2, 3, 2, 1 of 9."""
    counts = smooth_hours(hours)
    return [-math.log(min(max(c - 1.0, 0.5) / max(len(hours) - 1, 1), 1.0)) for c in counts]


def smooth_hours(hours: list[int]) -> list[float]:
    counts = [0.0] * 24
    for hour in hours:
        for away, weight in ((-2, 1), (-1, 2), (0, 3), (1, 2), (2, 1)):
            counts[(hour + away) % 24] += weight / 9.0
    return counts


def words(masked: str) -> set[str]:
    return set(re.findall(r"[^\W_]+|<\w+>", masked.lower()))


def word_holders(held: list[tuple[list[str], int]]) -> dict[str, int]:
    """Word -> the records whose text holds it, from the words and the holders of each text."""
    return {
        word: sum(holders for others, holders in held if word in others)
        for words_held, _ in held
        for word in words_held
    }


def masked(text: str) -> str:
    """Put the masks of ASCII text one after the other, each in all of it."""
    for pattern, name in (
        (r"\b[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b", "<uuid>"),
        (r"\b(\d{1,3}\.){3}\d{1,3}(:\d+)?\b", "<ip>"),
        (r"\b([0-9a-fA-F]{2}[:-]){5,}[0-9a-fA-F]{2}\b", "<mac>"),
        (r"\b([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}\b", "<ip>"),
        (r"\b0[xX][0-9a-fA-F]+\b", "<hex>"),
        (r"(^|[^0-9A-Za-z)\]])-(\d)", r"\1\2"),
        (r"\b\d+\b", "0"),
        (r"\b[0-9a-fA-F]{8,}\b", "<hex>"),
        (r"\d+", "0"),
    ):
        text = re.sub(pattern, name, text)
    return text


def text_shape(text: str) -> list[float]:
    """Log length, then the shares of digits, capitals, white space and other signs."""
    digits = sum(sign in "0123456789" for sign in text)
    capitals = sum(unicodedata.category(sign) == "Lu" for sign in text)
    spaces = sum(sign in " \t\n\r\f" for sign in text)
    letters = sum(unicodedata.category(sign).startswith("L") for sign in text)
    counts = [digits, capitals, spaces, len(text) - digits - spaces - letters]
    return [math.log1p(len(text)), *(count / max(len(text), 1) for count in counts)]


def token_weights(bags: list[set[str]], counts: list[int]) -> dict[str, float]:
    """Give each token the surprisal of being in an event; bag i stands for `counts[i]` events."""
    total = sum(counts)
    holders: Counter[str] = Counter()
    for bag, count in zip(bags, counts, strict=True):
        for token in bag:
            holders[token] += count
    return {token: surprisal(held, total) for token, held in holders.items()}


# --- habits ----------------------------------------------------------------------------------

STRENGTHS = [2.0**power for power in range(-6, 12)]


def name_habit(
    entities: list[int], names: list[int], shares: list[float], strength: float
) -> list[float]:
    """Give the surprisal of each event's name given its entity; each judged by the others."""
    surprises = []
    for i in range(len(names)):
        same = [names[j] for j in range(len(names)) if j != i and entities[j] == entities[i]]
        behind = strength * max(len(set(same)), 1)
        near = same.count(names[i])
        surprises.append(-math.log((near + behind * shares[names[i]]) / (len(same) + behind)))
    return surprises


def lacks_of_weekdays(counts: list[list[float]]) -> list[list[float]]:
    """Return log((e + 1) / (c - 1/3 + 1)) less 2 / sqrt(e + 1) of each hour on each weekday."""
    total = sum(map(sum, counts))
    lacks = []
    for weekday in counts:
        expected = [sum(weekday) * sum(row[h] for row in counts) / total for h in range(24)]
        left = [max(count - 1 / 3, 0.0) for count in weekday]
        pairs = zip(expected, left, strict=True)
        raw = [math.log((e + 1) / (c + 1)) - 2 / math.sqrt(e + 1) for e, c in pairs]
        lacks.append([max(nats, 0.0) for nats in raw])
    return lacks


def hour_habit(
    entities: list[int], hours: list[int], shares: list[float], strength: float
) -> list[float]:
    surprises = []
    for i in range(len(hours)):
        own = [hours[j] for j in range(len(hours)) if j != i and entities[j] == entities[i]]
        near = smooth_hours(own)[hours[i]]
        surprises.append(-math.log((near + strength * shares[hours[i]]) / (len(own) + strength)))
    return surprises


def excess(surprises: list[float], shares: list[float]) -> list[float]:
    """Give what each is above the surprisal of the value's share among all."""
    return [max(s + math.log(p), 0.0) for s, p in zip(surprises, shares, strict=True)]


def to_one_deviation(values: list[float]) -> list[float]:
    mean = math.fsum(values) / len(values)
    variance = math.fsum((x - mean) ** 2 for x in values) / len(values)
    return [x / max(math.sqrt(variance), 0.5) for x in values]


# --- scores ----------------------------------------------------------------------------------


def distance_to_measure(row: list[float], references: list[list[float]], n: int) -> float:
    squares = sorted(sum((a - b) ** 2 for a, b in zip(row, r, strict=True)) for r in references)
    return math.sqrt(math.fsum(squares[:n]) / n)


def farthest_column(
    row: list[float], references: list[list[float]], spans: list[tuple[int, int]], n: int
) -> float:
    """Give the largest of the spans' distances, each dimension measured by itself."""
    return max(
        math.sqrt(
            math.fsum(
                distance_to_measure([row[dim]], [[r[dim]] for r in references], n) ** 2
                for dim in range(start, stop)
            )
        )
        for start, stop in spans
    )


def unlike_direction(row: list[float], references: list[list[float]], n: int) -> float:
    """Give the mean of 1 - cosine to the nearest n references, all seen from their centre."""
    centre = [math.fsum(column) / len(references) for column in zip(*references, strict=True)]

    def direction(point: list[float]) -> list[float]:
        away = [a - c for a, c in zip(point, centre, strict=True)]
        length = math.sqrt(math.fsum(a * a for a in away))
        return [a / length if length else 0.0 for a in away]

    own = direction(row)
    unlike = sorted(
        1.0 - math.fsum(a * b for a, b in zip(own, direction(r), strict=True)) for r in references
    )
    return math.fsum(unlike[:n]) / n


def mahalanobis(row: np.ndarray, location: np.ndarray, covariance: np.ndarray) -> float:
    away = row - location
    return math.sqrt(away @ np.linalg.inv(covariance) @ away)


# --- p-values --------------------------------------------------------------------------------


def conformal(score: float, calibration: list[float]) -> float:
    """Give the share of calibration scores as high, equal up to rounding being equal."""
    at_least = sum(c >= score - 1e-4 * abs(score) for c in calibration)
    return (1 + at_least) / (len(calibration) + 1)


def pareto_survival(excess: float, scale: float, shape: float) -> float:
    if shape == 0.0:
        return math.exp(-excess / scale)
    return (1.0 + shape * excess / scale) ** (-1.0 / shape)


def benjamini_hochberg(p_values: list[float], rate: float) -> list[bool]:
    """Reject every p up to the largest that lies under its line."""
    cut = -1.0
    for rank, p in enumerate(sorted(p_values), start=1):
        if p <= rate * rank / len(p_values):
            cut = p
    return [p <= cut for p in p_values]


def drift(p_values: list[float], n_calibration: int) -> float:
    """Give how many times too many of the p-values are small, as far as chance does not say it."""
    largest = 1.0
    for points in (3, 5, 7, 10):
        nominal = 10.0 ** (-points / 10.0)
        # The events are known by whole points of their score.
        share = sum(math.floor(-10.0 * math.log10(p)) >= points for p in p_values) / len(p_values)
        variance = nominal * (1.0 - nominal) * (1.0 / len(p_values) + 1.0 / n_calibration)
        if share > nominal + 3.0 * math.sqrt(variance):
            largest = max(largest, share / nominal)
    return largest


def severity(p_value: float, n_scored: int) -> str:
    if p_value * n_scored <= 0.1:
        return "critical"
    if p_value * n_scored <= 1:
        return "high"
    return "medium" if p_value * n_scored <= 10 else "low"


# --- sessions --------------------------------------------------------------------------------


Event = dict[str, Any]


def by_gap(own: list[Event], gap: int) -> list[list[Event]]:
    """Cut a key's events, in order of time, where more than `gap` lies between two."""
    sessions = [[own[0]]]
    for event in own[1:]:
        if event["time"] - sessions[-1][-1]["time"] > gap:
            sessions.append([])
        sessions[-1].append(event)
    return sessions


def by_window(own: list[Event], window: int) -> list[list[Event]]:
    """Part a key's events, in order of time, by the whole windows that passed since 1970."""
    sessions: dict[int, list[Event]] = {}
    for event in own:
        sessions.setdefault(event["time"] // window, []).append(event)
    return list(sessions.values())


def session_id(key: str, microseconds: int) -> str:
    moment = datetime(1970, 1, 1) + timedelta(microseconds=microseconds)
    return f"{key} @ {moment.isoformat()}Z"


def sessionize(
    events: list[Event], cut: Callable[[list[Event]], list[list[Event]]] = lambda own: [own]
) -> list[Event]:
    """Gather events of `key`, `time` (microseconds), `action`, `user`, `size` into sessions."""
    return [
        _session(own)
        for key in sorted({event["key"] for event in events})
        for own in cut(
            sorted((e for e in events if e["key"] == key), key=lambda event: event["time"])
        )
    ]


def _session(own: list[Event]) -> Event:
    sizes = [event["size"] for event in own if event["size"] is not None]
    return {
        "key": own[0]["key"],
        "session.events": float(len(own)),
        "session.seconds": (own[-1]["time"] - own[0]["time"]) / 1e6,
        "action": ["" if e["action"] is None else e["action"] for e in own],
        "user.distinct": float(len({event["user"] for event in own})),
        "size.mean": math.fsum(sizes) / len(sizes) if sizes else None,
        "size.max": max(sizes) if sizes else None,
    }


def oddest_events(
    sessions: list[dict[str, list[str]]], found: int
) -> list[tuple[int, str, int, float]]:
    """Rank the events of one session: place, column, holders of the step, share that is rare."""
    odd: dict[tuple[str, str], tuple[float, int, int]] = {}
    for place in range(len(next(iter(sessions[found].values())))):
        shares = {}
        for column, steps in sessions[found].items():
            holding = [s[column] for s in sessions if steps[place] in s[column]]
            before = steps[place - 1] if place else None
            from_there = [s[column] for s in sessions if before is None or before in s[column]]
            doing = [s for s in from_there if (before, steps[place]) in pairwise([None, *s])]
            share = min(len(holding) / len(sessions), len(doing) / len(from_there))
            shares[column] = (share, len(holding))
        column = min(shares, key=lambda column: shares[column][0])
        share, holders = shares[column]
        step = column, sessions[found][column][place]
        if share <= 0.1 and (step not in odd or (share, place) < odd[step][:2]):
            odd[step] = share, place, holders
    ranked = sorted((share, place, step[0], n) for step, (share, place, n) in odd.items())
    return [(place, column, holders, share) for share, place, column, holders in ranked[:5]]


# --- incidents -------------------------------------------------------------------------------


def incidents(
    places: list[float],
    times: list[int],
    users: list[int],
    reasons: list[int],
    reach: float,
) -> list[int]:
    """The incident of each record, record by record: the first head that it may join."""
    two_hours = 7_200_000_000
    heads: list[int] = []
    head_of: list[int] = []
    for i in range(len(places)):
        mine = [
            h
            for h in heads
            if abs(places[i] - places[h]) <= reach and abs(times[i] - times[h]) <= two_hours
        ]
        if not mine:
            heads.append(i)
        head_of.append(mine[0] if mine else i)
    firsts: list[int] = []
    first_of: dict[int, int] = {}
    for h in heads:
        mine = [
            f
            for f in firsts
            if users[h] == users[f] >= 0
            and reasons[h] == reasons[f]
            and abs(times[h] - times[f]) <= two_hours
        ]
        if not mine:
            firsts.append(h)
        first_of[h] = mine[0] if mine else h
    return [firsts.index(first_of[h]) for h in head_of]


# --- behaviour -------------------------------------------------------------------------------

HOUR = 3_600_000_000
Held = tuple[Any, ...]


def activity(
    rows: list[Event], entity: str, kind: str, column: str | None, beside: str | None = None
) -> Counter[Held]:
    """Count what the rows of each entity show: (entity, hour since 1970, value) -> events.

    The hour is the first of the day but for events. Rows have `time` in microseconds.
    """
    found: Counter[Held] = Counter()
    for name in {row[entity] for row in rows} - {None}:
        own = sorted((row for row in rows if row[entity] == name), key=lambda row: row["time"])
        shown = _moved(own, column, beside) if beside else _shown(own, kind, column)
        for row, value in shown:
            hour = row["time"] // HOUR
            found[name, hour if kind == "events" else hour // 24 * 24, value] += 1
    return found


def _shown(own: list[Event], kind: str, column: str | None) -> list[tuple[Event, str]]:
    if kind == "events":
        return [(row, "") for row in own]
    if kind == "repeats":
        return [(row, "") for i, row in enumerate(own) if _again(row, own[:i])]
    if kind == "rhythm":
        return _steady(own)
    own = [row for row in own if row[column] is not None]
    if kind in ("levels", "values"):
        numbers = kind == "levels"
        told = [row for row in own if not numbers or math.isfinite(row[column])]
        return [(row, "" if numbers else row[column]) for row in told]
    return _after(own, kind, column)


def _after(own: list[Event], kind: str, column: str | None) -> list[tuple[Event, str]]:
    if kind == "order":
        soon = [(a, b) for a, b in pairwise(own) if b["time"] - a["time"] <= HOUR]
        return [(b, f"{a[column]} → {b[column]}") for a, b in soon]
    soon = [(a, b) for a, b in pairwise(own) if b["time"] - a["time"] <= HOUR // 6]
    return [(b, "") for a, b in soon if a[column] != b[column]]


def _moved(own: list[Event], latitude: str | None, longitude: str) -> list[tuple[Event, Held]]:
    """Give the rows over 100 km from the one before, at more than 1,000 km/h."""
    placed = [
        r
        for r in own
        if abs(r[latitude]) <= 90 and abs(r[longitude]) <= 180 and (r[latitude] or r[longitude])
    ]
    found = []
    for a, b in pairwise(placed):
        start, stop = (a[latitude], a[longitude]), (b[latitude], b[longitude])
        seconds, away = (b["time"] - a["time"]) / 1e6, kilometres(start, stop)
        if away > 100 and away * 3_600 > 1_000 * seconds:
            found.append((b, (*start, *stop, seconds)))
    return found


def kilometres(start: tuple[float, float], stop: tuple[float, float]) -> float:
    """Return the way between two places by the angle between their vectors."""
    one, other = (_on_sphere(*map(math.radians, place)) for place in (start, stop))
    across = math.dist(one, other) / 2
    return 6_371.0088 * 2 * math.asin(min(across, 1.0))


def _on_sphere(latitude: float, longitude: float) -> tuple[float, float, float]:
    flat = math.cos(latitude)
    return flat * math.cos(longitude), flat * math.sin(longitude), math.sin(latitude)


def _again(row: Event, before: list[Event]) -> bool:
    day, content = row["time"] // (24 * HOUR), _content(row)
    return any(r["time"] // (24 * HOUR) == day and _content(r) == content for r in before)


def _content(row: Event) -> Held:
    held = sorted(row.items())
    return tuple(str(value) for column, value in held if column not in ("id", "time"))


def _steady(own: list[Event]) -> list[tuple[Event, str]]:
    """Give the rows whose time since the one before, of the same names, is that one's; 2 % off."""
    alike: dict[Held, list[Event]] = {}
    for row in own:
        held = sorted(row.items())
        names = tuple(v for c, v in held if c not in ("id", "time") and _is_name(v))
        alike.setdefault(names, []).append(row)
    found = []
    for rows in alike.values():
        for a, b, c in zip(rows, rows[1:], rows[2:], strict=False):
            first, then = b["time"] - a["time"], c["time"] - b["time"]
            if min(first, then) >= 10_000_000 and abs(then - first) <= 0.02 * then:
                found.append((c, ""))
    return found


def _is_name(value: Any) -> bool:
    return not isinstance(value, float)


# --- look-alikes -----------------------------------------------------------------------------


def edit_distance(one: str, other: str) -> int:
    best: dict[tuple[int, int], int] = {}
    for i in range(len(one) + 1):
        for j in range(len(other) + 1):
            ways = [0] if i == j == 0 else []
            if i:
                ways.append(best[i - 1, j] + 1)
            if j:
                ways.append(best[i, j - 1] + 1)
            if i and j:
                ways.append(best[i - 1, j - 1] + (one[i - 1] != other[j - 1]))
            if i > 1 and j > 1 and one[i - 2 : i] == other[j - 2 : j][::-1]:
                ways.append(best[i - 2, j - 2] + 1)
            best[i, j] = min(ways)
    return best[len(one), len(other)]


def closest_name(name: str, others: list[str]) -> int:
    def plain(text: str) -> str:
        return unicodedata.normalize("NFKC", text).casefold()

    def letters(text: str) -> int:
        return sum(sign.isalpha() for sign in plain(text))

    def signs(text: str) -> int:
        return sum(sign.isalnum() for sign in plain(text))

    def numbered(text: str) -> str:
        return re.sub(r"\d+", "0", plain(text))

    def looks(text: str) -> str:
        read = plain(text)
        for sign, letter in zip("0134578і", "oleastbl", strict=True):
            read = read.replace(sign, letter)
        read = read.replace("i", "l").replace("|", "l").replace("!", "l")
        return read.replace("rn", "m").replace("vv", "w")

    found = []
    for place, other in enumerate(others):
        compared = all(
            letters(text) >= 4
            and signs(text) >= 5
            and len(numbered(text)) <= 64
            and "\0" not in text
            for text in (name, other)
        )
        if not compared or re.sub(r"\d", "", plain(name)) == re.sub(r"\d", "", plain(other)):
            continue
        most = 2 if letters(name) >= 8 and letters(other) >= 8 else 1
        edits = edit_distance(numbered(name), numbered(other))
        if looks(name) == looks(other):
            found.append((0, place))
        elif edits <= most:
            found.append((edits, place))
    return min(found)[1] if found else -1
