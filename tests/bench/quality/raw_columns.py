"""Features of the columns of an event log, as an engineer would make them, by their roles."""

import pandas as pd
import pyarrow as pa

from anomaly.preprocess.profile import profile
from schemas.columns.roles import Role, infer_roles
from schemas.events.flattening import flatten
from schemas.events.instants import read_instants
from schemas.events.parsing import read_numbers, read_terms
from tests.bench.engineered import Features, text_features, time_features


def raw_columns(events: pa.Table) -> pd.DataFrame:
    """Make features of the columns by their inferred roles, as a good engineer would.

    Numbers stay as they are. A time becomes hour and weekday, a text its length, odd characters and
    rarity. All else becomes names. Ids and ignored columns are left out.
    """
    flat = flatten(events)
    roles = {name: choice.role for name, choice in infer_roles(profile(flat)).items()}
    features = [_features(name, flat[name].combine_chunks(), roles[name]) for name in roles]
    return pd.DataFrame({name: values for each in features for name, values in each.items()})


def _features(name: str, values: pa.Array, role: Role) -> Features:
    if role in (Role.ID, Role.IGNORE):
        return {}
    if role is Role.NUMBER:
        return {name: read_numbers(values).values.to_pandas().astype(float)}
    if role is Role.TIME:
        return time_features(name, read_instants(values).values.to_pandas())
    if role is Role.TEXT:
        return text_features(name, values.cast(pa.string()).to_pandas())
    names = read_terms(values).to_pandas().astype(object).fillna("")
    return {name: names.astype("category")}
