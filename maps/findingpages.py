"""Pages and fragments of coordination as HTML, out of their view models."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from maps.page import environment
from maps.wording import Wording


def findings_part(words: Wording, view: Mapping[str, Any]) -> Markup:
    """The list with its filters: ``findings.findings_list``."""
    return _rendered("findings.html", words, page=view)


def finding_part(words: Wording, view: Mapping[str, Any]) -> Markup:
    """One finding's card: ``findingcard.finding_card``."""
    return _rendered("finding.html", words, card=view)


def section_part(sketch: Mapping[str, Any]) -> Markup:
    """One section sketch as SVG: ``sketch.sketch``."""
    return Markup(environment().get_template("section.html").render(sketch=sketch))


def agenda_sheet(words: Wording, view: Mapping[str, Any]) -> str:
    """The agenda, a page for the printer: ``meeting.agenda_view``."""
    return str(_rendered("agenda.html", words, page=view))


def minutes_sheet(words: Wording, view: Mapping[str, Any]) -> str:
    """The minutes, a page for the printer: ``meeting.minutes_view``."""
    return str(_rendered("minutes.html", words, page=view))


def parameters_part(words: Wording, view: Mapping[str, Any]) -> Markup:
    """What the rules are set to and why: ``limitpages.parameters_view``."""
    return _rendered("findings_parameters.html", words, page=view)


def limits_part(words: Wording, view: Mapping[str, Any]) -> Markup:
    """The limits and who vouches for them: ``limitpages.limits_view``."""
    return _rendered("findings_limits.html", words, page=view)


def whole_page(shared: Mapping[str, Any], title: str, body: Markup) -> str:
    """A fragment as a page of the application; ``shared`` is what the top bar wants (``maps.page``)."""
    return environment().get_template("findings_page.html").render({**shared, "title": title, "body": body})


def _rendered(template: str, words: Wording, **view: Any) -> Markup:
    return Markup(environment().get_template(template).render(w=words, lang=words.lang, **view))
