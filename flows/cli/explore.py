"""The commands that look further: events like one, an incident's context, the map.

As in `flows/cli/detect.py`, what a command needs is imported inside it.
"""
# ruff: noqa: PLC0415 - see above

from dataclasses import dataclass
from typing import Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from flows.cli.console import Terminal
from flows.cli.options import Flag
from schemas.errors import InputError, OutputError

Count = Annotated[int, Parameter(validator=Number(gte=1))]


@dataclass(frozen=True)
class ExploreCommands:
    """The commands, each a method that cyclopts reads its options and its help from."""

    terminal: Terminal

    def similar(  # noqa: PLR0913 - each is an option of the command
        self,
        folder: Annotated[str, Parameter(name="DIR/NAME")],
        record_id: str | None = None,
        /,
        *,
        text: str | None = None,
        where: Annotated[tuple[str, ...], Parameter(negative=())] = (),
        metric: Literal["euclidean", "cosine"] | None = None,
        top: Count = 20,
        runs: Count = 7,
        json: Flag = False,
    ) -> None:
        """Show the records most like one, or like a description, among those that runs kept.

        Runs keep their records where the job says `store = true` under [search].

        Parameters
        ----------
        folder
            The job's folder, such as outfield-output/sample.
        record_id
            The record to be like.
        text
            Instead of a record: a text to be like, in any column of texts. A text that holds all of
            its words is at most 0.5 away, one that holds none at least 0.5.
        where
            COLUMN=VALUE, once or more. Beside a record or a text, what the records found must hold.
            Alone, what they are to be like in these columns; entities must be held.
        metric
            `euclidean`, how far apart, the default; or `cosine`, how unlike in direction. A text is
            compared by its words and by what is like it, in neither of them.
        top
            How many to show.
        runs
            How many of the newest runs that kept their records are searched.
        json
            Print one JSON document, with the records' columns.
        """
        from flows.cli.similar_view import show_similar, similar_document
        from flows.results.similar_records import Question, similar

        if record_id is not None and text is not None:
            raise InputError("a record and a text are asked for", remedy="leave one of them out")
        if metric is not None and text is not None:
            raise InputError("a text has its own measure", where="--metric", remedy="leave it out")
        question = Question(record_id, text, _conditions(where), metric or "euclidean", top)
        answer = similar(folder, question, runs)
        if json:
            self.terminal.json(similar_document(answer))
        else:
            show_similar(self.terminal, answer)

    def map(
        self,
        folder: Annotated[str, Parameter(name="DIR/NAME")],
        /,
        *,
        to: str,
        run: str | None = None,
    ) -> None:
        """Draw the embedding of a run in two dimensions: normal records and findings.

        Parameters
        ----------
        folder
            The job's folder, such as outfield-output/sample.
        to
            The file, or the URL of an object: .png or .svg for the picture, .parquet for the
            points.
        run
            The run's id, as `outfield runs` lists it; the newest by default.
        """
        from flows.cli.run_view import shown_path
        from flows.report.picture import picture
        from flows.storage.fs.atomic import write_bytes
        from flows.storage.fs.store_path import place_of
        from flows.storage.runs.parquet_parts import write_rows
        from flows.storage.runs.reader import find_run, read_findings, read_map

        target, found = place_of(to), find_run(folder, run)
        points = read_map(found)
        match target.suffix.lower():
            case ".parquet":
                write_rows(target, points.to_pylist())
            case ".png" | ".svg" as kind:
                write_bytes(target, picture(points, read_findings(found), kind))
            case _:
                raise OutputError(
                    "is no picture", where=to, remedy="end it with .png, .svg or .parquet"
                )
        self.terminal.line(f"Wrote {shown_path(target)}")

    def context(
        self, incident: str, /, *, tokens: Count = 4_000, output: str = "outfield-output"
    ) -> None:
        """Print what is known of an incident as redacted JSON, for a colleague or a model.

        Its reasons, findings and the normal records nearest to them, verdicts, and like incidents
        of other runs. Names are pseudonyms, secrets are left out. No model is called.

        Parameters
        ----------
        incident
            The incident, as `outfield incidents` and the report name it.
        tokens
            The most that the document may take, at three bytes a token. What tells least is left
            out, and counted.
        output
            The folder that holds the results of all jobs, or that of the job.
        """
        from flows.results.incident_bundle import context_of
        from flows.storage.runs.incident_search import find_incident

        self.terminal.json(context_of(find_incident(output, incident), tokens))


def _conditions(where: tuple[str, ...]) -> dict[str, str]:
    conditions = {}
    for each in where:
        column, equals, value = each.partition("=")
        if not equals or not column:
            raise InputError(
                f"{each[:80]!r} is no condition", where="--where", remedy="write it as user=alice"
            )
        conditions[column] = value
    return conditions
