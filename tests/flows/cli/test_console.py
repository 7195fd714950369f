import io
import json
import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from flows.cli.console import ReaderGoneError, Terminal
from schemas.escaping import escape

HOSTILE = "\x1b]0;owned\x07\x1b[2J[bold]\r\n\t\u202e\x9b31m\x7f"


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@given(st.text())
def test_what_is_escaped_prints_and_plain_text_stays_as_it_is(text):
    assert escape(text).isprintable()
    if text.isprintable():
        assert escape(text) == text


@pytest.mark.parametrize("stream", [io.StringIO, Screen])
def test_no_control_character_of_a_value_reaches_the_output(stream, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    out, err = stream(), stream()
    terminal = Terminal(out, err)
    terminal.line(HOSTILE)
    terminal.table({"value": "left"}, [[HOSTILE]])
    terminal.complain(HOSTILE)
    terminal.trace(f"ValueError: {HOSTILE}")
    terminal.json({"value": HOSTILE})
    for text in (out.getvalue(), err.getvalue()):
        # What a terminal's own styles are made of is not the value's.
        ours = text.replace("\x1b[1m", "").replace("\x1b[0m", "")
        assert not set("\x1b\x07\r\t\u202e\x9b\x7f") & set(ours)
        assert "[bold]" in ours


@pytest.mark.parametrize("stream", [io.StringIO, Screen])
def test_names_with_brackets_are_not_read_as_markup(stream):
    out = stream()
    Terminal(out, io.StringIO()).table({"na[red]me": "left"}, [["[link=x]y[/link] :smile:"]])
    assert "na[red]me" in out.getvalue()
    assert "[link=x]y[/link] :smile:" in out.getvalue()


def test_a_table_in_a_pipe_is_aligned_plain_text():
    out = io.StringIO()
    columns = {"rank": "right", "user": "left", "why": "left"}
    Terminal(out, io.StringIO()).table(columns, [["1", "李四", "odd"], ["10", "eve", ""]])
    assert out.getvalue() == "rank  user  why\n   1  李四  odd\n  10  eve\n"


def in_a_pipe(columns, rows):
    out = io.StringIO()
    Terminal(out, io.StringIO()).table(columns, rows)
    return out.getvalue().splitlines()


def test_a_long_last_column_goes_over_several_lines_of_a_pipe():
    text = " ".join(f"word{i}" for i in range(40))
    header, *lines = in_a_pipe({"id": "left", "why": "left"}, [["a", text], ["b", "short"]])
    assert header == "id  why"
    assert lines[-1] == "b   short"
    assert max(map(len, lines)) <= 100
    assert all(line.startswith("    word") for line in lines[1:-1])
    assert " ".join(" ".join(lines[:-1]).split()) == f"a {text}"


def test_a_last_column_without_room_beside_the_others_stands_below_them():
    columns = {"run": "left", "id": "left", "why": "left"}
    lines = in_a_pipe(columns, [["r" * 40, "i" * 30, "李四 " * 60]])
    assert lines[:2] == ["run" + " " * 39 + "id", "      why"]
    assert lines[2] == f"{'r' * 40}  {'i' * 30}"
    assert all(cell_len(line) <= 100 for line in lines)
    assert "".join(lines[3:]).count("李四") == 60


def test_no_id_is_cut_in_a_pipe_however_long_it_is():
    lines = in_a_pipe({"id": "left", "why": "left"}, [["x" * 500, "odd"]])
    assert lines[2:] == ["x" * 500, "      odd"]


def test_a_sentence_in_a_pipe_is_broken_between_words():
    out, said = io.StringIO(), "one of many words " * 20
    Terminal(out, io.StringIO()).say(said.strip())
    assert max(map(len, out.getvalue().splitlines())) <= 100
    assert out.getvalue().split() == said.split()


def test_ids_stay_whole_on_a_narrow_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    out = Screen()
    columns = {"run": "left", "incident": "left", "title": "left"}
    Terminal(out, io.StringIO()).table(columns, [["r" * 35, "i" * 30, "odd " * 40]])
    assert "r" * 35 + "  " + "i" * 30 in out.getvalue()
    assert max(map(len, out.getvalue().splitlines())) <= 80


def test_a_table_without_rows_is_its_header():
    out = io.StringIO()
    Terminal(out, io.StringIO()).table({"rank": "right", "user": "left"}, [])
    assert out.getvalue() == "rank  user\n"


def test_a_long_value_leaves_room_for_the_sentence_on_a_narrow_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "70")
    out = Screen()
    sentence = "`agent` is odd: 1 of 98,272 events"
    Terminal(out, io.StringIO()).table({"id": "left", "why": "left"}, [["x" * 500, sentence]])
    assert "xxx…" in out.getvalue()
    assert "`agent` is odd" in out.getvalue()
    unstyled = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())
    assert max(map(len, unstyled.splitlines())) <= 70


def test_json_is_ascii_and_reads_back():
    out = io.StringIO()
    Terminal(out, io.StringIO()).json({"value": HOSTILE, "name": "李四"})
    assert out.getvalue().isascii()
    assert json.loads(out.getvalue()) == {"value": HOSTILE, "name": "李四"}


def test_progress_is_shown_on_a_terminal_only():
    pipe, screen = io.StringIO(), Screen()
    for err in (pipe, screen):
        with Terminal(io.StringIO(), err).progress() as on_progress:
            on_progress("score [all]", 0, 0)
            on_progress("score [all]", 1, 2)
    assert pipe.getvalue() == ""
    assert "score [all]" in screen.getvalue()


def test_a_reader_that_went_away_ends_the_output_quietly():
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as out:  # noqa: PTH123 - a file descriptor has no path
        terminal = Terminal(out, io.StringIO())
        with pytest.raises(ReaderGoneError):
            terminal.line("nobody reads this")
        terminal.line("nor this, but it does not fail: the stream now leads nowhere")
