from pathlib import Path

import pytest

from schemas.outputs.dictionary import DATASETS, dictionary

WRITTEN = Path(__file__).parents[3] / "schemas" / "COLUMNS.md"


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_column_is_described_and_no_other(dataset: str) -> None:
    schema, meanings = DATASETS[dataset]
    assert set(meanings) == set(schema.names)
    assert all(meaning.endswith(".") for meaning in meanings.values())


def test_the_committed_column_dictionary_is_the_generated_one() -> None:
    assert WRITTEN.read_text(encoding="utf-8").splitlines() == dictionary().splitlines()
