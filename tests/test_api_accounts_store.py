"""Accounts in a file and in a database: who comes in, by what, for how long, and what ends it."""

import sqlite3
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from limits import RateLimitItemPerMinute
from psycopg import sql

from api.accounts.accounts import Accounts, clock, open_accounts
from api.accounts.database import AccountsFile, accounts_location, migrate_accounts, open_database
from api.accounts.entry import KEPT_S
from api.accounts.hashing import verify_password
from api.accounts.people import Account, role_named
from api.accounts.sessions import RESET_S, TOUCH_S
from api.accounts.shares import as_seen
from api.accounts.throttle import Throttle, network_of
from api.accounts.tokens import DAY_S
from geo.errors import BadInput, NotFound, SignInNeeded, StoreUnsuitable, TooManyTries
from geo.store.locations import is_database
from geo.vocabulary import Role

IDLE_S, LIFE_S = 1000, 5000
PASSWORD = "correct horse battery"
HOME = "10.0.0.1"


@dataclass
class Clock:
    now: int = 1_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def moment() -> Clock:
    return Clock()


@pytest.fixture
def place(location: str) -> str:
    return accounts_location(location, None)


@pytest.fixture
def accounts(place: str, moment: Clock) -> Iterator[Accounts]:
    opened = open_accounts(place, idle_s=IDLE_S, life_s=LIFE_S, clock=moment)
    yield opened
    opened.close()


@pytest.fixture
def planner(accounts: Accounts) -> Account:
    return accounts.people.add("Planner", Role.PLANNER, display_name="王工")


def code_of(call: Callable[[], Any], kind: type[Exception] = BadInput) -> str:
    with pytest.raises(kind) as caught:
        call()
    return str(getattr(caught.value, "code", ""))


def test_accounts_are_known_by_name_in_any_width_and_case(accounts: Accounts, planner: Account) -> None:
    assert accounts.people.named("ＰＬＡＮＮＥＲ ") == planner
    assert accounts.people.find(planner.id).display_name == "王工"
    assert code_of(lambda: accounts.people.add("planner", Role.VIEWER)) == "account_exists"
    assert code_of(lambda: accounts.people.named("nobody"), NotFound) == "no_such_account"
    assert code_of(lambda: accounts.people.find("nobody"), NotFound) == "no_such_account"
    for name in ("", " ", "x" * 61, "a\nb"):
        assert code_of(lambda name=name: accounts.people.add(name, Role.VIEWER)) == "bad_account_name"


def test_roles_say_where_they_belong(accounts: Accounts) -> None:
    town = accounts.people.add("t", Role.TOWN, town="1", owner="o")
    utility = accounts.people.add("u", Role.UTILITY, town="1", owner="o")
    assert (town.town, town.owner, utility.town, utility.owner) == ("1", None, None, "o")
    assert code_of(lambda: accounts.people.add("a", Role.TOWN)) == "role_needs_town"
    assert code_of(lambda: accounts.people.add("a", Role.UTILITY)) == "role_needs_owner"
    assert code_of(lambda: accounts.people.add("a", Role.PUBLIC)) == "role_without_account"
    assert code_of(lambda: role_named("public")) == "no_such_role"
    assert role_named("town") is Role.TOWN


def test_names_go_and_ids_stay_when_somebody_is_forgotten(accounts: Accounts, planner: Account) -> None:
    accounts.entry.set_password(planner, PASSWORD)
    assert accounts.names([planner.id, "local"]) == {planner.id: "王工"}
    accounts.people.forget(planner.id)
    assert accounts.names([planner.id]) == {} and accounts.people.all() == []
    assert accounts.people.find(planner.id).disabled
    with pytest.raises(SignInNeeded):
        accounts.entry.by_password("planner", PASSWORD, HOME)
    assert accounts.people.add("planner", Role.VIEWER).id != planner.id


def test_there_is_always_an_administrator_once_there_was_one(accounts: Accounts) -> None:
    people = accounts.people
    first = people.add("first", Role.ADMINISTRATOR)
    for change in (
        lambda: people.set_role(first.id, Role.VIEWER),
        lambda: people.set_disabled(first.id, True),
        lambda: people.forget(first.id),
    ):
        assert code_of(change) == "last_administrator"
    assert people.set_role(first.id, Role.ADMINISTRATOR).role is Role.ADMINISTRATOR
    second = people.add("second", Role.ADMINISTRATOR)
    assert people.set_disabled(first.id, True).disabled
    assert code_of(lambda: people.set_role(second.id, Role.PLANNER)) == "last_administrator"
    assert not people.set_disabled(first.id, False).disabled
    assert people.set_role(second.id, Role.PLANNER).role is Role.PLANNER


def test_a_wrong_password_an_unknown_name_and_a_disabled_account_are_told_alike(
    accounts: Accounts, planner: Account
) -> None:
    without = accounts.people.add("without", Role.VIEWER)
    accounts.entry.set_password(planner, PASSWORD)
    assert accounts.entry.by_password("PLANNER", PASSWORD, HOME).id == planner.id
    accounts.people.set_disabled(planner.id, True)
    told = {
        code_of(lambda name=name: accounts.entry.by_password(name, PASSWORD, HOME), SignInNeeded)
        for name in ("planner", without.name, "nobody")
    }
    assert told == {"wrong_password"}


def test_passwords_are_long_enough_and_not_the_name(accounts: Accounts) -> None:
    account = accounts.people.add("a rather long name", Role.VIEWER)
    set_password = accounts.entry.set_password
    assert code_of(lambda: set_password(account, "short")) == "password_length"
    assert code_of(lambda: set_password(account, "x" * 201)) == "password_length"
    assert code_of(lambda: set_password(account, "A rather LONG name")) == "password_weak"
    assert code_of(lambda: set_password(account, "abababababab")) == "password_weak"
    set_password(account, "ｐassword of some length")
    assert accounts.entry.by_password(account.name, "password of some length", HOME).has_password


def test_a_hash_of_an_older_strength_is_renewed_when_the_password_is_given(
    accounts: Accounts, planner: Account
) -> None:
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    accounts.entry._store(planner.id, weak)
    assert accounts.entry.by_password("planner", PASSWORD, HOME).id == planner.id
    assert accounts.entry.by_password("planner", PASSWORD, HOME).id == planner.id
    assert verify_password("wrong", weak) == (False, None)


def test_guessing_is_slowed_and_shuts_nobody_else_out(accounts: Accounts, planner: Account) -> None:
    accounts.entry.set_password(planner, PASSWORD)
    for _ in range(8):
        with pytest.raises(SignInNeeded):
            accounts.entry.by_password("planner", "guess", "10.9.9.9")
    with pytest.raises(TooManyTries) as caught:
        accounts.entry.by_password("planner", PASSWORD, "10.9.9.9")
    assert 0 < caught.value.facts["seconds"] <= 601
    assert accounts.entry.by_password("planner", PASSWORD, HOME).id == planner.id
    with pytest.raises(SignInNeeded):
        accounts.entry.by_password("another", "guess", "10.9.9.9")


def test_an_address_that_guesses_at_many_names_is_slowed() -> None:
    throttle = Throttle(RateLimitItemPerMinute(100), RateLimitItemPerMinute(3))
    for number in range(3):
        throttle.enter(f"name-{number}", HOME)
        throttle.failed(f"name-{number}", HOME)
    with pytest.raises(TooManyTries):
        throttle.enter("name-9", HOME)
    throttle.enter("name-9", "10.0.0.2")


def test_who_knows_the_password_starts_anew() -> None:
    throttle = Throttle(RateLimitItemPerMinute(2), RateLimitItemPerMinute(100))
    for _ in range(6):
        throttle.enter("name", HOME)
        throttle.passed("name", HOME)


def test_addresses_are_counted_as_one_household_has_them() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff") == "2001:db8::/64"
    assert network_of("::ffff:10.0.0.1") == network_of("10.0.0.1") == "10.0.0.1"
    assert network_of("testclient") == "testclient"


def test_a_link_opens_once_and_for_a_while(accounts: Accounts, planner: Account, moment: Clock) -> None:
    assert not accounts.entry.was_used()
    link = accounts.entry.make_link(planner.id, 100)
    assert accounts.entry.behind_link(link) == accounts.entry.behind_link(link) == planner
    assert accounts.entry.by_link(link, HOME) == planner
    assert accounts.entry.was_used() and accounts.entry.last() == {planner.id: moment.now}
    for dead in (link, "made up"):
        assert accounts.entry.behind_link(dead) is None
        assert code_of(lambda dead=dead: accounts.entry.by_link(dead, HOME), SignInNeeded) == "link_used"
    late = accounts.entry.make_link(planner.id, 100)
    moment.now += 100
    assert code_of(lambda: accounts.entry.by_link(late, HOME), SignInNeeded) == "link_used"


def test_a_new_link_ends_the_earlier_one_and_so_does_disabling(accounts: Accounts, planner: Account) -> None:
    first, second = accounts.entry.make_link(planner.id, 100), accounts.entry.make_link(planner.id, 100)
    assert accounts.entry.behind_link(first) is None and accounts.entry.behind_link(second) == planner
    accounts.people.set_disabled(planner.id, True)
    assert accounts.entry.behind_link(second) is None


def test_sessions_end_unused_and_at_last(accounts: Accounts, planner: Account, moment: Clock) -> None:
    sessions, secret = accounts.sessions, accounts.sessions.start(planner.id)
    found = sessions.find(secret)
    assert found is not None and found.account == planner and found.csrf and not found.may_reset
    for _ in range(LIFE_S // (IDLE_S - 100)):
        moment.now += IDLE_S - 100
        assert sessions.find(secret) is not None
    moment.now += IDLE_S - 100
    assert sessions.find(secret) is None
    unused = sessions.start(planner.id)
    moment.now += IDLE_S
    assert sessions.find(unused) is None
    assert sessions.find("made up") is None


def test_a_session_by_link_may_set_a_password_anew_for_a_while(
    accounts: Accounts, planner: Account, moment: Clock
) -> None:
    secret = accounts.sessions.start(planner.id, by_link=True)
    found = accounts.sessions.find(secret)
    assert found is not None and found.may_reset
    moment.now += TOUCH_S
    assert accounts.sessions.find(secret) is not None
    for _ in range(RESET_S // 900):
        moment.now += 900
        found = accounts.sessions.find(secret)
    assert found is not None and not found.may_reset


def endings(accounts: Accounts, planner: Account) -> dict[str, Callable[[], object]]:
    return {
        "role": lambda: accounts.people.set_role(planner.id, Role.VIEWER),
        "password": lambda: accounts.entry.set_password(planner, PASSWORD),
        "disabled": lambda: accounts.people.set_disabled(planner.id, True),
        "forgotten": lambda: accounts.people.forget(planner.id),
        "everywhere": lambda: accounts.sessions.end_all(planner.id),
    }


@pytest.mark.parametrize("change", ["role", "password", "disabled", "forgotten", "everywhere"])
def test_what_ends_every_session(accounts: Accounts, planner: Account, change: str) -> None:
    mine = [accounts.sessions.start(planner.id) for _ in range(2)]
    other = accounts.sessions.start(accounts.people.add("other", Role.VIEWER).id)
    endings(accounts, planner)[change]()
    assert [accounts.sessions.find(secret) for secret in mine] == [None, None]
    assert accounts.sessions.find(other) is not None


def test_signing_out_ends_one_session(accounts: Accounts, planner: Account) -> None:
    here, there = accounts.sessions.start(planner.id), accounts.sessions.start(planner.id)
    accounts.sessions.end(here)
    assert accounts.sessions.find(here) is None and accounts.sessions.find(there) is not None


def test_tokens_carry_scopes_and_an_end(accounts: Accounts, planner: Account, moment: Clock) -> None:
    token, secret = accounts.tokens.make(planner.id, " 燃气 ", ["export", "read"], 2)
    assert token.scopes == ("read", "export") and secret.startswith("tongchou_")
    assert accounts.tokens.find(secret) == (planner, frozenset(("read", "export")))
    assert [one.label for one in accounts.tokens.of(planner.id)] == ["燃气"]
    moment.now += 2 * DAY_S
    assert accounts.tokens.find(secret) is None and accounts.tokens.of(planner.id) == []


@pytest.mark.parametrize(
    ("label", "scopes", "days", "said"),
    [
        ("x", [], 1, "bad_scopes"),
        ("x", ["read", "everything"], 1, "bad_scopes"),
        (" ", ["read"], 1, "bad_label"),
        ("x", ["read"], 0, "bad_days"),
        ("x", ["read"], 10_000, "bad_days"),
    ],
)
def test_tokens_that_cannot_be(
    accounts: Accounts, planner: Account, label: str, scopes: list[str], days: int, said: str
) -> None:
    assert code_of(lambda: accounts.tokens.make(planner.id, label, scopes, days)) == said


@pytest.mark.parametrize("change", ["role", "disabled", "forgotten", "revoked"])
def test_what_ends_a_token_and_a_shared_link(accounts: Accounts, planner: Account, change: str) -> None:
    token, secret = accounts.tokens.make(planner.id, "t", ["read"], 2)
    signed = accounts.shares.make(planner, "/map", "theme=lines", 2)
    share = accounts.shares.find(signed)
    assert accounts.tokens.find(secret) and share and (share.path, share.query) == ("/map", "theme=lines")

    def revoke() -> None:
        accounts.tokens.revoke(planner.id, token.id)
        accounts.shares.revoke(planner.id, share.id)

    {**endings(accounts, planner), "revoked": revoke}[change]()
    assert accounts.tokens.find(secret) is None and accounts.shares.find(signed) is None
    assert accounts.shares.of(planner.id) == []


def test_anothers_token_and_link_are_as_absent_ones(accounts: Accounts, planner: Account) -> None:
    other = accounts.people.add("other", Role.VIEWER)
    token, _ = accounts.tokens.make(other.id, "t", ["read"], 1)
    accounts.shares.make(other, "/map", "", 1)
    share = accounts.shares.of(other.id)[0]
    for id_ in (token.id, "absent"):
        assert code_of(lambda id_=id_: accounts.tokens.revoke(planner.id, id_), NotFound) == "no_such_token"
    for id_ in (share.id, "absent"):
        assert code_of(lambda id_=id_: accounts.shares.revoke(planner.id, id_), NotFound) == "no_such_share"


def test_shared_links_are_signed_and_expire(accounts: Accounts, planner: Account, moment: Clock) -> None:
    signed = accounts.shares.make(planner, "/map", "", 1)
    text, _, signature = signed.partition(".")
    for forged in (signed[:-2], f"{text}x.{signature}", text, "", accounts.shares.signed("another")):
        assert accounts.shares.find(forged) is None
    assert accounts.shares.find(signed) is not None
    moment.now += DAY_S
    assert accounts.shares.find(signed) is None
    assert code_of(lambda: accounts.shares.make(planner, "/map", "", 91)) == "bad_days"
    assert code_of(lambda: accounts.shares.make(planner, "/map", "x" * 3000, 1)) == "bad_share"


def test_a_link_shows_what_its_maker_sees_and_no_rights(accounts: Accounts, planner: Account) -> None:
    town = accounts.people.add("t", Role.TOWN, town="1")
    assert as_seen(town) == (Role.TOWN, "1", None)
    assert as_seen(planner) == (Role.VIEWER, None, None)


def test_the_log_of_sign_ins_forgets_after_a_while(
    accounts: Accounts, planner: Account, moment: Clock
) -> None:
    accounts.entry.by_link(accounts.entry.make_link(planner.id, 100), HOME)
    moment.now += KEPT_S + 1
    accounts.entry.set_password(planner, PASSWORD)
    assert not accounts.entry.is_password(planner, "wrong", HOME)
    assert accounts.entry.last() == {}
    assert accounts.entry.is_password(planner, PASSWORD, HOME)
    assert accounts.entry.last() == {planner.id: moment.now}


def test_everything_is_there_again_after_a_restart(place: str, accounts: Accounts, planner: Account) -> None:
    signed = accounts.shares.make(planner, "/map", "", 1)
    secret = accounts.sessions.start(planner.id)
    again = open_accounts(place, idle_s=IDLE_S, life_s=LIFE_S, clock=accounts.clock)
    try:
        assert again.shares.find(signed) and again.sessions.find(secret)
        assert again.people.all() == [planner]
    finally:
        again.close()


def test_no_secret_is_stored_as_it_is(
    place: str, accounts: Accounts, planner: Account, tmp_path: Path
) -> None:
    accounts.entry.set_password(planner, PASSWORD)
    _, token = accounts.tokens.make(planner.id, "t", ["read"], 1)
    secrets = [PASSWORD, token, accounts.entry.make_link(planner.id, 9), accounts.sessions.start(planner.id)]
    accounts.close()
    stored = database_text(place) if is_database(place) else file_bytes(tmp_path)
    assert planner.id.encode() in stored
    assert [secret for secret in secrets if secret.encode() in stored] == []


def file_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


def database_text(place: str) -> bytes:
    """Every row of every table of the accounts as text."""
    tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'tongchou_accounts'"
    with psycopg.connect(place) as connection:
        names = [name for (name,) in connection.execute(tables).fetchall()]
        rows = [
            sql.SQL("SELECT t::text FROM tongchou_accounts.{} AS t").format(sql.Identifier(name))
            for name in names
        ]
        return "\n".join(text for query in rows for (text,) in connection.execute(query)).encode()


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "district.accounts.sqlite"
    accounts = open_accounts(str(path), idle_s=IDLE_S, life_s=LIFE_S)
    try:
        modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}
    finally:
        accounts.close()
    assert len(modes) == 3 and set(modes.values()) == {0o600}


def test_two_processes_may_make_the_file_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.accounts.sqlite"
    open_database(str(path)).close()
    monkeypatch.setattr(Path, "exists", lambda self: False)
    AccountsFile(path).close()


def test_accounts_of_another_version_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.accounts.sqlite"
    open_database(str(path)).close()
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE accounts_meta SET value = '99' WHERE key = 'schema_version'")
    raw.close()
    assert code_of(lambda: open_database(str(path)), StoreUnsuitable) == "store_schema"


def test_where_the_accounts_are() -> None:
    assert accounts_location("/x/district.gpkg", None) == "/x/district.accounts.sqlite"
    assert accounts_location("gpkg:/x/区.gpkg", None) == "/x/区.accounts.sqlite"
    assert accounts_location("postgresql://h/d", None) == "postgresql://h/d"
    assert accounts_location("/x/district.gpkg", "/y/a.sqlite") == "/y/a.sqlite"
    assert clock() > 1_700_000_000


class TestDatabase:
    """What is the database's own: who makes the schema and who only uses it."""

    @pytest.fixture
    def database(self, cluster: Any) -> Iterator[str]:
        name = cluster.fresh()
        cluster.run("DROP ROLE IF EXISTS keeper")
        cluster.run("CREATE ROLE keeper LOGIN")
        yield name
        cluster.drop(name)
        cluster.run("DROP ROLE keeper")

    def test_the_service_may_not_make_the_schema(self, cluster: Any, database: str) -> None:
        place = cluster.location(database, "keeper")
        assert code_of(lambda: open_database(place), StoreUnsuitable) == "accounts_missing"

    def test_the_service_uses_what_the_owner_made_and_takes_nothing_away(
        self, cluster: Any, database: str
    ) -> None:
        migrate_accounts(cluster.location(database), "keeper")
        migrate_accounts(cluster.location(database), "keeper")
        accounts = open_accounts(cluster.location(database, "keeper"), idle_s=IDLE_S, life_s=LIFE_S)
        try:
            planner = accounts.people.add("planner", Role.PLANNER)
            accounts.entry.set_password(planner, PASSWORD)
            accounts.entry.by_link(accounts.entry.make_link(planner.id, 60), HOME)
            accounts.entry.by_password("planner", PASSWORD, HOME)
            accounts.sessions.find(accounts.sessions.start(planner.id))
            accounts.tokens.revoke(planner.id, accounts.tokens.make(planner.id, "t", ["read"], 1)[0].id)
            accounts.shares.make(planner, "/map", "", 1)
            accounts.people.set_role(planner.id, Role.VIEWER)
        finally:
            accounts.close()
        with psycopg.connect(cluster.location(database, "keeper"), autocommit=True) as raw:
            for statement in (
                "DELETE FROM tongchou_accounts.account",
                "UPDATE tongchou_accounts.sign_in SET done = true",
                "DELETE FROM tongchou_accounts.token",
                "UPDATE tongchou_accounts.accounts_meta SET value = ''",
                "CREATE TABLE tongchou_accounts.more (x int)",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    raw.execute(statement)  # type: ignore[call-overload]

    def test_a_schema_of_another_version_is_refused(self, cluster: Any, database: str) -> None:
        place = cluster.location(database)
        migrate_accounts(place, None)
        cluster.run("UPDATE tongchou_accounts.accounts_meta SET value = '9' WHERE key <> 'secret'", database)
        assert code_of(lambda: open_database(place), StoreUnsuitable) == "store_schema"


def test_migrating_a_file_opens_it(tmp_path: Path) -> None:
    path = tmp_path / "a.accounts.sqlite"
    migrate_accounts(str(path), None)
    assert path.exists()
