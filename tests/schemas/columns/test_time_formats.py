"""Formats of times: which are accepted, and which texts have which."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.columns.time_formats import check_format, likely_formats

_MOMENTS = st.datetimes(datetime(1980, 1, 1), datetime(2090, 12, 31))
_DAYS = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y")
_CLOCKS = (" %H:%M:%S", " %H:%M", ", %I:%M:%S %p", "T%H:%M:%S.%f", " %H:%M:%S,%f", "")
_NAMED = (
    "%b %d %H:%M:%S",
    "%a %b %d %H:%M:%S %Y",
    "%a %b %d %H:%M:%S.%f %Y",
    "%b %d %Y %H:%M:%S",
    "%d-%b-%Y %H:%M:%S",
    "%d/%b/%Y:%H:%M:%S",
)


@given(st.lists(_MOMENTS, min_size=1, max_size=20), st.sampled_from(_DAYS + _NAMED), st.data())
def test_the_format_that_wrote_the_texts_is_among_the_likely_ones(
    moments: list[datetime], spelling: str, data: st.DataObject
) -> None:
    if spelling in _DAYS:
        spelling += data.draw(st.sampled_from(_CLOCKS))
    likely = likely_formats([moment.strftime(spelling) for moment in moments])
    assert spelling in likely
    if spelling[:2] == "%d" and "." in spelling[:4]:
        assert likely == (spelling,)
    elif spelling.startswith(_DAYS):
        open_ = all(moment.day <= 12 for moment in moments)
        assert len(likely) == (2 if open_ else 1)


@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["soon"],
        ["31/31/2025 10:00"],
        ["13/01/2025 10:00", "01/13/2025 10:00"],
        ["13/01/2025 10:00", "13.01.2025 10:00"],
        ["13/01/2025 10:00", "13/01/2025 10:00:00"],
        ["13/01/2025 10:00", "Jan 13 10:00:00"],
    ],
)
def test_texts_of_no_or_of_several_formats_have_no_likely_one(texts: list[str]) -> None:
    assert likely_formats(texts) == ()


@pytest.mark.parametrize("spelling", ["%d.%m.%Y", "%j %Y", "%b %d %H:%M:%S", "%% %A %d %B %y %z"])
def test_a_format_with_day_and_month_is_accepted(spelling: str) -> None:
    assert check_format(spelling) == spelling


@pytest.mark.parametrize("spelling", ["", "%H:%M", "%Y-%m", "%Q %d %m", "%d.%m.%", "%-d.%m.%Y"])
def test_a_refused_format_names_the_accepted_directives(spelling: str) -> None:
    with pytest.raises(ValueError, match=r"accepted are %Y %y %m"):
        check_format(spelling)
