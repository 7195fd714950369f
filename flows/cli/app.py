"""The command line: `outfield detect | init | findings | …`, all of them listed in `_commands`.

Exit codes: 0; 2 for an error that the user can correct, in one line. 1 is a fault of outfield, or
one that `check` found; 130 follows Ctrl-C, 143 SIGTERM, 129 SIGHUP.
"""

import io
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter

from flows.cli.console import ReaderGoneError, Terminal, fault
from flows.cli.detect import DetectCommands
from flows.cli.explore import ExploreCommands
from flows.cli.incidents import IncidentCommands
from flows.cli.maintenance import FaultsFoundError, MaintenanceCommands
from flows.cli.models import ModelCommands
from flows.cli.options import Flag, Services
from flows.cli.schedule import ScheduleCommands
from flows.cli.verdicts import VerdictCommands
from flows.runtime.memory import rare_collections
from flows.runtime.retry import may_pass
from flows.runtime.run_log import told_on
from flows.runtime.stopping import ToldToEndError, ended_by_signals
from schemas.errors import OutfieldError

_VERBOSE = "Log each step on standard error, a line of JSON each; print the traceback of a failure."
_LONGEST_REASON = 200
_NO_MEMORY = "not enough memory; free some, or run with a lower OUTFIELD_WORKERS"


def main(tokens: Sequence[str] | None = None, services: Services | None = None) -> int:
    """Run the command that the tokens name.

    Parameters
    ----------
    tokens
        The command and its options; those of the process by default.
    services
        The long work behind the commands; the real one by default.

    Returns
    -------
    int
        The exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    terminal = Terminal(sys.stdout, sys.stderr)
    app = make_app(terminal, services or Services())
    with ended_by_signals(), rare_collections():
        return _exit_code(app, sys.argv[1:] if tokens is None else tokens, terminal)


def make_app(terminal: Terminal, services: Services) -> App:
    """Assemble the commands, and `--verbose` that goes with each of them."""
    app = App(
        name="outfield",
        help="Find the events that do not belong: anomaly detection over event logs in Parquet.",
        version=lambda: f"outfield {version('outfield')}",
        suppress_keyboard_interrupt=False,
    )
    app.meta.suppress_keyboard_interrupt = False
    for command in _commands(terminal, services):
        app.command(command)

    @app.meta.default
    def launch(
        *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
        verbose: Annotated[Flag, Parameter(help=_VERBOSE)] = False,
    ) -> None:
        try:
            with told_on(terminal.err, all_lines=verbose):
                app(tokens)
        except Exception:
            if verbose:
                terminal.trace(traceback.format_exc())
            raise

    return app


def _commands(terminal: Terminal, services: Services) -> tuple[Callable[..., None], ...]:
    """List the commands in the order of their help."""
    detect, schedule = DetectCommands(terminal, services), ScheduleCommands(terminal, services)
    incidents, explore = IncidentCommands(terminal), ExploreCommands(terminal)
    models, maintenance = ModelCommands(terminal, services), MaintenanceCommands(terminal)
    verdicts = VerdictCommands(terminal)
    return (
        detect.detect,
        detect.init,
        detect.findings,
        detect.runs,
        incidents.incidents,
        incidents.diff,
        verdicts.verdict,
        verdicts.verdicts,
        incidents.export,
        explore.similar,
        explore.context,
        explore.map,
        incidents.columns,
        detect.schema,
        schedule.backfill,
        schedule.serve,
        models.fit,
        models.models,
        models.compare,
        models.promote,
        models.rollback,
        maintenance.check,
        maintenance.clean,
    )


def _exit_code(app: App, tokens: Sequence[str], terminal: Terminal) -> int:
    try:
        app.meta(tokens, exit_on_error=False, print_error=False, result_action="return_value")
    except (OutfieldError, CycloptsError) as error:
        terminal.complain(f"outfield: error: {error}")
        return 2
    except ReaderGoneError:
        return 0
    except FaultsFoundError:
        return 1
    except KeyboardInterrupt as stop:
        terminal.complain("outfield: stopped")
        return 128 + stop.number if isinstance(stop, ToldToEndError) else 130
    except Exception as error:
        return _give_up(error, terminal)
    return 0


def _give_up(error: Exception, terminal: Terminal) -> int:
    """Report a fault of outfield, or that memory ran out; return the exit code."""
    if isinstance(error, MemoryError) or "can't start new thread" in str(error):
        terminal.complain(f"outfield: error: {_NO_MEMORY}")
        return 2
    if may_pass(error):
        reason = " ".join(str(error).split())[:_LONGEST_REASON]
        terminal.complain(f"outfield: error: storage did not answer ({reason}); try again later")
        return 2
    terminal.complain(f"{fault(error)}; run with --verbose for the traceback")
    return 1
