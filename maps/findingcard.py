"""One finding as people read it: its row in the list and its card."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import shapely

from geo.coordination.judging import BUREAU, Decision, Status, decisions_for
from geo.coordination.limits import COVER, HORIZONTAL, STANDARD, VERTICAL
from geo.coordination.order import YARD
from geo.coordination.paving import STREET
from geo.coordination.watching import thread
from geo.vocabulary import FindingKind, LineState, Verdict
from maps.findinglook import Desk, Look, records
from maps.section import line_name, section_of, short, style_of
from maps.sketch import sketch
from maps.wording import DEFAULT_LANGUAGE

TABLES = (HORIZONTAL, VERTICAL, COVER)
SURE = ("official_copy", "signed", "parameter", "statute")
"""Provenances that need no warning beside the finding."""
_TABS = {"lines": "lines", "digs": "digs", "buildings": "buildings", "works": "works"}


def row_view(desk: Desk, look: Look, row: Mapping[str, Any], number: int) -> dict[str, Any]:
    """A row of the list: pin, title, both sides, figures, where, by when."""
    return {
        "id": row["id"],
        "number": number,
        "verdict": row["verdict"],
        "verdict_word": desk.words(f"verdict.{row['verdict']}"),
        "title": desk.words(f"finding_kind.{row['kind']}"),
        "url": look.card_url(row["id"]),
        "things": things(desk, row),
        "told": told(desk, row),
        "community": desk.community_name(row["community"]),
        "window": desk.figures.days(row["window_start"], row["window_end"]),
        "status": row["status"],
        "status_word": desk.words(f"finding.status.{row['status']}"),
        "due": due(desk, row),
        "unverified": not sure(row),
        "harm": f"{row['harm']:.0f}",
    }


def due(desk: Desk, row: Mapping[str, Any]) -> dict[str, Any] | None:
    """By when somebody must answer, and how many working days that leaves."""
    if pd.isna(row["due"]):
        return None
    day = pd.Timestamp(row["due"]).date()
    left = int(desk.calendar.between(desk.today, day))
    late = bool(row["overdue"])
    key = "finding.clock.late" if late else "finding.clock.left"
    text = desk.words(key, days=abs(left), n=abs(left)) if left or late else desk.words("finding.clock.today")
    return {"day": desk.words.day(day), "text": text, "late": late, "known": desk.calendar.knows(day)}


def things(desk: Desk, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The two things of a finding, or the one: what each is, whose, and where it leads."""
    return [thing for side in "ab" if (thing := _thing(desk, row, side)) is not None]


def _thing(desk: Desk, row: Mapping[str, Any], side: str) -> dict[str, Any] | None:
    layer, name, words = row[f"layer_{side}"], row[f"thing_{side}"], desk.words
    if pd.isna(layer):
        return None
    owner = "" if pd.isna(row[f"owner_{side}"]) else desk.owner_name(row[f"owner_{side}"])
    base = {
        "side": side,
        "style": "",
        "planned": False,
        "owner": owner,
        "url": "",
        "hidden": False,
        "state": "",
    }
    if row.get("hidden") == side:
        style = style_of(None if pd.isna(row[f"class_{side}"]) else str(row[f"class_{side}"]))
        word = words(f"utility.{style}")
        name = words("finding.a_dig", utility=word) if layer == "digs" else word
        return {**base, "name": name, "style": style, "hidden": True}
    known = desk.row(layer, name)
    base["url"] = _link(desk, layer, known)
    if layer == "communities":
        return {**base, "name": desk.community_name(name), "url": f"/community/{name}"}
    if layer == "owners":
        return {**base, "name": desk.owner_name(name), "url": f"/owner/{name}"}
    if known is None:
        return {
            **base,
            "name": words("finding.thing", layer=words(f"finding.layer.{layer}"), id=short(str(name))),
        }
    return {**base, **_known(desk, str(layer), known)}


def _known(desk: Desk, layer: str, row: Mapping[str, Any]) -> dict[str, Any]:
    words = desk.words
    if layer == "lines":
        planned = row.get("state") == LineState.PLANNED
        style = style_of(
            *(None if pd.isna(row.get(n)) else str(row[n]) for n in ("utility", "kind", "state"))
        )
        state = "" if pd.isna(row.get("state")) else words(f"line_state.{row['state']}")
        return {"name": line_name(row), "style": style, "planned": planned, "state": state}
    if layer == "digs":
        style = style_of(None if pd.isna(row.get("utility")) else str(row["utility"]))
        number = row.get("number")
        name = words("finding.dig", number=short(str(row["id"] if pd.isna(number) else number)))
        return {"name": name, "style": style, "planned": True, "state": words(f"dig_state.{row['state']}")}
    if layer == "ground":
        return {"name": words(f"ground.{row['kind']}")}
    if layer == "works":
        key = f"work.{row['code']}"
        return {"name": words(key) if key in words else str(row["code"])}
    number = row.get("number")
    named = words("finding.layer.buildings") if number is None or pd.isna(number) else str(number)
    return {"name": short(named)}


def _link(desk: Desk, layer: Any, row: Mapping[str, Any] | None) -> str:
    """The tab of the community in which a thing is told in full."""
    if row is None or layer not in _TABS or pd.isna(row.get("community")):
        return ""
    return f"/community/{row['community']}?tab={_TABS[str(layer)]}"


def told(desk: Desk, row: Mapping[str, Any]) -> str:
    """The finding in one sentence with its figures: ``required 1.50 m, measured 0.90 m``."""
    words, show = desk.words, desk.figures
    unit, kind = row["unit"], str(row["kind"])
    decimals = 0 if unit == "d" else 1 if row.get("hidden") else 2
    facts = {
        "measured": show.metres(row["measured"], decimals),
        "required": show.metres(row["required"], 0 if unit == "d" else 2),
        "length": show.metres(row["length_m"], 1),
        "count": "" if pd.isna(row["reason"]) else str(row["reason"]),
    }
    key = f"finding.told.{kind}"
    if pd.isna(row["required"]):
        key = "finding.told.no_limit"
    elif pd.isna(row["measured"]):
        key = "finding.told.unmeasured"
    elif f"{key}_{row['rule']}" in words:
        key = f"{key}_{row['rule']}"
    return words(key, **facts)


def clause(desk: Desk, row: Mapping[str, Any]) -> str:
    """``GB 50289-2016 table 4.1.9``, or the rule that it is."""
    words, named = desk.words, "" if pd.isna(row["clause"]) else str(row["clause"])
    if named in TABLES:
        return words("finding.clause.table", standard=STANDARD, table=named)
    if named == YARD:
        return words("finding.clause.article", standard=STANDARD, article=named)
    return words("finding.clause.street" if named == STREET else "finding.clause.own")


def sure(row: Mapping[str, Any]) -> bool:
    """Whether the limit was read from the text itself, signed, or is the district's own."""
    return not pd.isna(row["provenance"]) and str(row["provenance"]) in SURE


def provenance(desk: Desk, row: Mapping[str, Any]) -> dict[str, Any]:
    """How far the limit can be trusted, in words."""
    given = "none" if pd.isna(row["provenance"]) else str(row["provenance"])
    head, _, of = given.partition(":")
    key = f"finding.provenance.{head}"
    reference = "" if pd.isna(row["reference"]) else str(row["reference"])
    text = desk.words(
        key if key in desk.words else "finding.provenance.unverified", of=of, reference=reference
    )
    return {"text": text, "sure": sure(row), "reference": reference}


def cure(desk: Desk, row: Mapping[str, Any]) -> str:
    """What would cure it, in one sentence; nothing where that is for people to find."""
    kind, verdict = row["kind"], row["verdict"]
    if verdict == Verdict.UNKNOWN:
        return desk.words("finding.cure.unknown" if pd.isna(row["measured"]) else "finding.cure.size")
    short_of = row["required"] - row["measured"]
    key = f"finding.cure.{kind}"
    if key not in desk.words or verdict == Verdict.PASS:
        return ""
    decimals = 0 if row["unit"] == "d" else 2
    return desk.words(key, short=desk.figures.metres(max(float(np.nan_to_num(short_of)), 0.0), decimals))


def stretch_lengths(desk: Desk, row: Mapping[str, Any]) -> list[str]:
    """Length of each stretch, the longest first; of points nothing."""
    shape = row["geometry"]
    if shape is None or pd.isna(shape):
        return []
    lengths = [float(part.length) for part in shapely.get_parts(shape) if part.length > 0]
    return [f"{desk.figures.metres(length, 1)} m" for length in sorted(lengths, reverse=True)]


def finding_card(
    desk: Desk,
    look: Look,
    finding: Mapping[str, Any],
    *,
    number: int | None = None,
    parties: pd.DataFrame,
    comments: pd.DataFrame,
    people: Mapping[str, str],
    timezone: str,
    speaks_for: tuple[str, ...] = (),
    form: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What ``finding.html`` fills in for a row of ``desk.rows``.

    ``parties`` as ``cutting.Cut`` has them, ``people`` names by account, ``speaks_for`` the sides that the
    reader may answer for, ``form`` where a judgement and a comment go (``judge_url``, ``comment_url``,
    ``csrf``, ``seen``).
    """
    view = row_view(desk, look, finding, number or 0)
    section = section_of(finding, desk.frames, desk.words, desk.frost_m)
    answered = desk.answered[desk.answered["finding"] == finding["id"]]
    open_sides = [owner for owner in speaks_for if owner in set(answered["owner"])]
    return {
        **view,
        "number": number,
        "back_url": look.url(page=look.page),
        "measured": desk.figures.metres(finding["measured"], _decimals(finding)),
        "required": desk.figures.metres(finding["required"], 0 if finding["unit"] == "d" else 2),
        "unit": desk.words("unit.m") if finding["unit"] == "m" else desk.words("finding.unit.days"),
        "has_figures": finding["kind"] in (FindingKind.HORIZONTAL, FindingKind.VERTICAL, FindingKind.COVER,
                                           FindingKind.PROTECTION),
        "length": desk.figures.metres(finding["length_m"], 1) if not pd.isna(finding["length_m"]) else "",
        "saved": _saved(desk, finding),
        "stretches": stretch_lengths(desk, finding),
        "clause": clause(desk, finding),
        "provenance": provenance(desk, finding),
        "cure": cure(desk, finding),
        "sketch": None if section is None else sketch(section, desk.words, str(finding["id"])),
        "parties": [_party(desk, row) for row in records(parties) if row["id"] in _owners(finding)],
        "answers": [_answer(desk, row, people, timezone) for row in records(answered)],
        "rounded": bool(finding.get("hidden")),
        "since": desk.words.day(pd.Timestamp(finding["since"]).date()),
        "archived": None if pd.isna(finding["archived_on"]) else desk.figures.day(finding["archived_on"]),
        "unsettled": bool(finding["unsettled"]),
        "form": _form(desk, finding, open_sides, form) if finding["status"] != Status.ARCHIVED else None,
        "comments": _comments(desk, comments, str(finding["id"]), people, timezone),
        "comment": form,
    }  # fmt: skip


def _decimals(finding: Mapping[str, Any]) -> int:
    return 0 if finding["unit"] == "d" else 1 if finding.get("hidden") else 2


def _owners(finding: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(owner for owner in (finding["owner_a"], finding["owner_b"]) if not pd.isna(owner))


def _saved(desk: Desk, finding: Mapping[str, Any]) -> str:
    if pd.isna(finding["saved_m"]):
        return ""
    show = desk.figures
    days = 0 if pd.isna(finding["saved_days"]) else int(finding["saved_days"])
    return desk.words(
        "finding.saved",
        metres=show.metres(finding["saved_m"], 1),
        area=show.metres(finding["saved_m2"], 1),
        days=days,
    )


def _party(desk: Desk, row: Mapping[str, Any]) -> dict[str, str]:
    """Another party and how to reach it; who has no contact is reached through the bureau."""
    english = row.get("name_en")
    chinese = desk.words.lang == DEFAULT_LANGUAGE or english is None or pd.isna(english)
    contact = row.get("contact")
    reached = desk.words("finding.through_bureau") if contact is None or pd.isna(contact) else str(contact)
    return {
        "name": str(row["name"] if chinese else english),
        "contact": reached,
        "url": f"/owner/{row['id']}",
    }


def _answer(desk: Desk, row: Mapping[str, Any], people: Mapping[str, str], timezone: str) -> dict[str, Any]:
    words = desk.words
    said = not pd.isna(row["judgement"])
    agreed = "" if pd.isna(row["agreed_from"]) else desk.figures.days(row["agreed_from"], row["agreed_to"])
    return {
        "owner": desk.owner_name(row["owner"]),
        "decision": words(f"decision.{row['decision']}") if said else words("finding.no_answer"),
        "code": str(row["decision"]) if said else "",
        "stale": bool(row["stale"]),
        "answered": bool(row["answered"]),
        "approver": _plain(row["approver"]),
        "measure": _plain(row["measure"]),
        "note": _plain(row["note"]),
        "agreed": agreed,
        "by": people.get(str(row["by"]), "") if said else "",
        "at": moment(row["at"], timezone) if said else "",
        "due": due(desk, row),
    }


def _plain(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)


def moment(at: Any, timezone: str) -> str:
    """``2026-07-15 10:20`` in the district's own time."""
    return "" if pd.isna(at) else pd.Timestamp(at).tz_convert(timezone).strftime("%Y-%m-%d %H:%M")


def _form(
    desk: Desk, finding: Mapping[str, Any], owners: list[str], form: Mapping[str, str] | None
) -> dict[str, Any] | None:
    if form is None or not owners:
        return None
    decisions = decisions_for(str(finding["kind"]), str(finding["verdict"]))
    return {
        **form,
        "owners": [{"code": owner, "name": desk.owner_name(owner or BUREAU)} for owner in owners],
        "decisions": [
            {
                "code": str(decision),
                "name": desk.words(f"decision.{decision}"),
                "hint": desk.words(f"decision_hint.{decision}"),
                "exception": decision is Decision.EXCEPTION,
                "dates": decision is Decision.AGREED_TO_SHARE,
            }
            for decision in decisions
        ],
    }


def _comments(
    desk: Desk, comments: pd.DataFrame, finding: str, people: Mapping[str, str], timezone: str
) -> list[dict[str, str]]:
    return [
        {
            "owner": desk.owner_name(row["owner"]),
            "by": people.get(str(row["by"]), ""),
            "at": moment(row["at"], timezone),
            "text": _plain(row["text"]),
        }
        for row in records(thread(comments, finding))
    ]
