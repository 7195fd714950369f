from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomaly.behaviour.measures import entities_of
from anomaly.preprocess.profile import profile
from flows.jobs.job_file import complete_job, job_template, load_job
from schemas.columns.roles import ColumnProfile, Role, RoleChoice, infer_roles
from schemas.errors import JobError
from schemas.job.fingerprint import job_fingerprint
from schemas.job.job import parse_job


def template_of(table: pa.Table, location: str = "logs/") -> str:
    profiles = profile(table)
    return job_template(location, profiles, infer_roles(profiles))


def test_a_job_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "job.toml"
    file.write_bytes("\ufeffseed = 3\r\n[columns]\r\n'Größe' = 'number'\r\n".encode())
    job = load_job(str(file))
    assert job.seed == 3
    assert job.columns["Größe"].role is Role.NUMBER


@pytest.mark.parametrize(
    ("file", "text", "name"),
    [
        ("nightly.toml", "", "nightly"),
        ("Vorgänge im Netz.toml", "", "Vorgange-im-Netz"),
        ("nightly.toml", 'name = "signins"', "signins"),
    ],
)
def test_a_job_without_a_name_is_called_after_its_file(
    file: str, text: str, name: str, tmp_path: Path
) -> None:
    (tmp_path / file).write_text(f'input = "logs/kdd99.parquet"\n{text}')
    assert complete_job(load_job(str(tmp_path / file))).name == name
    assert complete_job(load_job(str(tmp_path / file)), "logs/other").name == name


def test_a_job_file_that_is_not_there_or_no_text_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b'name = "Gr\xf6\xdfe"')
    (tmp_path / "bad.toml").write_text("[selection]\nbudjet = 3")
    said = {
        "none.toml": "there is no such job file; run `outfield init INPUT`",
        "": "this is a folder, not a job file",
        "latin.toml": "this is not text in UTF-8 (byte 10); save it as UTF-8",
        "bad.toml": "did you mean `budget`?",
        "bad.toml/job.toml": "cannot be read (Not a directory)",
        "nul\0.toml": "cannot be read (embedded null byte)",
    }
    for name, says in said.items():
        with pytest.raises(JobError) as raised:
            load_job(str(tmp_path / name))
        assert says in str(raised.value)
        assert len(str(raised.value).splitlines()) == 1


LOG = pa.table(
    {
        "event_id": list(range(60)),
        "service": ["http"] * 40 + ["smtp"] * 20,
        "api_key_name": ["prod-key"] * 40 + ["dev-key"] * 20,
        "password.kind": ["hunter2"] * 40 + ["letmein"] * 20,
        "bytes": list(range(60)),
    }
)


def test_a_template_of_partitions_offers_the_age_of_the_newest() -> None:
    template = template_of(LOG, "logs/date={date}")
    set_now = template.replace('# max_age = "2d"', 'max_age = "2d"')
    assert parse_job(set_now, "job.toml").max_age == 2 * 86_400
    assert "max_age" not in template_of(LOG, "logs/*.parquet")


def test_a_template_of_hours_offers_an_hourly_schedule_and_no_days_of_entities() -> None:
    text = template_of(LOG, "logs/{date}/{hour}")
    assert '# max_age = "6h"' in text
    assert "the newest hour ended longer ago" in text
    assert '# cron = "15 * * * *"' in text
    assert "behaviour" not in text
    assert parse_job(text, "job.toml").input == "logs/{date}/{hour}"


def test_how_long_runs_stay_is_no_matter_of_judging_and_needs_a_folder() -> None:
    job = parse_job('keep = "90d"', "job.toml")
    assert job.keep == 90 * 86_400
    assert job_fingerprint(job) == job_fingerprint(parse_job("", "job.toml"))
    with pytest.raises(JobError, match="`keep` needs an `output` on this machine"):
        parse_job('keep = "90d"\noutput = "s3://bucket/out"', "job.toml")


def test_a_template_is_short_aligned_and_reads_well() -> None:
    assert template_of(LOG, "logs/*.parquet") == (
        "# A job for outfield. The roles were inferred from 60 events with 5 columns.\n"
        "# Edit them, keep this file in git, and run: outfield detect --job THIS_FILE\n"
        "# A setting behind a # is its default, or an example where there is none.\n"
        "\n"
        'input = "logs/*.parquet"\n'
        "\n"
        '# output = "outfield-output"  # the folder that holds the results\n'
        '# name = "NAME"               # of their folder in it; by default that of this file\n'
        '# unit = "event"              # or "session", together with the next line\n'
        '# session_key = "COLUMN"      # the column that names the session\n'
        '# session_gap = "30m"         # cut it where nothing happens for longer\n'
        '# session_window = "1d"       # or into windows of this length, from 1970 on (UTC)\n'
        '# peers = ["COLUMN"]          # categories whose names have habits, as entities have\n'
        "# seed = 0                    # of every random choice\n"
        "# mask_numbers = true         # of cards and bank accounts, within texts\n"
        '# keep = "90d"                # remove runs that began longer ago; the newest stays\n'
        '# notify = "alarm"            # or "new", or "all": the runs that send a message\n'
        "\n"
        "[selection]\n"
        "# fdr = 0.1            # the share of findings that may be false alarms\n"
        "# threshold = 50       # or a fixed anomaly score: 50 is one event in 100,000\n"
        "# budget = 100         # the most incidents a run writes\n"
        "# at_least = 20        # the fewest: the oddest of the rest fill up\n"
        '# critical = ["root"]  # values whose incidents come first\n'
        "\n"
        "[model]\n"
        '# use = "fit"             # on the batch; or "latest", or an id of `outfield models`\n'
        '# refit = "never"         # or "on-drift", or an age: "7d"; of the latest\n'
        '# train = "HISTORY"       # the days before, "last 28 days"; or "batch"; or a location\n'
        '# distance = "euclidean"  # or "cosine": of directions\n'
        "\n"
        "# [search]             # what `outfield similar` searches; it needs outfield[search]\n"
        "# store = false        # true: a run keeps its records and embedding\n"
        "# records = 1_000_000  # the most: evenly spaced ones, and all findings\n"
        "\n"
        "# [schedule]          # when `outfield serve` runs it; a {date} in `input` is the day it"
        " judges\n"
        '# cron = "0 6 * * *"  # minute, hour, day, month, weekday; or interval = "6h"\n'
        '# timezone = "UTC"    # such as "Europe/Berlin"\n'
        "\n"
        "# [behaviour]                  # what an entity does, held against its other days; or"
        " behaviour = false\n"
        '# entities = ["api_key_name"]  # each is an entity; the order of steps is that of'
        " `api_key_name`\n"
        '# windows = ["hour", "day"]    # neither: no column is a time\n'
        "# [calendar]                   # days that are unlike ordinary ones, held against those of"
        " their name\n"
        '# payday = ["2026-01-30"]      # days of UTC; a span is "2026-12-24/2026-12-31"\n'
        "\n"
        "# Roles: id, time, entity, category, number, text, flag, ignore.\n"
        '# More weight for one: COLUMN = { role = "number", weight = 2.0 }\n'
        '# Never written anywhere: COLUMN = { role = "category", secret = true }\n'
        "[columns]\n"
        'event_id        = "id"        # names the record: 60 distinct values over 60 rows\n'
        'service         = "category"  # 2 distinct values over 60 rows,'
        " the most common in 67 % (http, smtp)\n"
        'api_key_name    = "entity"    # 2 distinct values over 60 rows, each about 30 times;'
        " a name with `key`\n"
        '"password.kind" = "category"  # 2 distinct values over 60 rows,'
        " the most common in 67 %\n"
        'bytes           = "number"    # 60 distinct values over 60 rows, 0 to 59\n'
    )


def test_a_template_says_whose_windows_are_judged_and_why() -> None:
    def lines_of(roles: dict[str, Role]) -> list[str]:
        choices = {name: RoleChoice(role, "so") for name, role in roles.items()}
        lines = job_template("logs/", profile(LOG), choices).splitlines()
        return [each for each in lines if each[:9] in ("# entitie", "# windows")]

    assert "# none: no column is an entity" in lines_of({"bytes": Role.NUMBER})[0]
    roles = {f"host_{i}": Role.ENTITY for i in range(3)} | {"user": Role.ENTITY, "x": Role.ENTITY}
    whose, when = lines_of(roles | {"time": Role.TIME})
    assert "the first 4 of 5 entities; steps are those of `user`" in whose
    assert "by `time`, once four days are known" in when
    told = "\n".join(["[behaviour]", *(line.removeprefix("# ") for line in (whose, when))])
    found = parse_job(told, "job.toml").behaviour
    assert found is not None
    assert (found.entities, found.windows) == (entities_of(roles), ("hour", "day"))


def test_values_of_secrets_people_and_texts_are_not_in_it() -> None:
    table = LOG.append_column("user", pa.array(["ann.lee"] * 60)).append_column(
        "message", pa.array([f"ann.lee came in by door {i}" for i in range(60)])
    )
    text = template_of(table)
    assert all(value not in text for value in ("hunter2", "letmein", "prod-key", "ann.lee"))


def test_a_login_in_the_location_is_left_out_but_a_container_is_not() -> None:
    assert 'input = "s3://bucket/logs"' in template_of(LOG, "s3://KEY:SE@CRET@bucket/logs")
    location = "abfs://container@account.dfs.core.windows.net/logs"
    assert f'input = "{location}"' in template_of(LOG, location)


@pytest.mark.parametrize("default", ["output", "unit", "seed", "fdr", "budget", "threshold"])
def test_what_is_commented_out_is_a_setting_that_parses(default: str) -> None:
    lines = template_of(LOG).splitlines()
    start = lines.index("[selection]")
    at = next(i for i, line in enumerate(lines) if line.startswith(f"# {default} ="))
    section = "[selection]\n" if at > start else ""
    job = parse_job(section + lines[at].removeprefix("# "), "job.toml")
    if default not in ("fdr", "threshold"):
        assert job == parse_job("", "job.toml")


TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
ROLES = st.sampled_from([role for role in Role if role not in (Role.ID, Role.TIME)])


@settings(deadline=None)
@given(
    names=st.dictionaries(
        TEXTS | st.sampled_from(["a.b", 'a"b', "a'b", "a b", "x\ny", "", "#", "=", "\x00", "\\"]),
        ROLES,
        max_size=8,
    ),
    location=TEXTS.filter(bool),
    words=TEXTS,
)
def test_any_column_survives_the_way_through_the_file(
    names: dict[str, Role], location: str, words: str
) -> None:
    profiles = {
        name: ColumnProfile(name, "string", 1, 0, 1, 1.0, 1.0, 0.0, {}, (words,)) for name in names
    }
    choices = {name: RoleChoice(role, words) for name, role in names.items()}
    job = parse_job(job_template(location, profiles, choices), "job.toml")
    assert {name: spec.role for name, spec in job.columns.items()} == names
    assert list(job.columns) == list(names)


@given(st.text(min_size=1, max_size=20))
@settings(max_examples=200)
def test_a_template_shows_the_names_of_columns_as_they_are(name: str) -> None:
    text = template_of(pa.table({name: ["a", "b"] * 20}), "logs\u202e/x")
    assert text.replace("\n", "").isprintable()
    job = parse_job(text, "job.toml")
    assert (list(job.columns), job.input) == ([name], "logs\u202e/x")
