"""The pages that explain the parameters of the rules and that let an engineer sign the limits."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from geo.coordination.judging import REPLY_DAYS
from geo.coordination.limits import STANDARD, Limits
from geo.coordination.parameters import OWNER_FIGURES, Parameters, Season
from geo.coordination.signing import to_sign
from geo.kinds import read_table
from maps.findinglook import records
from maps.wording import DEFAULT_LANGUAGE, Wording

GROUPS: Mapping[str, tuple[str, ...]] = {
    "sharing": ("corridor_gap_m", "sharing_m", "least_length_m", "shift_days", "twice_within_days"),
    "zones": ("zones_m", "gate_m", "gate_clear_m"),
    "seasons": ("heating_season", "frost_season", "wet_utilities", "excluded_days"),
    "paving": ("new_street_days", "overhauled_street_days", "yard_paving_days"),
    "cover": ("frost_depth_m", "water_below_frost_m", "gas_yard_cover_m", "gas_plastic_cover_m"),
    "yards": ("order_within_m", "order_from_building_m", "order_margin_m", "yard_width_m"),
    "small": ("small_dig_m", "small_digs", "small_digs_total_m"),
    "clearance": ("unlisted_m", "largest_outer_m", "tolerance_m", "existing_too"),
    "meeting": ("reply_days",),
}
TABLES = ("horizontal", "vertical", "cover")


def parameters_view(
    words: Wording,
    parameters: Parameters,
    owner_names: Mapping[str, str],
    reply_days: int = REPLY_DAYS,
    defaults: Parameters | None = None,
) -> dict[str, Any]:
    """What ``findings_parameters.html`` fills in: each figure, what it is by default, and why."""
    usual = defaults or Parameters()
    groups = []
    for group, names in GROUPS.items():
        rows = []
        for name in names:
            value = reply_days if name == "reply_days" else getattr(parameters, name)
            default = REPLY_DAYS if name == "reply_days" else getattr(usual, name)
            rows.append(
                {
                    "code": name,
                    "name": words(f"parameter.{name}"),
                    "value": shown(words, name, value),
                    "default": shown(words, name, default),
                    "changed": value != default,
                    "why": words(f"parameter_why.{name}"),
                    "by_owner": name in OWNER_FIGURES,
                }
            )
        groups.append({"code": group, "name": words(f"parameter_group.{group}"), "rows": rows})
    return {
        "title": words("parameters.title"),
        "groups": groups,
        "owners": _owners(words, parameters, owner_names),
    }


def _owners(words: Wording, parameters: Parameters, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Owners with figures of their own."""
    return [
        {
            "name": names.get(owner, owner),
            "figures": [
                {"name": words(f"parameter.{name}"), "value": shown(words, name, value)}
                for name, value in figures.items()
            ],
        }
        for owner, figures in sorted(parameters.owners.items())
        if figures
    ]


def shown(words: Wording, name: str, value: Any) -> str:
    """A figure with its unit, as the page has it."""
    if isinstance(value, bool):
        return words("parameters.yes" if value else "parameters.no")
    if isinstance(value, Season):
        start, end = ("{:02d}-{:02d}".format(*day) for day in (value.start, value.end))
        return words("parameters.season", start=start, end=end)
    if isinstance(value, Mapping):
        return words("app.list").join(f"{code} {size:g} m" for code, size in value.items())
    if name == "excluded_days":
        return words("app.list").join(words.days(*span) for span in value) or words("parameters.none")
    if name == "wet_utilities":
        return words("app.list").join(words(f"utility.{code}") for code in value)
    if name.endswith("_m"):
        return words("unit.metres", value=f"{value:g}")
    return (
        words("parameters.working_days", count=value)
        if name == "reply_days"
        else _counted(words, name, value)
    )


def _counted(words: Wording, name: str, value: Any) -> str:
    return words("unit.days", value=f"{value:,}") if "days" in name else f"{value:,}"


def limits_view(
    words: Wording,
    limits: Limits,
    findings: pd.DataFrame,
    signoffs: pd.DataFrame,
    *,
    today: date,
    class_names: Mapping[str, tuple[str, str]],
    form: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What ``findings_limits.html`` fills in: every cell, those first on which most rests unvouched for.

    ``class_names``: Chinese and English name by class; ``form``: where a signature goes (``url``, ``csrf``).
    """
    table = to_sign(limits, findings, signoffs)
    rows = [_cell(words, row, class_names) for row in records(table)]
    tables = [
        {
            "code": name,
            "title": words(f"limits.table.{name}", standard=STANDARD),
            "rows": [row for row in rows if row["table"] == name],
        }
        for name in TABLES
    ]
    open_count = int((~table["official"]).sum())
    return {
        "title": words("limits.title"),
        "told": words("limits.told", count=open_count, total=len(table), standard=STANDARD),
        "edition": STANDARD,
        "version": limits.version[:12],
        "tables": tables,
        "today": today.isoformat(),
        "form": form,
    }


def _cell(words: Wording, row: Mapping[str, Any], names: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    given = str(row["provenance"])
    head, _, of = given.partition(":")
    key = f"finding.provenance.{head}"
    value = row["min_m"]
    other = words(f"limits.surface.{row['b']}") if row["table"] == "cover" else _name(words, row["b"], names)
    return {
        "table": row["table"],
        "a": row["a"],
        "b": row["b"],
        "condition": row["condition"],
        "key": "\x1f".join(str(row[name]) for name in ("table", "a", "b", "condition")),
        "name": _name(words, row["a"], names),
        "other": other,
        "value": words("limits.blank") if pd.isna(value) else f"{value:.2f}",
        "number": "" if pd.isna(value) else f"{value:g}",
        "provenance": words(
            key if key in words else "finding.provenance.unverified", of=of, reference=row["reference"]
        ),
        "official": bool(row["official"]),
        "reference": row["reference"],
        "note": row["note"],
        "findings": int(row["findings"]),
        "signed": ""
        if pd.isna(row["signed_by"])
        else words("limits.signed", by=row["signed_by"], page=row["page"], date=str(row["signed_on"])[:10]),
    }


def _name(words: Wording, code: str, names: Mapping[str, tuple[str, str]]) -> str:
    """``W1 给水d<=200``."""
    found = names.get(code)
    if found is None:
        return code
    return f"{code} {found[0] if words.lang == DEFAULT_LANGUAGE else found[1]}"


def class_names() -> dict[str, tuple[str, str]]:
    """Chinese and English name of each class of the tables."""
    return {row["code"]: (row["zh"], row["en"]) for row in read_table("line_classes")}
