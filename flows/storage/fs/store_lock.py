"""The lock of a job in an object store, which has no locks of its own: claims that grow old.

Whoever wants to write OUTPUT/JOB puts a claim, an object of its own, below OUTPUT/JOB/.lock and
then lists all claims. Only one that is alone there holds the lock. Of two that see each other both
withdraw, and try again after a random pause. A store lists what was written before, so that of two
claims at least the later one sees the other.

The holder writes its claim anew every few seconds. One that was not written for a minute is that of
a writer that was killed, and is removed. Both times are the store's: clocks of machines play no
part. A holder that is halted for a minute loses the lock; each run still has a folder of its own.
"""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Event, Thread
from uuid import uuid4

from flows.storage.fs.atomic import naming_output_errors, write_bytes
from flows.storage.fs.store_path import StorePath
from schemas.errors import OutputError

_RENEWAL = 15.0
"""Seconds after which a holder writes its claim anew."""
_OUTDATED = timedelta(seconds=60)
_PAUSES = (0.5, 2.0)
"""The shortest and the longest pause before another try, in seconds."""
_SECONDS_TO_STOP = 5.0


class Claim:
    """One writer's claim on a job.

    Parameters
    ----------
    folder
        OUTPUT/JOB/.lock.
    text
        Who claims it, for those who wait.
    """

    def __init__(self, folder: StorePath, text: str) -> None:
        self._folder, self._text = folder, text.encode()
        self._place = folder / uuid4().hex

    def acquired(self) -> str | None:
        """Try to take the lock; give the text of another that is in the way, None if none is."""
        with naming_output_errors(self._folder.parent):
            self._write()
            other = self._other()
            if other is not None:
                self._place.unlink(missing_ok=True)
        return other

    @contextmanager
    def renewed(self) -> Iterator[None]:
        """Keep the claim young while the body of the `with` statement runs; then withdraw it."""
        ended = Event()
        renewing = Thread(target=self._renew, args=(ended,), daemon=True)
        try:
            renewing.start()
            yield
        finally:
            ended.set()
            if renewing.ident is not None:
                renewing.join(_SECONDS_TO_STOP)
            with suppress(OSError):
                self._place.unlink(missing_ok=True)

    def _write(self) -> None:
        write_bytes(self._place, self._text)

    def _renew(self, ended: Event) -> None:
        while not ended.wait(_RENEWAL):
            with suppress(OSError, OutputError):  # it may pass before the claim is outdated
                self._write()

    def _other(self) -> str | None:
        """Find another claim that is not outdated; remove those that are."""
        now, _ = self._place.state()
        for place in self._folder.iterdir():
            if place == self._place:
                continue
            written, size = place.state()
            if now - written > _OUTDATED:
                place.unlink(missing_ok=True)  # or it was withdrawn since it was listed
            elif size:
                return _text_of(place)
        return None


def _text_of(place: StorePath) -> str:
    with suppress(OSError):
        return place.read_bytes()[:100].decode(errors="replace")
    return ""


def pause() -> None:
    """Wait for a random while, so that two that saw each other do not meet again."""
    time.sleep(random.uniform(*_PAUSES))  # noqa: S311 - no secret, and no part of any result
