"""Hashes of secrets: quick ones for what we made up ourselves, slow ones for what people made up."""

import hashlib
import secrets
import threading
import unicodedata
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from geo.errors import BadInput

SHORTEST, LONGEST = 10, 200
MEMORY_KIB, ROUNDS, LANES = 19_456, 2, 1
"""OWASP's least for argon2id: a service for a few people on a small machine must not want more at once."""
AT_ONCE = 2
_room = threading.BoundedSemaphore(AT_ONCE)


def fresh_secret() -> str:
    """A secret of 256 bits as URL-safe text."""
    return secrets.token_urlsafe(32)


def hash_of(secret: str) -> str:
    """What is stored of a secret of ours: nobody can guess 256 bits, so that it need not be slow."""
    return hashlib.sha256(secret.encode()).hexdigest()


@cache
def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(memory_cost=MEMORY_KIB, time_cost=ROUNDS, parallelism=LANES),))


@cache
def _dummy() -> str:
    return _hasher().hash(fresh_secret())


def check_password(password: str, name: str) -> None:
    """Raise ``BadInput`` for a password that is short, endless or the name itself."""
    text = _plain(password)
    if not SHORTEST <= len(text) <= LONGEST:
        raise BadInput("password_length", shortest=SHORTEST, longest=LONGEST)
    if (name and text.casefold().strip() == name) or len(set(text)) < 3:
        raise BadInput("password_weak")


def hash_password(password: str) -> str:
    """The argon2id hash of a password."""
    with _room:
        return _hasher().hash(_plain(password))


def verify_password(password: str, known: str | None) -> tuple[bool, str | None]:
    """Whether it is the password, and a new hash where the known one is of an older strength.

    It takes as long where there is no password to compare with: time tells nobody which names there are.
    """
    text = _plain(password)[: LONGEST + 1]
    with _room:
        if known is None:
            _hasher().verify(text, _dummy())
            return False, None
        return _hasher().verify_and_update(text, known)


def _plain(password: str) -> str:
    """Full and half width are one: an input method must not shut anybody out."""
    return unicodedata.normalize("NFKC", password)
