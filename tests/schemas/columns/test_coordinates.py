"""Columns of latitude and longitude are known by their names, in pairs."""

import pytest

from schemas.columns.coordinates import coordinates, place_of_actor
from schemas.columns.roles import Role


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        ("lat", "lon"),
        ("Latitude", "longitude"),
        ("srcLat", "src_lng"),
        ("source.geo.location.lat", "source.geo.location.lon"),
        ("lat_client", "long_client"),
    ],
)
def test_names_that_differ_in_that_word_alone_are_a_pair(latitude, longitude):
    roles = dict.fromkeys([longitude, "bytes", latitude], Role.NUMBER)
    assert coordinates(roles) == {latitude: longitude}
    assert place_of_actor(roles) == (latitude, longitude)


@pytest.mark.parametrize(
    "columns",
    [
        ["lat"],
        ["lon"],
        ["src_lat", "dst_lon"],
        ["platform", "colon"],
        ["lat_lat", "lon"],
        ["lat_ms", "long_ms"],
        ["avg_lat", "avg_long"],
    ],
)
def test_columns_without_a_pair_are_no_coordinates(columns):
    roles = dict.fromkeys(columns, Role.NUMBER)
    assert coordinates(roles) == {}
    assert place_of_actor(roles) is None


def test_only_numbers_are_coordinates():
    assert coordinates({"lat": Role.CATEGORY, "lon": Role.CATEGORY}) == {}
    assert coordinates({"lat": Role.NUMBER, "lon": Role.TEXT}) == {}
