"""The files of metadata of an Iceberg table: each commit leaves one, and the newest has the table.

Source: "File System Tables" and "Metastore Tables" of the Iceberg table specification, which name
them `v3.metadata.json` and `00003-UUID.metadata.json`. Compressed ones have
`.gz` before `.metadata.json`, old ones at the end.
"""

import re

from pyarrow.fs import FileSelector, FileSystem, FileType

from schemas.errors import InputError

FOLDER = "metadata"
METADATA_FILE = re.compile(r"(?:^|/)(?:v(\d+)|(\d+)-[^/]+?)(?:\.gz)?\.metadata\.json(?:\.gz)?$")
_HINT = "version-hint.text"
_LONGEST_HINT = 200


def metadata_files(filesystem: FileSystem, folder: str) -> dict[str, int]:
    """List the files of metadata in a folder, each with its number."""
    entries = filesystem.get_file_info(FileSelector(folder))
    found = ((entry.base_name, METADATA_FILE.search(entry.base_name)) for entry in entries)
    return {name: int(match[1] or match[2]) for name, match in found if match is not None}


def newest(filesystem: FileSystem, folder: str, where: str) -> str:
    """Give the path of the metadata with the highest number.

    Of several with that number it is the one that `version-hint.text` names.

    Raises
    ------
    InputError
        There are several, and no hint tells which one was committed. Or the hint names a newer one.
    """
    numbers = metadata_files(filesystem, folder)
    highest = max(numbers.values())
    last = sorted(name for name, number in numbers.items() if number == highest)
    hint = _hint(filesystem, folder)
    if hint is not None and hint.isdecimal() and int(hint) > highest:
        raise InputError(
            f"its {_HINT} names version {hint}, and the newest metadata there is {last[-1]}",
            where=where,
            remedy="name a file of metadata itself",
        )
    hinted = [name for name in last if name in _names_of(hint)]
    if len(last) > 1 and not hinted:
        raise InputError(
            f"{len(last)} files of metadata have the highest number: {', '.join(last[:3])}",
            where=where,
            remedy=f"ask its catalog which one is the table, and name that file in {FOLDER}/",
        )
    return f"{folder}/{(hinted or last)[0]}"


def _hint(filesystem: FileSystem, folder: str) -> str | None:
    path = f"{folder}/{_HINT}"
    if filesystem.get_file_info(path).type is not FileType.File:
        return None
    with filesystem.open_input_file(path) as source:
        return str(source.read(_LONGEST_HINT).decode("utf-8", "replace").strip())


def _names_of(hint: str | None) -> list[str]:
    """Give the names that a hint may stand for: a number, or a name with or without its end."""
    if hint is None:
        return []
    stem = f"v{hint}" if hint.isdecimal() else hint
    return [hint, f"{stem}.metadata.json", f"{stem}.gz.metadata.json"]
