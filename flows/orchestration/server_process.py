"""The process of the embedded Prefect server: it ends when the process that started it does.

It is started as a script, by its path: `server_process.py SOCKET PIPE`. SOCKET is a descriptor that
is bound already, so that no other process can take the port. PIPE is one whose other end only the
starting process holds. The system closes it with that process, also after a kill.
"""

import gc
import os
import signal
import socket
import sys
from threading import Thread, Timer

_SECONDS_TO_END = 5
_NEW_OBJECTS = 50_000
"""See `flows.runtime.memory`: this process makes nearly all of its objects as it starts."""
STARTUP_FAILED = 3
"""The exit status of a server that did not come up."""


def main() -> None:
    """Serve Prefect's API until told to end, or until nobody is left who told it to start."""
    bound, pipe = (int(descriptor) for descriptor in sys.argv[1:])
    Thread(target=_end_with_starter, args=(pipe,), daemon=True).start()
    gc.set_threshold(_NEW_OBJECTS)
    import uvicorn  # noqa: PLC0415 - slow; whoever started this one may end meanwhile

    application = "prefect.server.api.server:create_app"
    server = uvicorn.Server(
        uvicorn.Config(application, factory=True, log_level="error", lifespan="on")
    )
    with socket.socket(fileno=bound) as listening:
        server.run(sockets=[listening])
    if not server.started:
        sys.exit(STARTUP_FAILED)


def _end_with_starter(pipe: int) -> None:
    os.read(pipe, 1)  # nothing is ever written: it returns when the other end is closed
    end = Timer(_SECONDS_TO_END, os._exit, (1,))
    end.daemon = True
    end.start()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
