"""Roles inferred from columns of many kinds: the names and values of many systems."""

import datetime as dt
import hashlib
import uuid
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomaly.preprocess.profile import profile
from schemas.columns.roles import Role, RoleChoice, infer_roles
from schemas.columns.time_formats import PLAIN, Spelling
from schemas.events.contract import conform

ROWS = 3_000
RANDOM = np.random.default_rng(3)
SCATTERED = np.random.default_rng(2).permutation(200_000)[:1_200]
START = dt.datetime(2024, 3, 1, tzinfo=dt.UTC)


def choose(**columns: object) -> dict[str, RoleChoice]:
    return infer_roles(profile(pa.table(columns)))


def role_of(name: str, values: object) -> Role:
    return choose(**{name: values})[name].role


def draws(*values: object, rows: int = ROWS) -> list[object]:
    """Draw rows from a few values, the first the most common."""
    places = np.minimum(np.random.default_rng(0).geometric(0.5, rows) - 1, len(values) - 1)
    return [values[place] for place in places]


def many(spell: Callable[[int], object], distinct: int, rows: int = ROWS) -> list[object]:
    return [spell(int(i)) for i in np.random.default_rng(1).integers(0, distinct, rows)]


def uuids(i: int) -> str:
    return str(uuid.UUID(int=i * 2**64 + 7))


def sha256(i: int) -> str:
    return hashlib.sha256(str(i).encode()).hexdigest()


def moments(rows: int = ROWS) -> list[dt.datetime]:
    return [START + dt.timedelta(seconds=37 * i) for i in range(rows)]


@pytest.mark.parametrize(
    ("name", "values", "role"),
    [
        # names of things
        ("userIdentity.userName", many("user{}".format, 40), Role.ENTITY),
        ("actor.user.uid", many(lambda i: 1000 + i, 40), Role.ENTITY),
        ("src_endpoint.ip", many("10.0.0.{}".format, 200), Role.ENTITY),
        ("sourceIPAddress", draws("10.0.0.1", "AWS Internal"), Role.ENTITY),
        ("device.hostname", many("web-{}".format, 30), Role.ENTITY),
        ("recipientAccountId", ["123456789012"] * ROWS, Role.ENTITY),
        ("order_id", many(lambda i: i, 900), Role.ENTITY),
        ("Benutzername", many("b.mueller{}".format, 60), Role.ENTITY),
        ("Kunden_Nr", many(lambda i: 10_000 + i, 700), Role.ENTITY),
        ("adresse_ip", many("10.1.0.{}".format, 99), Role.ENTITY),
        ("id_client", many(lambda i: i, 300), Role.ENTITY),
        # things by their look, whatever the name
        ("a", many("2001:db8::{:x}".format, 300), Role.ENTITY),
        ("b", many("p{}@example.com".format, 300), Role.ENTITY),
        ("c", many("arn:aws:iam::1:role/r{}".format, 30), Role.ENTITY),
        ("d", many("00:1b:44:11:3a:{:02x}".format, 99), Role.ENTITY),
        ("e", many(sha256, 400), Role.ENTITY),
        ("f", many("tok{}".format, 1_400), Role.ENTITY),
        # kinds
        ("status", draws(200, 404, 500, 301), Role.CATEGORY),
        ("http.response.status_code", draws(200.0, 404.0, None), Role.CATEGORY),
        ("class_uid", draws(3002, 4001), Role.CATEGORY),
        ("severity_id", draws(1, 2, 3), Role.CATEGORY),
        ("EventID", draws(4624, 4625, 4672), Role.CATEGORY),
        ("dst_port", many(lambda i: 1 + i, 120), Role.CATEGORY),
        ("user_type", draws("staff", "guest"), Role.CATEGORY),
        ("client_version", draws("1.2.3", "1.2.4"), Role.CATEGORY),
        ("country", many("Country {}".format, 30), Role.CATEGORY),
        ("reason", draws("bad password", "locked"), Role.CATEGORY),
        ("Abteilung", draws("Vertrieb", "Einkauf"), Role.CATEGORY),
        ("code_postal", many(lambda i: 75_000 + i, 400), Role.CATEGORY),
        ("zip", many("{:05d}".format, 400), Role.CATEGORY),
        ("region", ["eu-west-1"] * ROWS, Role.CATEGORY),
        ("answer", ["NO"] * ROWS, Role.CATEGORY),
        ("card_bin", many(lambda i: 400_000 + 37 * i, 400), Role.CATEGORY),
        ("card_bin", many(lambda i: str(400_000 + 37 * i), 400), Role.CATEGORY),
        ("syscall", many(lambda i: i, 90), Role.CATEGORY),
        # many codes are no kinds
        ("src_port", many(lambda i: 1024 + i, 1_400), Role.ENTITY),
        ("issuer_prefix", many(lambda i: 400_000 + 37 * i, 1_400), Role.ENTITY),
        # codes by their values, whatever the name
        ("v", draws(200, 404, 304, 206, 301, 500, 302), Role.CATEGORY),
        ("v", draws(443, 80, 22, 3_306, 8_080), Role.CATEGORY),
        ("v", draws(4_624, 4_672, 4_634, 4_688, 4_768), Role.CATEGORY),
        ("v", draws(6, 17, 1), Role.CATEGORY),
        ("v", draws(0.0, -2.0, -11.0, -104.0, None), Role.CATEGORY),
        ("v", many(lambda i: str(SCATTERED[i]), 90), Role.CATEGORY),
        ("v", many(lambda i: int(SCATTERED[i]), 90), Role.CATEGORY),
        ("v", many(lambda i: int(SCATTERED[i]), 1_100, rows=30_000), Role.ENTITY),
        ("v", many(lambda i: str(SCATTERED[i]), 1_100, rows=30_000), Role.ENTITY),
        ("v", many(lambda i: 5_100_000_000_000_007 + 10**11 * i, 900), Role.ENTITY),
        ("v", many(lambda i: str(5_100_000_000_000_007 + 10**11 * i), 900), Role.ENTITY),
        # process ids
        ("pid", many(lambda i: i, 900), Role.IGNORE),
        ("parentProcessId", draws(1, 412, 977), Role.IGNORE),
        ("thread_id", many(str, 900), Role.IGNORE),
        ("process_id", list(range(ROWS)), Role.IGNORE),
        # a client's ports, and those of a service
        ("src_port", many(lambda i: 30_000 + i, 28_000), Role.IGNORE),
        ("sport", many(lambda i: str(30_000 + i), 28_000), Role.IGNORE),
        ("dst_port", many(lambda i: 50 + 3 * i, 12), Role.CATEGORY),
        ("process_guid", many(uuids, 40), Role.ENTITY),
        ("thread", draws("main", "worker-1"), Role.ENTITY),
        # quantities
        ("bytes", many(lambda i: i * i, 900), Role.NUMBER),
        ("host_count", many(lambda i: i, 30), Role.NUMBER),
        ("tags.count", draws(0, 1), Role.NUMBER),
        ("latitude", [i / 7 for i in range(ROWS)], Role.NUMBER),
        ("id", [i + 0.5 for i in range(ROWS)], Role.NUMBER),
        ("Betrag", many(lambda i: i, 90), Role.NUMBER),
        ("response_time", many(lambda i: i, 90), Role.NUMBER),
        ("took", [dt.timedelta(milliseconds=i) for i in range(ROWS)], Role.NUMBER),
        ("amount", many(lambda i: f"{i / 100:.2f}", 900), Role.NUMBER),
        ("temperature", draws(21), Role.NUMBER),
        ("v", draws(0, 1, 2, 3, 4, 5), Role.NUMBER),
        ("v", draws(1, 2, 3, 5, 9, 40), Role.NUMBER),
        ("v", RANDOM.poisson(3, ROWS).tolist(), Role.NUMBER),
        ("v", RANDOM.normal(44, 12, ROWS).round().tolist(), Role.NUMBER),
        ("v", np.floor(RANDOM.pareto(1, ROWS)).tolist(), Role.NUMBER),
        ("v", np.exp(RANDOM.normal(7, 1, ROWS)).round().tolist(), Role.NUMBER),
        ("v", (5 * RANDOM.poisson(9, ROWS)).tolist(), Role.NUMBER),
        ("v", np.floor(15.625 * RANDOM.poisson(9, ROWS)).tolist(), Role.NUMBER),
        ("v", draws(512, 1_024, 4_096, 2_048, 16_384), Role.NUMBER),
        ("v", draws(0, 17, 33, 50, 67, 83, 100), Role.NUMBER),
        ("v", draws(3, 2, 4, 1, 0, 5, 999), Role.NUMBER),
        ("v", draws(3, 2, 4, 1, 999), Role.NUMBER),
        ("v", draws(999, 1_499, 3_299, 4_999) + many(lambda i: 7 * i, 1_400), Role.NUMBER),
        ("v", many(str, 90), Role.NUMBER),
        ("salary", draws(32_500, 41_200, 58_000, 77_100), Role.NUMBER),
        # yes and no
        ("ok", draws(True, False), Role.FLAG),
        ("mfa", draws("yes", "no"), Role.FLAG),
        ("cached", draws(0, 1), Role.FLAG),
        ("is_admin", [0] * ROWS, Role.FLAG),
        ("success", draws("True", "False", ""), Role.FLAG),
        # text
        ("user_agent", draws("Mozilla/5.0 (X11; Linux x86_64)", "curl/8.5.0 (x86)"), Role.TEXT),
        ("resource", many("bucket/team-{}/report".format, 90), Role.TEXT),
        ("x", many("https://example.com/{}".format, 90), Role.TEXT),
        ("y", many('{{"n": {}}}'.format, 9), Role.TEXT),
        ("z", ["the quick brown fox", *map("it was {} again".format, range(ROWS))], Role.TEXT),
        ("Meldung", many("Anmeldung von Platz {}".format, 300), Role.TEXT),
        # nothing to compare
        ("request_hash", [sha256(i % 2_800) for i in range(ROWS)], Role.IGNORE),
        ("empty", pa.nulls(ROWS), Role.IGNORE),
        ("blank", pa.nulls(ROWS, pa.string()), Role.IGNORE),
        ("at_noon", [dt.time(12)] * ROWS, Role.IGNORE),
        ("blob", [b"\xff\xfe", b"\x80"] * (ROWS // 2), Role.IGNORE),
        ("birth_date", [dt.date(1970, 1, 1 + i % 28) for i in range(ROWS)], Role.IGNORE),
        # the time of the event
        ("ts", [1_700_000_000 + i for i in range(ROWS)], Role.TIME),
        ("time", [1_700_000_000_123 + 999 * i for i in range(ROWS)], Role.TIME),
        ("epoch", [1.7e9 + i / 8 for i in range(ROWS)], Role.TIME),
        ("eventTime", [m.isoformat() for m in moments()], Role.TIME),
        ("Zeitstempel", [f"{m:%Y-%m-%d %H:%M:%S}" for m in moments()], Role.TIME),
        ("horodatage", moments(), Role.TIME),
        ("day", [m.date() for m in moments()], Role.TIME),
        # the record
        ("uuid", [uuids(i) for i in range(ROWS)], Role.ID),
        ("metadata.uid", [sha256(i)[:20] for i in range(ROWS)], Role.ID),
        ("LineId", list(range(1, ROWS + 1)), Role.ID),
        ("session_id", list(map("s{}".format, range(ROWS))), Role.ID),
        ("offset", list(range(ROWS)), Role.ID),
    ],
)
def test_the_role_of_a_single_column(name: str, values: object, role: Role) -> None:
    assert role_of(name, values) is role


def company_log() -> pa.Table:
    return pa.table(
        {
            "timestamp": moments(),
            "user": many("user{:03d}".format, 300),
            "host": many("ws-{}".format, 250),
            "action": draws("sign_in", "read", "export", "delete"),
            "status": draws("success", "failure"),
            "bytes": many(lambda i: i * 131, 2_000),
            "duration_ms": many(lambda i: i, 1_500),
            "source_ip": many("10.2.3.{}".format, 250),
            "user_agent": draws("Mozilla/5.0 (Windows NT 10.0)", "python-requests/2.31 (linux)"),
            "resource": many("/share/team{}/plan.xlsx".format, 400),
            "department": draws("sales", "legal", "it"),
            "message": many("user signed in from desk {}".format, 500),
            "event_id": list(range(ROWS)),
        }
    )


def test_the_roles_of_a_company_log() -> None:
    roles = {name: choice.role for name, choice in infer_roles(profile(company_log())).items()}
    assert roles == {
        "timestamp": Role.TIME,
        "user": Role.ENTITY,
        "host": Role.ENTITY,
        "action": Role.CATEGORY,
        "status": Role.CATEGORY,
        "bytes": Role.NUMBER,
        "duration_ms": Role.NUMBER,
        "source_ip": Role.ENTITY,
        "user_agent": Role.TEXT,
        "resource": Role.TEXT,
        "department": Role.CATEGORY,
        "message": Role.TEXT,
        "event_id": Role.ID,
    }


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("v", draws(443, 80, 22, 3_306, 8_080)),
        ("v", many(lambda i: int(SCATTERED[i]), 1_100, rows=30_000)),
        ("v", draws(80, 8_080)),
        ("v", draws(0, 2, 130, 139)),
        ("grade", many(lambda i: i, 40)),
        ("v", draws(2**53 + 1, 2**53 + 3, 2**62)),
    ],
)
def test_the_reader_is_asked_to_check_a_doubtful_number_or_code(name: str, values: object) -> None:
    assert "check this" in choose(**{name: values})[name].why


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("status", draws(200, 404, 500, 301)),
        ("v", RANDOM.poisson(3, ROWS).tolist()),
        ("bytes", draws(443, 80, 22, 3_306, 8_080)),
        ("v", draws(0, 1, 2, 3, 4, 5)),
    ],
)
def test_the_reader_is_not_asked_to_check_a_clear_case(name: str, values: object) -> None:
    assert "check" not in choose(**{name: values})[name].why


def test_the_order_of_the_columns_does_not_matter() -> None:
    table = company_log()
    backwards = table.select(table.column_names[::-1])
    assert infer_roles(profile(backwards)) == infer_roles(profile(table))


def test_every_why_gives_figures_on_one_line() -> None:
    for name, choice in infer_roles(profile(company_log())).items():
        assert f"{ROWS:,}" in choice.why, name
        assert "\n" not in choice.why


def test_an_entity_says_by_which_word_and_how_often_it_repeats() -> None:
    why = choose(customer_id=[i % 500 for i in range(ROWS)])["customer_id"].why
    assert why == "500 distinct values over 3,000 rows, each about 6 times; a name with `customer`"


def test_an_address_is_an_entity_that_is_judged_with_its_networks() -> None:
    choice = choose(v=many("10.0.0.{}".format, 200))["v"]
    assert choice.role is Role.ENTITY
    assert choice.why.endswith("; IP addresses, judged with their networks")


def test_a_constant_keeps_the_role_of_its_type() -> None:
    choices = choose(region=["eu"] * 9, ratio=[0.5] * 9, on=[True] * 9)
    assert [c.role for c in choices.values()] == [Role.CATEGORY, Role.NUMBER, Role.FLAG]
    assert all("any other value is news" in choice.why for choice in choices.values())


def test_the_finest_time_of_the_event_itself_wins() -> None:
    choices = choose(
        day=[m.date() for m in moments()],
        ingested_at=moments(),
        expires=moments(),
        event_time=moments(),
        created_at=moments(),
    )
    times = [name for name, choice in choices.items() if choice.role is Role.TIME]
    assert times == ["event_time"]
    others = [choices[name] for name in ("day", "ingested_at", "created_at")]
    assert all(choice.role is Role.IGNORE and "`event_time`" in choice.why for choice in others)


def test_a_time_that_is_often_null_is_not_the_time() -> None:
    choices = choose(closed_time=[*moments(100), *[None] * 100], opened=moments(200))
    assert choices["opened"].role is Role.TIME
    assert choices["closed_time"].role is Role.IGNORE
    assert "null in 100 rows" in choices["closed_time"].why


def test_the_parts_of_a_date_are_left_to_the_time() -> None:
    parts = [m.hour for m in moments()]
    assert choose(hour=parts, timestamp=moments())["hour"].role is Role.IGNORE
    assert choose(hour=parts)["hour"].role is Role.NUMBER


def test_the_best_of_several_ids_wins() -> None:
    choices = choose(
        row=list(range(ROWS)),
        user_id=list(map("u{}".format, range(ROWS))),
        trace=[uuids(i) for i in range(ROWS)],
        event_id=[sha256(i) for i in range(ROWS)],
    )
    assert {name for name, choice in choices.items() if choice.role is Role.ID} == {"event_id"}
    assert {choice.role for choice in choices.values()} == {Role.ID, Role.IGNORE}


def test_an_id_may_miss_one_row_in_a_thousand_but_no_more() -> None:
    assert role_of("event_id", [*range(1, ROWS), 1]) is Role.ID
    assert role_of("event_id", [*range(ROWS - 30), *range(30)]) is Role.ENTITY


@pytest.mark.parametrize("name", ["", " ", "…", "{gt}", "{word}", "_", "日本語"])
def test_a_column_name_without_words_is_accepted(name: str) -> None:
    assert role_of(name, draws("a", "b")) is Role.CATEGORY
    assert role_of(name, moments()) is Role.TIME


CELLS = st.one_of(
    st.none(),
    st.booleans().map(str),
    st.integers(-5, 5).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(str),
    st.sampled_from(["", "-", "n/a", "yes", "0", "1e3", "1700000000", "2024-01-01T00:00Z", "x y"]),
)
NAMES = st.sampled_from(["time", "is_on", "count", "level", "user", "id", "message", "v"])


@settings(deadline=None)
@given(name=NAMES, values=st.lists(CELLS, min_size=1, max_size=12))
def test_a_number_or_flag_that_was_inferred_can_be_read(
    name: str, values: list[str | None]
) -> None:
    table = pa.table({name: pa.array(values, pa.string())})
    role = infer_roles(profile(table))[name].role
    if role in (Role.NUMBER, Role.FLAG):
        read = conform(table, {name: role}, np.zeros(len(table), dtype=bool))
        assert len(read.rejections) == 0


@settings(deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=("Cs",)), max_size=12),
        st.lists(CELLS, min_size=4, max_size=4),
        min_size=1,
        max_size=6,
    )
)
def test_there_is_at_most_one_id_and_one_time(columns: dict[str, list[str | None]]) -> None:
    arrays = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    choices = infer_roles(profile(pa.table(arrays)))
    roles = [choice.role for choice in choices.values()]
    assert list(choices) == list(columns)
    assert roles.count(Role.ID) <= 1
    assert roles.count(Role.TIME) <= 1


@pytest.mark.parametrize("spelling", ["%d/%b/%Y:%H:%M:%S +0100", "%a, %d %b %Y %H:%M:%S GMT"])
def test_times_with_the_name_of_their_month_are_times(spelling: str) -> None:
    assert role_of("when", [moment.strftime(spelling) for moment in moments()]) is Role.TIME


def test_counts_of_windows_are_times() -> None:
    ticks = [int((moment.timestamp() + 11_644_473_600) * 10**7) for moment in moments()]
    assert role_of("time", ticks) is Role.TIME


def over_a_month() -> list[dt.datetime]:
    return [START + dt.timedelta(minutes=15 * i) for i in range(ROWS)]


@pytest.mark.parametrize(
    ("written", "spelling"),
    [
        ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S"),
        ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M:%S %p"),
        ("%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M"),
        ("%a %b %e %H:%M:%S %Y", "%a %b %d %H:%M:%S %Y"),
        ("%d-%b-%Y %H:%M:%S", "%d-%b-%Y %H:%M:%S"),
    ],
)
def test_a_time_of_one_possible_format_is_read_by_it(written: str, spelling: str) -> None:
    (choice,) = choose(when=[moment.strftime(written) for moment in over_a_month()]).values()
    assert (choice.role, choice.spelling) == (Role.TIME, Spelling(spelling))


@pytest.mark.parametrize(
    ("written", "formats"),
    [
        (["%d/%m/%Y %H:%M"], ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"]),
        (["%b %e %H:%M:%S"], ["%b %d %H:%M:%S"]),
        (["%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M"], []),
    ],
)
def test_a_time_that_is_not_read_is_told_with_its_formats(
    written: list[str], formats: list[str]
) -> None:
    texts = [moment.strftime(written[i % len(written)]) for i, moment in enumerate(moments())]
    (choice,) = choose(when=texts).values()
    assert choice.role is Role.IGNORE
    assert "looks like a time, and is not read as one" in choice.why
    assert choice.unread == tuple(map(Spelling, formats))


def test_counts_without_the_name_of_a_time_are_told() -> None:
    (choice,) = choose(v=[int(moment.timestamp()) for moment in moments()]).values()
    assert (choice.role, choice.unread) == (Role.NUMBER, (PLAIN,))
    (choice,) = choose(v=many(lambda i: 1_000_000_000 + 2_000_000 * i, 900)).values()
    assert choice.unread is None


@pytest.mark.parametrize(
    ("days", "clocks", "spelling"),
    [
        (None, None, Spelling(date="date")),
        ("%Y-%m-%d", "%H:%M:%S", Spelling(date="date")),
        (None, "%I:%M:%S %p", Spelling("%Y-%m-%d %I:%M:%S %p", "date")),
        ("%d/%m/%Y", None, Spelling("%d/%m/%Y %H:%M:%S", "date")),
        ("%d.%m.%Y", "%H:%M", Spelling("%d.%m.%Y %H:%M", "date")),
    ],
)
def test_a_day_and_a_time_of_day_in_two_columns_are_joined(
    days: str | None, clocks: str | None, spelling: Spelling
) -> None:
    choices = choose(
        date=[m.strftime(days) if days else m.date() for m in over_a_month()],
        time=[m.strftime(clocks) if clocks else m.time() for m in over_a_month()],
        user=many("u{}".format, 9),
    )
    assert choices["date"].role is Role.IGNORE
    assert (choices["time"].role, choices["time"].spelling) == (Role.TIME, spelling)


def test_two_columns_whose_order_of_day_and_month_is_open_are_told_as_one_time() -> None:
    days, clocks = ([m.strftime(f) for m in moments()] for f in ("%d/%m/%Y", "%I:%M %p"))
    choices = choose(date=days, time=clocks)
    assert [choice.role for choice in choices.values()] == [Role.IGNORE] * 2
    assert choices["time"].unread == (
        Spelling("%d/%m/%Y %I:%M %p", "date"),
        Spelling("%m/%d/%Y %I:%M %p", "date"),
    )


def test_a_day_stays_the_time_where_the_time_of_day_beside_it_has_no_one_format() -> None:
    clocks = [m.strftime(("%I:%M %p", "%H:%M:%S")[i % 2]) for i, m in enumerate(moments())]
    choices = choose(date=[m.date() for m in moments()], time=clocks)
    assert [choice.role for choice in choices.values()] == [Role.TIME, Role.IGNORE]


def test_start_and_end_of_a_flow_are_times_and_its_start_is_the_time_of_the_event() -> None:
    starts = [int(moment.timestamp()) for moment in moments()]
    choices = choose(end=[start + 60 for start in starts], start=starts, bytes=many(int, 900))
    assert choices["start"].role is Role.TIME
    assert choices["end"].role is Role.IGNORE
