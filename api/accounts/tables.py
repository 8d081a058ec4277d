"""The tables of the accounts' own store; moments are whole seconds since 1970 in UTC, secrets are hashes."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, Table, Text

SCHEMA_VERSION = 1

metadata = MetaData()

META = Table(
    "accounts_meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

ACCOUNT = Table(
    "account",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, unique=True),
    Column("display_name", Text),
    Column("role", Text, nullable=False),
    Column("town", Text),
    Column("owner", Text),
    Column("password_hash", Text),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)
"""``name`` and ``display_name`` are empty once a person has been forgotten; the id stays in the history."""

SESSION = Table(
    "session",
    metadata,
    Column("id_hash", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("csrf", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("by_link", Boolean, nullable=False),
    Index("session_account", "account"),
)

TOKEN = Table(
    "token",
    metadata,
    Column("id", Text, primary_key=True),
    Column("hash", Text, nullable=False, unique=True),
    Column("account", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked", Boolean, nullable=False),
    Index("token_account", "account"),
)

LINK = Table(
    "link",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

SHARE = Table(
    "share",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("town", Text),
    Column("owner", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked", Boolean, nullable=False),
    Index("share_account", "account"),
)

SIGN_IN = Table(
    "sign_in",
    metadata,
    Column("seq", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    Column("account", Text),
    Column("at", BigInteger, nullable=False),
    Column("address", Text, nullable=False),
    Column("way", Text, nullable=False),
    Column("done", Boolean, nullable=False),
    Index("sign_in_account", "account"),
)
"""Who came in and who was turned away. A name that no account has is not written: it may be a password."""
