"""The accounts in a schema of their own in PostgreSQL: made by its owner, only used by the service."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, select, text

from api.accounts.database import SECRET, first_meta, known_secret
from api.accounts.tables import ACCOUNT, LINK, META, SESSION, SHARE, SIGN_IN, TOKEN, metadata
from geo.errors import StoreUnsuitable
from geo.store.postgres import Place, make_engine, translated

SCHEMA = "tongchou_accounts"
LOCK = 0x7464
GRANTS = {
    "SELECT": (META,),
    "SELECT, INSERT, UPDATE": (ACCOUNT, TOKEN, SHARE),
    "SELECT, INSERT, UPDATE, DELETE": (SESSION,),
    "SELECT, INSERT, DELETE": (LINK, SIGN_IN),
}
"""What the service does to each table and no more: who was there is not for it to take away."""


class AccountsSchema:
    """The accounts in a database; where their schema is missing it is made, if the role may do that."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._engine = make_engine(place).execution_options(schema_translate_map={None: SCHEMA})
        try:
            if not self._is_there():
                self._make()
            with self.reading() as connection:
                self.secret = known_secret(connection, place.shown)
        except BaseException:
            self.close()
            raise

    def _is_there(self) -> bool:
        with self.reading() as connection:
            there = text("SELECT to_regclass(:name) IS NOT NULL")
            return bool(connection.scalar(there, {"name": f"{SCHEMA}.{META.name}"}))

    def _make(self) -> None:
        try:
            make_schema(self._place, None)
        except StoreUnsuitable as error:
            raise StoreUnsuitable("accounts_missing", path=self._place.shown) from error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with translated(self._place), self._engine.connect() as connection:
            yield connection
            connection.rollback()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with translated(self._place), self._engine.begin() as connection:
            yield connection

    def close(self) -> None:
        self._engine.dispose()


def make_schema(place: Place, service: str | None) -> None:
    """Make what is missing of the schema, as its owner, and say what the role ``service`` may do.

    Raises ``StoreUnsuitable`` (``store_not_permitted``) for a role that may not.
    """
    engine = make_engine(place).execution_options(schema_translate_map={None: SCHEMA})
    try:
        with translated(place), engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
            metadata.create_all(connection)
            if connection.scalar(select(META.c.value).where(META.c.key == SECRET)) is None:
                first_meta(connection)
            if service is not None:
                _grant(connection, service)
    finally:
        engine.dispose()


def _grant(connection: Connection, service: str) -> None:
    role = connection.dialect.identifier_preparer.quote_identifier(service).replace("%", "%%")
    run = connection.exec_driver_sql
    run(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {role}")
    run(f"REVOKE ALL ON ALL TABLES IN SCHEMA {SCHEMA} FROM {role}")
    run(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {SCHEMA} TO {role}")
    for rights, tables in GRANTS.items():
        for table in tables:
            run(f"GRANT {rights} ON {SCHEMA}.{table.name} TO {role}")
