"""A run to show: findings as they come, hostile ones among them."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from flows.report.data import ReportData
from schemas.outputs.aligned_steps import ALIGNED_STEPS
from schemas.outputs.incident_context import INCIDENT_CONTEXT, PEERS
from schemas.outputs.manifest import (
    ColumnRole,
    IncidentSummary,
    InputFile,
    Ledger,
    ModelSummary,
    RunManifest,
    SelectionSummary,
)
from schemas.outputs.tables import FINDING, INCIDENT, SEVERITIES, beside_own_columns
from schemas.outputs.window_charts import WINDOW_CHARTS

HOSTILE = "</script><script>alert('x')</script><img src=x onerror=alert(1)>&\u2028\u202eend"
_LEAST = {"critical": 60.0, "high": 45.0, "medium": 30.0, "low": 0.0}
"""Severity -> the least score of it here."""

OWN = pa.schema(
    {
        "time": pa.timestamp("us", "UTC"),
        "actor.user.name": pa.string(),
        "actor.process.user.session.terminal.id": pa.string(),
        "src_endpoint.ip": pa.string(),
        "api.operation": pa.string(),
        "http_request.user_agent": pa.string(),
        "bytes_out": pa.int64(),
        "mfa": pa.bool_(),
        "tags": pa.list_(pa.string()),
        "p_value": pa.float64(),
        "payload": pa.binary(),
        "message": pa.string(),
    }
)
_REASONS = (
    {
        "column": "http_request.user_agent",
        "observed": "q?\x00\x07zz!/0.0 (??)",
        "expected": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
        "sentence": "`http_request.user_agent` is `q?zz!/0.0`: unseen in 200,431 events",
    },
    {
        "column": "api.operation",
        "observed": "DeleteTrail",
        "expected": "ListBuckets",
        "sentence": "`api.operation` is `DeleteTrail`: 1 of 200,431; near ones have `ListBuckets`",
    },
    {
        "column": "bytes_out",
        "observed": "918,223,104",
        "expected": "4,096 to 61,440",
        "sentence": "`bytes_out` is 918,223,104: 15,000 times what near ones have",
    },
    {
        "column": "time",
        "observed": "03:12 on Sunday",
        "expected": "08:00 to 18:30, Monday to Friday",
        "sentence": "`time` is 03:12 on Sunday: 0.02 % of events fall in that hour",
    },
    {
        "column": "src_endpoint.ip",
        "observed": "203.0.113.77",
        "expected": "10.20.0.0/16",
        "sentence": "`src_endpoint.ip` is `203.0.113.77`: near ones begin with `10.20.`",
    },
)
_USERS = ("mira.okafor", "svc-backup", "j.lindqvist", "t.nakamura", "svc-deploy", "a.haddad")


def report_data(findings: int = 40, *, hostile: bool = False) -> ReportData:
    """Make a run with so many findings; with `hostile`, markup wherever a log can put it."""
    rng = np.random.default_rng(7)
    table = finding_table(_rows(findings, rng, hostile), _own_schema(hostile))
    incidents = incident_table(table, hostile)
    return ReportData(
        manifest=manifest(table, incidents, hostile),
        findings=table,
        incidents=incidents,
        suppressed=INCIDENT.empty_table(),
        score_counts=_counts(findings),
        score_edges=np.arange(0.0, 122.0, 1.0),
        map_points=_map_points(findings, rng, hostile),
        map_values=_map_values(rng, hostile),
        time_column="time",
        incident_context=incident_context(incidents, hostile),
        steps=ALIGNED_STEPS.empty_table(),
        peers=peers(hostile),
        window_charts=charts_of_windows(incidents, hostile),
    )


def of_sessions(data: ReportData, *, hostile: bool = False) -> ReportData:
    """Give each finding steps: one exchanged, one missing, one odd, one moved, and many alike.

    Windows of sessions are not judged: only hostile ones have charts.
    """
    usual = ["login", *["read"] * 4, "check", "save", "sync", "logout"]
    mine = [
        "login",
        *["read"] * 4,
        HOSTILE if hostile else "erase",
        "burn",
        "sync",
        "logout",
        "save",
    ]
    kinds = [("same", i, i, None) for i in range(5)]
    kinds += [("exchanged", 5, 5, None), ("moved", None, 6, 9), ("only here", 6, None, None)]
    kinds += [("same", 7, 7, None), ("same", 8, 8, None), ("moved", 9, None, 6)]
    names = ("kind", "here", "there", "elsewhere")
    row = {
        "column": HOSTILE if hostile else "api.operation",
        "here": mine,
        "there": usual,
        "n_here": len(mine),
        "n_there": len(usual),
        "lines": [dict(zip(names, line, strict=True)) for line in kinds],
        "rare": [{"step": "burn", "words": "in 3 of 4,000 sessions"}],
    }
    plain = row | {
        "column": "mfa",
        "here": ["true"],
        "there": ["true"],
        "n_here": 1,
        "n_there": 1,
        "lines": [dict(zip(names, ("same", 0, 0, None), strict=True))],
        "rare": [],
    }
    ranks = data.findings["rank"].to_pylist()
    rows = [each | {"rank": rank} for rank in ranks for each in (plain, row)]
    manifest = data.manifest.model_copy(update={"unit": "session"})
    steps = pa.Table.from_pylist(rows, schema=ALIGNED_STEPS)
    drawn = data.window_charts if hostile else WINDOW_CHARTS.empty_table()
    return replace(data, steps=steps, manifest=manifest, window_charts=drawn)


def peers(hostile: bool) -> pa.Table:
    """Give the first user peers."""
    names = [HOSTILE if hostile else name for name in _USERS[2:5]]
    row = {"entity_column": "actor.user.name", "column": "team", "value": names[0]}
    row |= {"entity": HOSTILE if hostile else _USERS[0], "n": 12, "names": names}
    return pa.Table.from_pylist([row], schema=PEERS)


def charts_of_windows(incidents: pa.Table, hostile: bool) -> pa.Table:
    """Give the first incidents an odd window: a count, a growth and an absence."""
    start = datetime(2026, 3, 2, tzinfo=UTC)
    days = [start + timedelta(i) for i in range(21) if i % 7 < 5]
    rows = []
    views = ("share", "growth", "absent")
    for row, view in zip(incidents.to_pylist(), views, strict=False):
        points = [
            {
                "start": day,
                "observed": float(i % 4 * (view != "absent")),
                "low": 1.0,
                "high": i + 2.0,
            }
            for i, day in enumerate(days)
        ]
        rows.append(
            {
                "incident": row["incident"],
                "view": view,
                "entity": HOSTILE if hostile else row["entity"],
                "column": HOSTILE if hostile else "bytes_out",
                "value": HOSTILE if hostile else "918,223,104",
                "start": days[-2],
                "stop": days[-2] + timedelta(1),
                "points": points,
            }
        )
    return pa.Table.from_pylist(rows, schema=WINDOW_CHARTS)


def _past_of(entity: str, place: int, hostile: bool) -> dict[str, Any]:
    return {
        "incident": f"i-{place}",
        "run_id": "20260301T060000000000Z",
        "day": "2026-03-01",
        "title": HOSTILE if hostile else f"`{entity}` did thing {place}",
        "severity": "high",
        "has_card": place > 0,
        "verdicts": [HOSTILE if hostile else "benign: a drill"] if place == 1 else [],
    }


def incident_context(incidents: pa.Table, hostile: bool) -> pa.Table:
    """Say what is around the incidents: as many events and earlier ones as there is room for."""
    start = datetime(2026, 3, 2, tzinfo=UTC)
    rows = []
    for row in incidents.to_pylist()[:100]:
        told = [HOSTILE if hostile else text for text in ("ListBuckets", "10.20.4.9", "4096")]
        event = {"record_id": told[0], "time": start, "rank": None, "values": [*told, None, "x"]}
        verdict = HOSTILE if hostile else "benign: a drill"
        past = {
            "incident": "i-0",
            "run_id": "20260301T060000000000Z",
            "day": "2026-03-01",
            "has_card": True,
            "title": row["title"],
            "severity": "high",
            "time": start,
            "why": "same",
            "times": 3,
            "verdicts": [verdict],
        }
        usual = {"column": "api.operation", "value": told[0], "share": 0.75}
        history = {
            "column": row["entity_column"],
            "entity": row["entity"],
            "start": start,
            "width": 21_600_000_000,
            "counts": [3, 0, 40, *range(53)],
            "usual": [usual, usual | {"column": HOSTILE} if hostile else usual],
            "runs": [{"run_id": "20260301T060000000000Z", "day": "2026-03-01", "incidents": 12}],
            "past": [_past_of(row["entity"], i, hostile) for i in range(10)],
            "earlier_runs": 5,
        }
        columns = ["api.operation", "src_endpoint.ip", "bytes_out", "mfa", "x"]
        rows.append(
            {
                "incident": row["incident"],
                "history": history,
                "told": [HOSTILE] * 5 if hostile else columns,
                "around": [event] * 15 + [event | {"rank": 1}],
                "similar": [past] * 4 + [past | {"verdicts": [], "why": "entity"}],
            }
        )
    return pa.Table.from_pylist(rows, schema=INCIDENT_CONTEXT)


def finding_table(rows: list[dict[str, Any]], own: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=beside_own_columns(FINDING, own))


def incident_of(index: int, findings: int) -> str:
    """Give an incident to each finding: two of three have one of their own."""
    return f"i-{index % max(1, findings * 2 // 3):06d}"


def incident_table(findings: pa.Table, hostile: bool) -> pa.Table:
    """Gather the findings into their incidents."""
    members: dict[str, list[dict[str, Any]]] = {}
    for row in findings.to_pylist():
        members.setdefault(row["incident"], []).append(row)
    rows = []
    for rank, (name, found) in enumerate(members.items(), start=1):
        first, times = found[0], [row["time"] for row in found if row["time"]]
        user = first["actor.user.name"]
        own = {name: first[name] for name in INCIDENT.names if name in first}
        row = own | {
            "incident": name,
            "rank": rank,
            "title": HOSTILE if hostile else f"`{user}`: {first['reasons'][0]['sentence']}",
            "status": ("new", "recurring", "worse")[rank % 3],
            "records": len(found) + (200 if rank == 2 else 0),
            "first_time": min(times, default=None),
            "last_time": max(times, default=None),
            "entities": [{"column": "actor.user.name", "distinct": 7, "names": [user]}],
            "identity": "k-000000000000",
            "entity_column": "actor.user.name",
            "entity": user,
            "pattern": HOSTILE if hostile else first["reasons"][0]["column"],
            "since": datetime(2026, 2, 1, tzinfo=UTC) if rank % 3 else None,
            "occurrences": 1 + 2 * (rank % 3),
            "alarm": False,
        }
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=INCIDENT)


def _own_schema(hostile: bool) -> pa.Schema:
    return OWN.append(pa.field(HOSTILE, pa.string())) if hostile else OWN


def _rows(count: int, rng: np.random.Generator, hostile: bool) -> list[dict[str, Any]]:
    scores = np.sort(34 + rng.gamma(1.6, 12, count))[::-1]
    rows = [_row(index, float(score), rng, hostile) for index, score in enumerate(scores)]
    return [row | {"incident": incident_of(index, count)} for index, row in enumerate(rows)]


def _row(index: int, score: float, rng: np.random.Generator, hostile: bool) -> dict[str, Any]:
    chosen = rng.permutation(len(_REASONS))[: 3 + index % 3]
    shares = np.sort(rng.dirichlet(np.ones(len(chosen)) * 1.2))[::-1]
    reasons: list[dict[str, Any]] = [
        _REASONS[part] | {"share": float(share)} for part, share in zip(chosen, shares, strict=True)
    ]
    if index % 7 == 3:
        reasons[-1]["observed"] = None
    if hostile:
        reasons = [
            reason | {key: HOSTILE for key in reason if key != "share"} for reason in reasons
        ]
    user = _USERS[index % len(_USERS)]
    odd = {reason["column"] for reason in reasons}
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) " * (1 + 60 * (index % 2))
    when = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(minutes=float(rng.uniform(0, 20_160)))
    return {
        "rank": index + 1,
        "record_id": f"evt-{index:06d}" if not hostile else HOSTILE,
        "anomaly_score": score,
        "p_value": 10 ** (-score / 10),
        "density_score": 1.0,
        "distance_score": 2.0,
        "severity": next(name for name, least in _LEAST.items() if score >= least),
        "basis": "rule",
        "summary": HOSTILE if hostile else f"{user}: {reasons[0]['sentence']}",
        "reasons": reasons,
        "nearest_normal": [
            {"column": "api.operation", "value": "ListBuckets", "differs": "api.operation" in odd},
            {"column": "mfa", "value": HOSTILE if hostile else "true", "differs": index % 3 > 0},
        ],
        "nearest_normal_of": (HOSTILE if hostile else "actor.user.name") if index % 2 else None,
        "time": when if index % 11 != 5 else None,
        "actor.user.name": HOSTILE if hostile else user,
        "actor.process.user.session.terminal.id": None,
        "src_endpoint.ip": "203.0.113.77" if "src_endpoint.ip" in odd else "10.20.4.9",
        "api.operation": "DeleteTrail" if "api.operation" in odd else "ListBuckets",
        "http_request.user_agent": _REASONS[0]["observed"]
        if _REASONS[0]["column"] in odd
        else agent,
        "bytes_out": 918_223_104 if "bytes_out" in odd else int(rng.integers(4_096, 61_440)),
        "mfa": [True, False, None][index % 3],
        "tags": ["prod", HOSTILE] if hostile else ["prod", "finance"],
        "event.p_value": 0.25,
        "payload": b"\x00\xffPK",
        "message": HOSTILE * 400 if hostile else None,
        HOSTILE: HOSTILE,
    }


def _counts(findings: int) -> np.ndarray:
    counts = np.round(200_000 * 10 ** (-np.arange(121) / 10) * 0.2).astype(np.int64)
    counts[35:75:2] += min(findings, 1)
    return counts


def _map_points(findings: int, rng: np.random.Generator, hostile: bool) -> pa.Table:
    centres = np.array([[0, 0], [4, 1.5], [-2, 3]])
    kind = rng.integers(0, 3, 3_000)
    normal = centres[kind] + rng.normal(size=(3_000, 2))
    odd = rng.normal(size=(findings, 2)) * 18
    x, y = np.vstack([normal, odd]).astype(np.float32).T
    rank = pa.array([None] * 3_000 + list(range(1, findings + 1)), pa.int32())
    names = np.array(["ListBuckets, Platform", HOSTILE if hostile else "GetObject, Sales", None])
    region = pa.array([*names[kind], *[None] * findings], pa.string())
    return pa.table({"x": x, "y": y, "rank": rank, "region": region})


def _map_values(rng: np.random.Generator, hostile: bool) -> pa.Table:
    names = [HOSTILE if hostile else "ListBuckets", *[f"Op{i}" for i in range(8)]]
    often = np.minimum(rng.geometric(0.35, 3_000) - 1, 8)
    return pa.table(
        {
            "api.operation": pa.array([names[i] for i in often], pa.string()),
            "mfa": pa.array(["true", "false", None] * 1_000, pa.string()),
        }
    )


def manifest(findings: pa.Table, incidents: pa.Table, hostile: bool) -> RunManifest:
    severities = findings["severity"].to_pylist()
    count = len(severities)
    columns = {
        "event_id": ColumnRole(role="id", why="Every value is distinct; named `_id`."),
        "time": ColumnRole(role="time", why="A timestamp."),
        "actor.user.name": ColumnRole(role="entity", why="312 names; named `user`."),
        "api.operation": ColumnRole(role="category", why="84 distinct texts in 20,000 rows."),
        "http_request.user_agent": ColumnRole(
            role="text", why="Long texts with spaces.", weight=0.5
        ),
        "bytes_out": ColumnRole(role="number", why="Whole numbers, 9,112 distinct."),
        "mfa": ColumnRole(role="flag", why="Two values."),
    }
    if hostile:
        columns[HOSTILE] = ColumnRole(role="category", why=HOSTILE)
    return RunManifest(
        outfield_version="0.1.0",
        job=HOSTILE if hostile else "company-audit-log",
        run_id="2026-03-16T06-00-12Z-4f1c",
        unit="event",
        seed=0,
        started=datetime(2026, 3, 16, 6, 0, 12, tzinfo=UTC),
        finished=datetime(2026, 3, 16, 6, 0, 41, tzinfo=UTC),
        input_files=[
            InputFile(name=f"day=2026-03-{day:02d}/part-0.parquet", rows=14_327, bytes=913_442)
            for day in range(2, 16)
        ],
        ledger=Ledger(
            read=200_578,
            scored=200_431,
            quarantined={HOSTILE if hostile else "time is null": 96, "duplicate id": 41},
            skipped={"empty file": 10},
        ),
        units_scored=200_431,
        columns=columns,
        model=ModelSummary(
            model_id="m-9c2e41d7",
            dims=128,
            sample_rows=50_000,
            reference_rows=40_210,
            calibration_rows=9_790,
            trimmed_share=0.05,
            agreement=0.83,
            beyond_reference=0.061,
        ),
        selection=SelectionSummary(
            rule="Benjamini-Hochberg at fdr 0.1",
            score_cut=38.2 if count else None,
            selected=count + 17 if count else 0,
            findings=count,
            budget=max(count, 1),
            in_incidents=count,
        ),
        incidents=IncidentSummary(
            incidents=len(incidents),
            records=sum(incidents["records"].to_pylist()),
            statuses=Counter(incidents["status"].to_pylist()),
            not_seen=2,
            resolved=1,
            compared_day="2026-03-14",
            compared_with="2026-03-15T06-00-12Z-77aa",
        ),
        severities={name: severities.count(name) for name in SEVERITIES},
        seconds={
            "plan": 0.4,
            "fit": 9.1,
            "score": 14.8,
            "select": 0.03,
            "explain": 3.2,
            "publish": 1.1,
        },
    )
