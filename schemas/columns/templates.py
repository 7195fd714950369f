"""Roles of the columns of logs whose layout is known: OCSF events and CloudTrail records.

They stand for what inference says where the input has such a column; nested fields are dotted.
"""

from collections.abc import Collection, Mapping
from typing import Literal

from schemas.columns.roles import Role, RoleChoice
from schemas.errors import JobError

Template = Literal["ocsf", "cloudtrail"]

_OCSF = {
    "metadata.uid": Role.ID,
    "time": Role.TIME,
    "actor.user.name": Role.ENTITY,
    "actor.user.uid": Role.ENTITY,
    "user.name": Role.ENTITY,
    "device.hostname": Role.ENTITY,
    "src_endpoint.hostname": Role.ENTITY,
    "src_endpoint.ip": Role.ENTITY,
    "dst_endpoint.hostname": Role.ENTITY,
    "dst_endpoint.ip": Role.ENTITY,
    "class_name": Role.CATEGORY,
    "activity_name": Role.CATEGORY,
    "activity_id": Role.CATEGORY,
    "status": Role.CATEGORY,
    "status_id": Role.CATEGORY,
    "status_code": Role.CATEGORY,
    "severity_id": Role.CATEGORY,
    "dst_endpoint.port": Role.CATEGORY,
    "connection_info.protocol_name": Role.CATEGORY,
    "connection_info.direction_id": Role.CATEGORY,
    "api.operation": Role.CATEGORY,
    "api.service.name": Role.CATEGORY,
    "cloud.region": Role.CATEGORY,
    "auth_protocol": Role.CATEGORY,
    "logon_type": Role.CATEGORY,
    "is_mfa": Role.FLAG,
    "process.name": Role.CATEGORY,
    "process.cmd_line": Role.TEXT,
    "actor.process.name": Role.CATEGORY,
    "file.path": Role.TEXT,
    "query.hostname": Role.TEXT,
    "http_request.http_method": Role.CATEGORY,
    "http_request.url.path": Role.TEXT,
    "http_request.user_agent": Role.TEXT,
    "http_response.code": Role.CATEGORY,
    "message": Role.TEXT,
    "traffic.bytes_in": Role.NUMBER,
    "traffic.bytes_out": Role.NUMBER,
    "traffic.packets_in": Role.NUMBER,
    "traffic.packets_out": Role.NUMBER,
    "duration": Role.NUMBER,
    # What another column says too, or what was written down on the way and not what happened.
    "class_uid": Role.IGNORE,
    "category_uid": Role.IGNORE,
    "category_name": Role.IGNORE,
    "type_uid": Role.IGNORE,
    "type_name": Role.IGNORE,
    "severity": Role.IGNORE,
    "time_dt": Role.IGNORE,
    "start_time": Role.IGNORE,
    "end_time": Role.IGNORE,
    "timezone_offset": Role.IGNORE,
    "metadata.logged_time": Role.IGNORE,
    "metadata.processed_time": Role.IGNORE,
    "metadata.sequence": Role.IGNORE,
    "raw_data": Role.IGNORE,
}
_CLOUDTRAIL = {
    "eventID": Role.ID,
    "eventTime": Role.TIME,
    "userIdentity.arn": Role.ENTITY,
    "userIdentity.userName": Role.ENTITY,
    "userIdentity.type": Role.CATEGORY,
    "userIdentity.accountId": Role.CATEGORY,
    "userIdentity.accessKeyId": Role.IGNORE,
    "sourceIPAddress": Role.ENTITY,
    "eventSource": Role.CATEGORY,
    "eventName": Role.CATEGORY,
    "awsRegion": Role.CATEGORY,
    "errorCode": Role.CATEGORY,
    "errorMessage": Role.TEXT,
    "readOnly": Role.FLAG,
    "userAgent": Role.TEXT,
    "requestParameters": Role.TEXT,
    "responseElements": Role.TEXT,
    "requestID": Role.IGNORE,
    "eventVersion": Role.IGNORE,
}
TEMPLATES: Mapping[Template, Mapping[str, Role]] = {"ocsf": _OCSF, "cloudtrail": _CLOUDTRAIL}


def with_template(template: Template, inferred: Mapping[str, RoleChoice]) -> dict[str, RoleChoice]:
    """Let a template's roles win over the inferred ones.

    An id or a time that the template names displaces an inferred one, which is ignored.

    Raises
    ------
    JobError
        No column is of the template.
    """
    known = _known(template, inferred)
    if not known:
        what = f"the input has no column of {template}"
        raise JobError(what, where="--template", remedy="leave it out")
    single = {role: c for c, role in known.items() if role in (Role.ID, Role.TIME)}
    choices = {}
    for column, choice in inferred.items():
        if column in known:
            why = f"as {template} has it"
            choices[column] = RoleChoice(known[column], why, choice.secret, choice.spelling)
        elif choice.role in single:
            why = f"{template} has `{single[choice.role]}` as the {choice.role}"
            choices[column] = RoleChoice(Role.IGNORE, why, choice.secret)
        else:
            choices[column] = choice
    return choices


def _known(template: Template, columns: Collection[str]) -> dict[str, Role]:
    """Return the roles of the columns that a template has: `event_name` is `eventName` too."""
    plain: dict[str, str] = {}
    for column in columns:
        plain.setdefault(_plain(column), column)
    names = {
        name: name if name in columns else plain.get(_plain(name)) for name in TEMPLATES[template]
    }
    return {column: TEMPLATES[template][name] for name, column in names.items() if column}


def _plain(name: str) -> str:
    """Return a name as it is however it is written.

    Examples
    --------
    >>> _plain("eventID"), _plain("event_id")
    ('eventid', 'eventid')
    """
    return name.replace("_", "").casefold()
