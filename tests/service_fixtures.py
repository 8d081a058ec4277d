"""The sample district in a real store, made once; tests that write get a copy of their own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.access import COOKIE, CSRF_HEADER
from api.app import create_app
from api.commands.stores import make_store
from api.settings import CHECKOUT, Settings
from api.wiring import DataFolder, Services, open_services, read_data
from geo.store.export import copy_store
from geo.store.opening import open_store
from geo.vocabulary import Role

NUMBERS = count(1)


@pytest.fixture(scope="session")
def data_folder() -> DataFolder:
    return read_data(CHECKOUT / "data")


@pytest.fixture(scope="session")
def sample_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the sample district that nobody writes to."""
    path = tmp_path_factory.mktemp("sample") / "district.gpkg"
    assert make_store(Settings(store=str(path)), sample=True, if_missing=False, as_json=True) == 0
    return path


@pytest.fixture()
def store_path(sample_path: Path, tmp_path: Path) -> Path:
    """A store with the sample district for one test alone."""
    path = tmp_path / "district.gpkg"
    with open_store(str(sample_path)) as store:
        copy_store(store, path)
    return path


@pytest.fixture(scope="session")
def services(sample_path: Path) -> Iterator[Services]:
    opened = open_services(Settings(store=str(sample_path)))
    yield opened
    opened.close()


ClientAs = Callable[..., TestClient]
"""``client_as(role, town=None, owner=None)``: somebody new of that role, signed in; ``None`` is nobody."""


@pytest.fixture(scope="session")
def app(services: Services) -> FastAPI:
    return create_app(services)


@pytest.fixture(scope="session")
def client_as(app: FastAPI) -> Iterator[ClientAs]:
    """Makes clients of any role over the sample, for tests that only look."""
    with ExitStack() as opened:
        yield partial(signed_in, app, opened)


@pytest.fixture(scope="session")
def client(client_as: ClientAs) -> TestClient:
    """The service over the sample for a planner, for tests that only look."""
    return client_as(Role.PLANNER)


@pytest.fixture()
def own_services(store_path: Path) -> Iterator[Services]:
    """Services over a store that the test may write to."""
    opened = open_services(Settings(store=str(store_path)))
    yield opened
    opened.close()


@pytest.fixture()
def own_app(own_services: Services) -> FastAPI:
    return create_app(own_services)


@pytest.fixture()
def own_client_as(own_app: FastAPI) -> Iterator[ClientAs]:
    with ExitStack() as opened:
        yield partial(signed_in, own_app, opened)


@pytest.fixture()
def own_client(own_client_as: ClientAs) -> TestClient:
    """The service over a store that the test may write to, for a planner."""
    return own_client_as(Role.PLANNER)


def signed_in(
    app: FastAPI,
    opened: ExitStack,
    role: Role | str | None,
    town: str | None = None,
    owner: str | None = None,
    name: str = "",
) -> TestClient:
    """A client with a session of a new account; its forms and scripts know their ``csrf``."""
    client = opened.enter_context(TestClient(app, raise_server_exceptions=False))
    if role is not None:
        accounts = app.state.services.accounts
        role = Role(role)
        account = accounts.people.add(name or f"{role}-{next(NUMBERS)}", role, town=town, owner=owner)
        secret = accounts.sessions.start(account.id)
        client.cookies.set(COOKIE, secret)
        client.headers[CSRF_HEADER] = accounts.sessions.find(secret).csrf
    return client
