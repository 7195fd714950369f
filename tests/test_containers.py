"""The container file and the compose file, as far as they can be checked without an engine."""

import json
import re
import shlex
import subprocess
import sys
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[1]
VERSIONED = re.compile(r"[\w./-]+:\d+\.\d+(\.\d+)?(-[a-z]+)*")
"""An image with the whole version in its tag; `latest`, `15` and `slim` move."""
COMMANDS = ("outfield", "prefect", "python")


@cache
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return loaded


@cache
def instructions() -> list[tuple[str, str]]:
    """Read the container file: instruction and arguments, lines joined, comments left out."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Containerfile").read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines) if word]


def of(word: str) -> list[str]:
    return [rest for instruction, rest in instructions() if instruction == word]


def test_the_compose_file_follows_the_schema_of_the_specification():
    schema = files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json"
    jsonschema.validate(compose(), json.loads(schema.read_text()))


def test_the_container_file_holds_known_instructions_and_copies_what_is_there():
    words = {word for word, _ in instructions()}
    assert words == {"FROM", "COPY", "RUN", "ENV", "USER", "WORKDIR", "CMD"}
    for copied in of("COPY"):
        if not copied.startswith("--from="):
            *sources, _ = copied.split()
            assert all((ROOT / source).exists() for source in sources)


def test_no_tag_of_an_image_moves():
    images = [service["image"] for service in compose()["services"].values()]
    images += [line.split()[0] for line in of("FROM")]
    assert len(images) == 5
    assert all(VERSIONED.fullmatch(image) for image in images), images


def test_the_image_is_of_the_version_in_pyproject():
    import tomllib  # noqa: PLC0415 - of this test alone

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    built = {s["image"] for s in compose()["services"].values() if "outfield" in s["image"]}
    assert built == {f"outfield:{project['version']}"}


def test_no_secret_stands_in_either():
    for service in compose()["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|AUTH|NOTIFY|CONNECTION", name):
                assert "${" in value, name
                without = re.sub(r"\$\{[^}]*\}", "", value)
                assert without in ("", "postgresql+asyncpg://prefect:@database/prefect")
    assert not re.search("password|secret|token|auth", " ".join(of("ENV")), re.IGNORECASE)


def test_nobody_is_root_in_the_image_and_nothing_is_reached_from_other_machines():
    assert [user.isdigit() and int(user) > 0 for user in of("USER")] == [True]
    (last_from, user) = (
        max(i for i, (word, _) in enumerate(instructions()) if word == kind)
        for kind in ("FROM", "USER")
    )
    assert user > last_from
    published = [port for s in compose()["services"].values() for port in s.get("ports", [])]
    assert published == ["127.0.0.1:4200:4200"]


def test_the_page_of_the_server_lies_where_its_user_may_write():
    text = (ROOT / "Containerfile").read_text(encoding="utf-8")
    home = re.search(r"--home-dir (\S+) --create-home", text)
    pages = re.search(r"PREFECT_UI_STATIC_DIRECTORY=(\S+)", text)
    assert home is not None
    assert pages is not None
    assert pages[1].startswith(f"{home[1]}/")


def test_everything_is_installed_from_a_lock_with_hashes():
    installs = [run for run in of("RUN") if "pip install" in run]
    assert len(installs) == 2
    assert "--require-hashes -r /src/requirements-image.lock" in installs[0]
    assert all("--no-deps" in run for run in installs)
    assert "--no-build-isolation" in installs[1]


def pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))


def test_the_image_holds_the_versions_that_are_tested_and_none_of_the_tools():
    tested, image = pins("requirements.lock"), pins("requirements-image.lock")
    assert {name: tested.get(name) for name in image} == image
    assert image.keys() >= {"prefect", "asyncpg", "distributed", "setuptools"}
    assert not image.keys() & {"pytest", "moto", "ruff", "playwright"}


def commands() -> list[list[str]]:
    services = compose()["services"].values()
    ours = [s for s in services if s["image"].startswith("outfield")]
    found = [service["command"] for service in ours]
    found += [service["healthcheck"]["test"][1:] for service in ours if "healthcheck" in service]
    return [*found, json.loads(of("CMD")[0])]


def test_the_commands_are_ones_of_the_image():
    assert all(command[0] in COMMANDS for command in commands())
    assert ["outfield", "serve", "/jobs"] in commands()


@pytest.mark.slow
@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_each_command_and_its_options_are_known(command):
    if command[0] == "python":
        compile(command[2], "healthcheck", "exec")
        return
    program = Path(sys.executable).with_name(command[0])
    words = [word for word in command[1:] if re.fullmatch("[a-z]+", word)]
    ended = subprocess.run(  # noqa: S603 - our own commands
        [program, *words, "--help"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    for option in (word for word in command if word.startswith("--")):
        assert option in ended.stdout, shlex.join(command)
