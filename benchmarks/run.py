"""``make bench``: every measurement in one run, printed and written to ``RESULTS.md``."""

import argparse
import importlib
import importlib.metadata
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.timing import Report

PARTS = ("maps", "imports", "service", "edits", "pairs", "findings")
PEERS = ("geopandas", "folium", "pyogrio", "shapely", "duckdb")
RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> int:
    """Run the named parts, all of them by default; exit 1 when a goal is not met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=" ".join(PARTS))
    chosen = parser.parse_args().parts or list(PARTS)
    report = Report()
    report.say("# Measured\n")
    report.say(
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {os.cpu_count()} cores, "
        + ", ".join(f"{peer} {importlib.metadata.version(peer)}" for peer in PEERS)
        + ". Medians; both sides in one run on one machine; `make bench` makes this page again."
    )
    for part in chosen:
        importlib.import_module(f"benchmarks.{part}").run(report)
    if left := [part for part in PARTS if part not in chosen]:
        report.say(f"\nNot run this time: {', '.join(left)}.")
    RESULTS.write_text("\n".join(report.lines) + "\n", encoding="utf-8")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
