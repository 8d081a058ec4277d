"""Medians of repeated calls, and the lines that go into RESULTS.md."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Timing:
    """Seconds of each counted call."""

    name: str
    seconds: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def quantile(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass
class Report:
    """What one run measured, as the lines of a Markdown table and notes."""

    lines: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def title(self, text: str) -> None:
        self.say(f"\n## {text}\n")

    def row(self, *cells: object) -> None:
        self.say("| " + " | ".join(str(cell) for cell in cells) + " |")

    def head(self, *cells: str) -> None:
        self.row(*cells)
        self.row(*["---"] * len(cells))

    def say(self, text: str) -> None:
        self.lines.append(text)
        print(text, flush=True)

    def goal(self, text: str, *, met: bool) -> None:
        self.say(f"- {'met' if met else '**not met**'}: {text}")
        if not met:
            self.failed.append(text)


def measure(name: str, call: Callable[[], Any], *, runs: int, warm: int = 1) -> Timing:
    """Time ``runs`` calls after ``warm`` uncounted ones; garbage is collected between them, not during."""
    for _ in range(warm):
        call()
    seconds = []
    for _ in range(runs):
        gc.collect()
        gc.disable()
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
        gc.enable()
    return Timing(name, seconds)


def ms(seconds: float) -> str:
    return f"{1000 * seconds:,.2f} ms" if seconds < 1 else f"{seconds:,.2f} s"
