import pyarrow as pa
import pytest

from anomaly.model.model import AnomalyModel
from tests.anomaly.logs import ROLES, company_log


@pytest.fixture(scope="session")
def log() -> pa.Table:
    return company_log(1_000, 0)


@pytest.fixture(scope="session")
def fitted(log: pa.Table) -> tuple[AnomalyModel, pa.Table]:
    """A model and the events behind its references."""
    model, drawn = AnomalyModel.fit(log, ROLES, {}, 0)
    return model, log.take(pa.array(drawn))


@pytest.fixture(scope="session")
def model(fitted: tuple[AnomalyModel, pa.Table]) -> AnomalyModel:
    return fitted[0]
