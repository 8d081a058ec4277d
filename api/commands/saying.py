"""What a command prints: tables and sentences for people, JSON for programs, progress on stderr."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from maps.wording import Wording

# a row is never cut to the terminal: it wraps there, and a file or pipe gets it whole
_WIDE = 240


def say(text: str) -> None:
    """One line on stdout, at once: what serve says is wanted while it runs."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def say_json(tree: Any) -> None:
    """The answer as JSON on stdout."""
    say(json.dumps(tree, ensure_ascii=False, indent=1))


def say_error(text: str) -> None:
    """One line on stderr."""
    sys.stderr.write(text.replace("\n", " ") + "\n")


def say_table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *, total: Sequence[str] | None = None
) -> None:
    """Rows with the first column to the left and the others to the right."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_footer=total is not None)
    for place, heading in enumerate(headings):
        foot = total[place] if total is not None else ""
        table.add_column(
            heading,
            foot,
            justify="right" if place else "left",
            no_wrap=True,
            header_style="",
            footer_style="bold",
        )
    for row in rows:
        table.add_row(*row)
    console = Console(file=sys.stdout, highlight=False, markup=False, width=max(_WIDE, Console().width))
    console.print(table, crop=False, overflow="ignore", no_wrap=True, soft_wrap=True)


class Steps:
    """A bar per step on stderr; silent where stderr is no terminal."""

    def __init__(self, bars: Progress, words: Wording) -> None:
        self._bars = bars
        self._words = words
        self._known: dict[str, TaskID] = {}

    def __call__(self, step: str, done: int, total: int) -> None:
        """``done`` of ``total`` of a step of ``cli.step``."""
        if step not in self._known:
            key = f"cli.step.{step}"
            self._known[step] = self._bars.add_task(
                self._words(key) if key in self._words else step, total=total or None
            )
        self._bars.update(self._known[step], completed=done, total=total or None)


@contextmanager
def progress(words: Wording) -> Iterator[Steps]:
    """Bars for what takes long."""
    console = Console(file=sys.stderr)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        yield Steps(bars, words)
