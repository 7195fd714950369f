"""Damaged files: those that cannot be read to their end, which only reading shows.

That takes as long as reading everything once more, so it is asked only where a run has met damage.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from flows.storage.input.footers import check_damage, set_aside
from flows.storage.input.plan import Chunk, InputPlan, Piece
from flows.storage.input.rows import read_batches
from schemas.errors import DamagedFileError

_FILES_AT_ONCE = 2
_ROWS_AT_ONCE = 65_536


def without_damaged_files(plan: InputPlan) -> InputPlan:
    """Read every file to its end; plan the input without those that cannot be.

    Parameters
    ----------
    plan
        The input, as its footers tell it.

    Returns
    -------
    InputPlan
        The same columns, the rows of the sound files, and all that are damaged.

    Raises
    ------
    InputError
        A file has changed since it was planned, or more than one in ten are damaged.
    """
    read = partial(_fault_of, plan)
    with ThreadPoolExecutor(_FILES_AT_ONCE) as pool:
        found = zip(plan.files, pool.map(read, range(len(plan.files))), strict=True)
        faults = {file: error for file, error in found if error is not None}
    before = len(plan.damaged)
    total, tolerant = len(plan.files) + before, plan.tolerant
    check_damage(plan.location, faults.values(), total, already=before, tolerant=tolerant)
    damaged = [*plan.damaged, *(set_aside(file, error) for file, error in faults.items())]
    return replace(
        plan,
        files=tuple(file for file in plan.files if file not in faults),
        damaged=tuple(sorted(damaged, key=lambda file: file.name)),
    )


def _fault_of(plan: InputPlan, position: int) -> DamagedFileError | None:
    file = plan.files[position]
    groups = tuple(group for group, rows in enumerate(file.row_groups) if rows)
    whole = Chunk(0, file.rows, (Piece(position, groups),))
    try:
        for _ in read_batches(plan, whole, None, _ROWS_AT_ONCE, plan.repetitive):
            pass
    except DamagedFileError as error:
        return error
    return None
