"""The roles inferred on seven public event logs, against what their descriptions say they are."""

from pathlib import Path

import numpy as np
import pytest

from anomaly.preprocess.profile import profile
from flows.storage.input.plan import plan_input
from flows.storage.input.rows import read_rows
from schemas.columns.roles import Role, infer_roles

EVENTS = Path(__file__).parents[3].parent / "shared" / "data" / "events"

EXPECTED = {
    "bgl_2k": {
        Role.ID: "event_id",
        Role.TIME: "timestamp",
        Role.ENTITY: "node",
        Role.CATEGORY: "type component level",
        Role.TEXT: "message",
    },
    "card_fraud": {
        Role.ID: "event_id",
        Role.TIME: "timestamp",
        Role.ENTITY: "customer_id terminal_id",
        Role.NUMBER: "amount",
    },
    "cloudtrail": {
        Role.ID: "event_id",
        Role.TIME: "timestamp",
        Role.ENTITY: "principal_arn user_name source_ip access_key_id",
        Role.CATEGORY: "event_source event_name region identity_type event_type event_category"
        " error_code invoked_by tls_version",
        Role.TEXT: "error_message request_parameters response_elements",
        Role.FLAG: "read_only",
    },
    "csic2010": {Role.ID: "event_id", Role.CATEGORY: "method", Role.TEXT: "path query"},
    "hdfs": {
        Role.ID: "event_id",
        Role.TIME: "timestamp",
        Role.ENTITY: "session_id",
        Role.IGNORE: "pid",
        Role.CATEGORY: "level component",
        Role.TEXT: "message",
    },
    "kdd99": {
        Role.ID: "event_id",
        Role.CATEGORY: "protocol_type service flag",
        Role.FLAG: "land logged_in root_shell is_host_login is_guest_login",
    },
    "unsw_backdoor": {
        Role.ID: "event_id",
        Role.CATEGORY: "proto service state",
        Role.FLAG: "is_sm_ips_ports",
    },
}
"""Set -> role -> its columns. Where a set is all numbers otherwise, they are not listed."""


@pytest.mark.parametrize("name", EXPECTED)
def test_roles_are_what_the_log_says_of_itself(name: str) -> None:
    location = EVENTS / name / "events.parquet"
    if not location.exists():
        pytest.skip("the public event logs are not beside this repository")
    plan = plan_input(str(location))
    rows = np.linspace(0, plan.rows - 1, min(plan.rows, 50_000)).astype(np.int64)
    found = {
        column: choice.role
        for column, choice in infer_roles(profile(read_rows(plan, rows))).items()
    }
    expected = {
        column: role for role, columns in EXPECTED[name].items() for column in columns.split()
    }
    assert found == {column: expected.get(column, Role.NUMBER) for column in found}
    assert set(expected) <= set(found)
