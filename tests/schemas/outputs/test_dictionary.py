import json
from pathlib import Path

import pyarrow as pa
import pytest

from schemas.outputs.dictionary import DATASETS, described, dictionary
from schemas.outputs.tables import FINDING, FORMAT_VERSION, INCIDENT, beside_own_columns

WRITTEN = Path(__file__).parents[3] / "schemas" / "COLUMNS.md"


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_column_is_described_and_no_other(dataset: str) -> None:
    schema, meanings = DATASETS[dataset]
    assert set(meanings) == set(schema.names)
    assert all(meaning.endswith(".") for meaning in meanings.values())


def test_the_meaning_of_a_column_goes_with_its_field_and_with_the_file() -> None:
    own = pa.schema({"user": pa.string(), "session.events": pa.string()})
    schema = described("findings", beside_own_columns(FINDING, own))
    meaning = DATASETS["findings"][1]["basis"]
    assert schema.field("basis").metadata == {b"description": meaning.encode()}
    assert json.loads(schema.metadata[b"outfield.columns"])["basis"] == meaning
    assert schema.metadata[b"outfield.format_version"] == FORMAT_VERSION.encode()
    assert schema.equals(beside_own_columns(FINDING, own))


def test_an_own_column_gets_no_meaning_that_is_not_its_own() -> None:
    own = pa.schema({"user": pa.string(), "session.events": pa.string()})
    schema = described("findings", beside_own_columns(FINDING, own))
    assert [schema.field(name).metadata for name in own.names] == [None, None]


@pytest.mark.parametrize("dataset", ["suppressed", "unshown"])
def test_the_datasets_beside_the_incidents_have_their_meanings(dataset: str) -> None:
    fields = described(dataset, INCIDENT)
    assert all(b"description" in field.metadata for field in fields)


def test_the_committed_column_dictionary_is_the_generated_one() -> None:
    assert WRITTEN.read_text(encoding="utf-8").splitlines() == dictionary().splitlines()
