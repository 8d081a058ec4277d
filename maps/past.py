"""What is said over a day that has passed, on the page, on the map and on paper."""

from maps.atlas import Atlas
from maps.wording import Wording


def past_told(atlas: Atlas, words: Wording) -> dict[str, str] | None:
    """``sentence`` and ``back``, the words of the way to the present; ``None`` where that is shown."""
    if not atlas.is_past:
        return None
    return {"sentence": past_sentence(atlas, words), "back": words("past.back")}


def past_sentence(atlas: Atlas, words: Wording) -> str:
    """How it stood, and at which revision; before the first one that there was nothing yet."""
    day = atlas.as_of.isoformat()
    if atlas.began is None:
        return words("past.stood", date=day, revision=atlas.revision)
    return words("past.before", date=day, began=atlas.began.isoformat())
