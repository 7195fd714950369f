"""The files that hold a column, for an error that names one."""

import pyarrow as pa
import pyarrow.parquet as pq

from flows.storage.fs.filesystem import naming_input_errors, open_location
from flows.storage.input.plan import InputPlan
from flows.storage.tables.live_files import names_in_file
from schemas.locations import without_secrets


def place_of_column(plan: InputPlan, column: str) -> str:
    """Name the first file that holds a top-level column in a type; else the location.

    Raises
    ------
    InputError
        A file cannot be opened any more.
    """
    filesystem, _ = open_location(plan.location)
    for file in (each for each in plan.files if each.rows):
        with (
            naming_input_errors(plan.where(file)),
            filesystem.open_input_file(f"{plan.root}/{file.name}") as source,
        ):
            schema = pq.read_schema(source)
        name = names_in_file(plan.table, schema).get(column)
        if name is not None and not pa.types.is_null(schema.field(name).type):
            return plan.where(file)
    return without_secrets(plan.location)
