"""The pages around a person: coming in, the own account, everybody's accounts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from maps.page import environment
from maps.reader import Reader
from maps.wording import Wording, languages


@dataclass(frozen=True)
class Page:
    """What every one of these pages has: words, who reads it, and where else it leads."""

    words: Wording
    reader: Reader
    home: str
    """The address of the map in this language."""
    away: Mapping[str, str]
    """The address of the same page by language."""
    message: str = ""
    """What went wrong with what was sent; read first."""
    done: str = ""
    """What has been done."""
    data: Mapping[str, Any] = field(default_factory=dict)


def sign_in_page(page: Page) -> str:
    """Name and password, or one press where ``data["link"]`` names whom a link lets in."""
    return _rendered("signin.html", page)


def password_page(page: Page) -> str:
    """A new password; ``data["old"]`` says whether the present one is asked."""
    return _rendered("password.html", page)


def account_page(page: Page) -> str:
    """The own account: password, tokens, shared links, sessions."""
    return _rendered("account.html", page)


def accounts_page(page: Page) -> str:
    """Everybody's accounts, for an administrator."""
    return _rendered("accounts.html", page)


def _rendered(template: str, page: Page) -> str:
    other = next(lang for lang in languages() if lang != page.words.lang)
    shown = {
        "w": page.words,
        "lang": page.words.lang,
        "reader": page.reader,
        "home": page.home,
        "message": page.message,
        "done": page.done,
        "other_lang": "zh-CN" if other == "zh" else other,
        "other_lang_url": page.away[other],
    }
    return environment().get_template(template).render({**page.data, **shown})
