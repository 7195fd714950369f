import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.columns.roles import Role, RoleChoice
from schemas.columns.time_formats import PLAIN, Spelling
from schemas.errors import JobError
from schemas.job.fingerprint import job_fingerprint, model_fingerprint
from schemas.job.job import (
    JobSpec,
    build_job,
    check_columns,
    check_entities,
    check_peers,
    job_schema,
    parse_job,
    roles_of,
    safe_name,
)


def complaint(text: str) -> str:
    with pytest.raises(JobError) as raised:
        parse_job(text, "job.toml")
    return str(raised.value)


def complaint_of(attempt: Callable[[], JobSpec]) -> str | None:
    try:
        attempt()
    except JobError as error:
        return str(error)
    return None


def test_an_empty_file_is_a_job() -> None:
    assert parse_job("", "job.toml") == JobSpec()


def test_a_job_with_every_setting_is_read() -> None:
    job = parse_job(
        """
        input = "logs/"
        name = "sign-ins"
        unit = "session"
        session_key = "session"
        seed = 7
        [selection]
        threshold = 40
        budget = 20
        [columns]
        amount = "number"
        "user.name" = { role = "text", weight = 2 }
        """,
        "job.toml",
    )
    assert job.columns["amount"].role is Role.NUMBER
    assert job.columns["amount"].weight == 1
    assert (job.columns["user.name"].role, job.columns["user.name"].weight) == (Role.TEXT, 2)
    assert (job.selection.threshold, job.selection.fdr, job.selection.budget) == (40, None, 20)
    assert (job.name, job.unit, job.session_key, job.seed) == ("sign-ins", "session", "session", 7)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "[selection]\nbudjet = 3",
            "job.toml: selection.budjet: `budjet` is not a setting of [selection];"
            " did you mean `budget`?",
        ),
        ("Seed = 1", "job.toml: Seed: `Seed` is not a setting of a job; did you mean `seed`?"),
        (
            "fdr = 0.1",
            "job.toml: fdr: `fdr` is not a setting of a job; it belongs into [selection]",
        ),
        (
            "[selection]\nseed = 3",
            "job.toml: selection.seed: `seed` is not a setting of [selection];"
            " it belongs above the first [section]",
        ),
        (
            "[columns]\nseed = 3",
            "job.toml: columns.seed: must be a role or a table with one, not 3;"
            " it belongs above the first [section]",
        ),
        (
            '[columns]\nuser.name = "entity"',
            "job.toml: columns.user.name: `name` is not a setting of a column;"
            ' a column with a dot in its name stands in quotes: "user.name"',
        ),
        (
            '[columns]\namount = "nmber"',
            'job.toml: columns.amount: "nmber" is not a role; did you mean `number`?',
        ),
        (
            '[columns]\nerrno = "code"',
            'job.toml: columns.errno: "code" is not a role; did you mean `category`?',
        ),
        (
            '[columns]\n"a.b" = "zzz"',
            'job.toml: columns."a.b": "zzz" is not a role; use one of id, time, entity, category,'
            " number, text, flag, ignore",
        ),
        ("[columns]\na = { weight = 2 }", "job.toml: columns.a: `role` is missing"),
        (
            '[columns]\na = { role = "text", wieght = 2 }',
            "job.toml: columns.a.wieght: `wieght` is not a setting of a column;"
            " did you mean `weight`?",
        ),
        ('unit = "sesion"', 'job.toml: unit: "sesion" is not a unit; did you mean `session`?'),
        ("[selection]\nfdr = 1.5", "job.toml: selection.fdr: must be below 1, not 1.5"),
        ('[selection]\nfdr = "0.1"', 'job.toml: selection.fdr: must be a number, not "0.1"'),
        ("[selection]\nfdr = nan", "job.toml: selection.fdr: must be a finite number, not NaN"),
        (
            "[selection]\nbudget = true",
            "job.toml: selection.budget: must be a whole number, not true",
        ),
        ("selection = 3", "job.toml: selection: must be a table, not 3"),
        ("columns = [1]", "job.toml: columns: must be a table, not a list"),
        ("output = 3", "job.toml: output: must be text in quotes, not 3"),
        (
            "[selection]\nfdr = 0.1\nthreshold = 3",
            "job.toml: selection: set `fdr` or `threshold`, not both",
        ),
        ('unit = "session"', 'job.toml: `unit = "session"` and `session_key` go together'),
        (
            'session_gap = "30 minutes"',
            'job.toml: session_gap: must be a duration such as "30m", "1h", "1d", or a number of'
            ' seconds, not "30 minutes"',
        ),
        (
            "session_window = true",
            'job.toml: session_window: must be a duration such as "30m", "1h", "1d", or a number of'
            " seconds, not true",
        ),
        ("session_gap = 0", 'job.toml: session_gap: must be from "1ms" to "36525d", not 0'),
        (
            'session_window = "40000d"',
            'job.toml: session_window: must be from "1ms" to "36525d", not "40000d"',
        ),
        ("session_gap = nan", 'job.toml: session_gap: must be from "1ms" to "36525d", not NaN'),
        (
            'session_gap = "30m"',
            'job.toml: `session_gap` needs `unit = "session"` and a `session_key`',
        ),
        (
            'unit = "session"\nsession_key = "k"\nsession_gap = 1\nsession_window = 2',
            "job.toml: set `session_gap` or `session_window`, not both",
        ),
        (
            'sesion_gap = "30m"',
            "job.toml: sesion_gap: `sesion_gap` is not a setting of a job;"
            " did you mean `session_gap`?",
        ),
        (
            '[columns]\na = "time"\n"b c" = "time"',
            'job.toml: only one column can be `time`, not a and "b c"',
        ),
        (
            "seed = 1\noutput = out",
            "job.toml: line 2: this is not TOML: invalid value; put text in double quotes",
        ),
    ],
)
def test_a_mistake_is_said_in_one_line_with_its_remedy(text: str, says: str) -> None:
    assert complaint(text) == says


def test_all_mistakes_are_told_at_once_the_first_three_in_full() -> None:
    text = 'seed = -1\nunit = "foo"\nxyz = 1\noutput = 3\n[selection]\nbudget = 0'
    assert complaint(text) == (
        "job.toml: output: must be text in quotes, not 3;"
        ' unit: "foo" is not a unit, use one of event, session;'
        " selection.budget: must be at least 1, not 0; and 2 more"
    )


@pytest.mark.parametrize(
    ("spelt", "seconds"),
    {'"30m"': 1800, '"15 s"': 15, '"1.5d"': 129_600, '"5ms"': 0.005, "90": 90, "0.5": 0.5}.items(),
)
def test_a_duration_is_spelt_with_its_unit_or_counts_seconds(spelt: str, seconds: float) -> None:
    unit = 'unit = "session"\nsession_key = "k"\n'
    assert parse_job(f"{unit}session_gap = {spelt}", "job.toml").session_gap == seconds
    job = parse_job(f"{unit}session_window = {spelt}", "job.toml")
    assert job.session_window == seconds
    assert JobSpec.model_validate_json(job.model_dump_json()) == job


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from([*JobSpec.model_fields, "fdr", "role", "weight", "x.y", "{0}"]),
                inner,
                max_size=3,
            )
        ),
        max_leaves=8,
    ).filter(lambda value: isinstance(value, dict))
)
def test_whatever_the_settings_there_is_a_job_or_one_line(settings: dict[str, object]) -> None:
    said = complaint_of(lambda: build_job(settings, "here"))
    assert said is None or said.startswith("here")
    assert "\n" not in (said or "")
    assert "pydantic" not in (said or "")


@pytest.mark.parametrize("name", ["kdd99", "a.b-c_D", "-", "0", "x" * 100])
def test_a_name_that_is_safe_as_a_folder_is_taken(name: str) -> None:
    assert build_job({"name": name}, "job.toml").name == name


@pytest.mark.parametrize("name", ["", ".", "..", ".x", "a/b", "a\\b", "a b", "é", "x" * 101, "a\n"])
def test_a_name_that_is_unsafe_as_a_folder_is_refused(name: str) -> None:
    with pytest.raises(JobError, match="it names a folder"):
        build_job({"name": name}, "job.toml")


@settings(deadline=None)
@given(st.text(max_size=300))
def test_a_name_can_be_derived_from_anything(text: str) -> None:
    assert build_job({"name": safe_name(text)}, "job.toml").name == safe_name(text)


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("logs/kdd99/events.parquet", "events"),
        ("logs/kdd99/", "kdd99"),
        ("C:\\logs\\week 12", "week-12"),
        ("s3://bucket/sign ins/day=*/*.parquet", "sign-ins"),
        ("s3://KEY:SECRET@bucket", "bucket"),
        ("KEY:SECRET@bucket", "bucket"),
        ("Vorgänge.PARQUET", "Vorgange"),
        ("../..", "job"),
        ("日本", "job"),
    ],
)
def test_a_derived_name_comes_from_the_last_part_of_the_location_that_has_one(
    location: str, name: str
) -> None:
    assert safe_name(location) == name


def test_columns_that_the_input_lacks_are_named_with_the_nearest() -> None:
    job = parse_job('[columns]\namout = "number"\nuser = "entity"', "job.toml")
    check_columns(job, ["amout", "user"])
    with pytest.raises(JobError) as raised:
        check_columns(job, ["amount", "user"])
    says = "columns.amout: the input has no column `amout`; did you mean `amount`?"
    assert str(raised.value) == says
    with pytest.raises(JobError, match=re.escape("`amout` (nor 1 more that the job names)")):
        check_columns(job, ["x"])


def test_a_session_key_that_the_input_lacks_is_refused() -> None:
    job = parse_job('unit = "session"\nsession_key = "sesion"', "job.toml")
    with pytest.raises(JobError, match="did you mean `session`"):
        check_columns(job, ["session"])


INFERRED = {
    "event_id": RoleChoice(Role.ID, "unique"),
    "at": RoleChoice(Role.TIME, "times"),
    "closed_at": RoleChoice(Role.IGNORE, "another time"),
    "amount": RoleChoice(Role.NUMBER, "a number"),
}


def test_a_job_that_names_no_column_leaves_the_inferred_roles() -> None:
    assert roles_of(JobSpec(), INFERRED) == INFERRED


def test_the_role_in_the_job_wins_and_displaces_the_inferred_time() -> None:
    job = parse_job('[columns]\nclosed_at = "time"\namount = "category"', "job.toml")
    roles = roles_of(job, INFERRED)
    assert roles["closed_at"] == RoleChoice(Role.TIME, "set in the job file")
    assert roles["amount"].role is Role.CATEGORY
    assert roles["at"] == RoleChoice(Role.IGNORE, "the job file makes `closed_at` the time")
    assert roles["event_id"] == INFERRED["event_id"]
    assert list(roles) == list(INFERRED)


def test_the_session_key_is_an_entity_even_if_it_looked_like_an_id() -> None:
    job = parse_job('unit = "session"\nsession_key = "event_id"', "job.toml")
    assert roles_of(job, INFERRED)["event_id"] == RoleChoice(Role.ENTITY, "names the session")


def test_the_schema_takes_a_role_alone_or_a_table_and_nothing_unknown() -> None:
    schema = job_schema()
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == set(JobSpec.model_fields)
    assert all("description" in setting for setting in schema["properties"].values())
    column = json.dumps(schema["properties"]["columns"]["additionalProperties"])
    assert "ColumnSpec" in column
    assert "Role" in column


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_job_or_one_line(text: str) -> None:
    said = complaint_of(lambda: parse_job(text, "job.toml"))
    assert said is None or len(said.splitlines()) == 1


def test_the_distance_is_euclidean_or_cosine() -> None:
    assert parse_job("", "job.toml").model.distance == "euclidean"
    assert parse_job('[model]\ndistance = "cosine"', "job.toml").model.distance == "cosine"
    for text, says in {
        '[model]\ndistance = "cosin"': 'model.distance: "cosin" is not a distance; did you mean'
        " `cosine`?",
        '[model]\ndistanc = "cosine"': "`distanc` is not a setting of [model]; did you mean"
        " `distance`?",
        'distance = "cosine"': "it belongs into [model]",
    }.items():
        with pytest.raises(JobError) as raised:
            parse_job(text, "job.toml")
        assert says in str(raised.value)


CHOICES = {
    "department": RoleChoice(Role.CATEGORY, "few names"),
    "admin": RoleChoice(Role.FLAG, "two values"),
    "comment": RoleChoice(Role.TEXT, "sentences"),
    "departments": RoleChoice(Role.TEXT, "sentences"),
}


def test_peer_groups_are_categories_or_flags() -> None:
    check_peers(parse_job('peers = ["department", "admin"]', "job.toml"), CHOICES)
    check_peers(JobSpec(), CHOICES)
    for name, says in {
        "departments": "peers.0: a peer group is a `category` or a `flag`, and `departments` is"
        " `text`; did you mean `department`? Or make it a `category` under [columns]",
        "comment": "peers.0: a peer group is a `category` or a `flag`, and `comment` is `text`;"
        " make it a `category` under [columns]",
    }.items():
        with pytest.raises(JobError) as raised:
            check_peers(parse_job(f'peers = ["{name}"]', "job.toml"), CHOICES)
        assert str(raised.value) == says


def test_peer_groups_must_be_columns_and_do_not_go_with_sessions() -> None:
    job = parse_job('peers = ["admin", "departmnt"]', "job.toml")
    with pytest.raises(JobError, match=re.escape("peers.1: the input has no column `departmnt`")):
        check_columns(job, ["admin", "department"])
    for text, says in {
        'peers = "department"': 'peers: must be a list, not "department"',
        "peers = [3]": "peers.0: must be text in quotes, not 3",
        'peers = ["a"]\nunit = "session"\nsession_key = "k"': "they do not go with",
    }.items():
        with pytest.raises(JobError, match=re.escape(says)):
            parse_job(text, "job.toml")


@pytest.mark.parametrize("spelt", ["behaviour = true", "[behaviour]", ""])
def test_behaviour_is_on_by_default(spelt: str) -> None:
    job = parse_job(spelt, "job.toml")
    assert job == JobSpec()
    assert build_job(job.model_dump(), "again") == job


def test_behaviour_that_is_asked_for_needs_days() -> None:
    asked = "[behaviour]\nentities = ['host']"
    with pytest.raises(JobError, match="`behaviour` judges days, and a partition of `input` is an"):
        parse_job(f'input = "logs/{{date}}/{{hour}}"\n{asked}', "job.toml")
    assert parse_job(f'input = "logs/{{date}}/*"\n{asked}', "job.toml").behaviour is not None


def test_behaviour_is_switched_off_or_told_whose_and_how_long() -> None:
    off = parse_job("behaviour = false", "job.toml")
    told = parse_job('[behaviour]\nentities = ["host"]\nwindows = ["day"]', "job.toml")
    assert off.behaviour is None
    assert told.behaviour is not None
    assert (told.behaviour.entities, told.behaviour.windows) == (("host",), ("day",))
    for job in (off, told):
        assert build_job(job.model_dump(), "again") == job
        assert job_fingerprint(job) != job_fingerprint(JobSpec())
        assert model_fingerprint(job) == model_fingerprint(JobSpec())


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("behaviour = 'off'", 'behaviour: must be true, false or a table, not "off"'),
        (
            "[behaviour]\nwindows = ['week']",
            'behaviour.windows.0: must be "hour" or "day", not "week"',
        ),
        ("[behaviour]\nwindows = []", "behaviour.windows: must hold something, not an empty list"),
        ("[behaviour]\nentities = 'user'", 'behaviour.entities: must be a list, not "user"'),
        ("[behaviour]\nentitys = ['user']", "did you mean `entities`?"),
        (
            "unit = 'session'\nsession_key = 'k'\n[behaviour]\nentities = ['k']",
            '[behaviour] judges events; it does not go with `unit = "session"`',
        ),
    ],
)
def test_a_wrong_setting_of_behaviour_is_told_in_one_line(settings: str, says: str) -> None:
    with pytest.raises(JobError, match=re.escape(says) + r"$") as raised:
        parse_job(settings, "job.toml")
    assert len(str(raised.value).splitlines()) == 1


def test_what_is_judged_over_time_is_a_column_of_names() -> None:
    def job(name: str) -> JobSpec:
        return parse_job(f'[behaviour]\nentities = ["{name}"]', "job.toml")

    check_entities(job("department"), CHOICES)
    check_entities(JobSpec(), CHOICES)
    with pytest.raises(JobError, match=re.escape("behaviour.entities.0: what is judged over time")):
        check_entities(job("comment"), CHOICES)
    with pytest.raises(JobError, match=re.escape("did you mean `admin`?")):
        check_columns(job("admn"), ["admin", "department"])


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("critical = 'root'", 'selection.critical: must be a list, not "root"'),
        ("critical = ['']", 'selection.critical.0: must hold a character, not ""'),
        ("critical = [7]", "selection.critical.0: must be text in quotes, not 7"),
        ("critcal = ['root']", "did you mean `critical`?"),
        ("min_records = 0", "selection.min_records: must be at least 1, not 0"),
        ("min_records = 2.5", "selection.min_records: "),
        ("quiet_hours = '22:00-06:00'", "selection.quiet_hours: must be a list"),
        *[
            (
                f"quiet_hours = ['{spelt}']",
                'quiet_hours.0: must be hours such as "22:00-06:00", not',
            )
            for spelt in ("22-6", "24:00-06:00", "22:00-25:00", "06:00-06:00", "22:00-06:00 ", "")
        ],
    ],
)
def test_wrong_rules_on_alarms_are_told_with_their_place(settings: str, says: str) -> None:
    assert says in complaint(f"[selection]\n{settings}\n")


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ({"role": "time", "format": "%Q"}, "accepted are %Y %y %m %d"),
        ({"role": "text", "format": "%d.%m.%Y"}, "`format` is of a time"),
        ({"role": "number", "date": "day"}, "`date` is of a time"),
        ({"role": "time", "format": "%d.%m.%Y", "year": 2026}, "`year` is for a `format` without"),
        ({"role": "time", "format": "%b %d %H:%M:%S"}, "the format of when has no year"),
    ],
)
def test_a_time_that_is_spelt_wrongly_is_refused(column: dict[str, Any], said: str) -> None:
    with pytest.raises(JobError, match=re.escape(said)):
        build_job({"input": "logs/", "columns": {"when": column}}, "test")


def test_a_time_without_a_year_needs_one_or_a_partition() -> None:
    column = {"role": "time", "format": "%b %d %H:%M:%S"}
    build_job({"input": "logs/{date}", "columns": {"when": column}}, "test")
    dated = [
        build_job({"input": "logs/", "columns": {"when": column | {"year": year}}}, "test")
        for year in (2025, 2026)
    ]
    assert [str(job.columns["when"].spelling.before) for job in dated] == [
        "2026-01-01",
        "2027-01-01",
    ]
    assert model_fingerprint(dated[0]) == model_fingerprint(dated[1])
    assert job_fingerprint(dated[0]) != job_fingerprint(dated[1])


def test_a_column_that_the_job_makes_the_time_is_read_by_its_only_format() -> None:
    told, open_ = Spelling("%d.%m.%Y %H:%M"), Spelling("%m/%d/%Y")
    job = build_job({"columns": {"opened": "time"}}, "test")
    for unread, spelling in (((told,), told), ((told, open_), PLAIN), (None, PLAIN)):
        inferred = {"opened": RoleChoice(Role.IGNORE, "", unread=unread)}
        assert roles_of(job, inferred)["opened"].spelling == spelling


def test_the_column_of_the_day_must_be_there() -> None:
    job = build_job({"columns": {"at": {"role": "time", "date": "dya"}}}, "test")
    with pytest.raises(JobError, match=r"columns\.at\.date: .*did you mean `day`"):
        check_columns(job, ["at", "day"])


def test_rules_on_alarms_are_part_of_the_fingerprint_of_a_job_and_not_of_its_models() -> None:
    def spec(text: str) -> JobSpec:
        return parse_job(text, "job.toml")

    plain = spec("")
    hours = '[selection]\nquiet_hours = ["22:00-06:00"]\n'
    daily = '[schedule]\ncron = "0 6 * * *"\n'
    others = [
        spec('[selection]\ncritical = ["root"]'),
        spec("[selection]\nmin_records = 3"),
        spec(hours),
        spec(f'{hours}{daily}timezone = "Europe/Berlin"\n'),
    ]
    assert len({job_fingerprint(each) for each in [plain, *others]}) == 5
    assert {model_fingerprint(each) for each in others} == {model_fingerprint(plain)}
    assert job_fingerprint(spec(daily)) == job_fingerprint(plain)
    assert job_fingerprint(spec(hours + daily)) != job_fingerprint(others[3])
    assert build_job(others[2].model_dump(), "again") == others[2]
