"""The sample district in a real store, made once; tests that write get a copy of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.commands.stores import make_store
from api.settings import CHECKOUT, Settings
from api.wiring import DataFolder, Services, open_services, read_data
from geo.store.export import copy_store
from geo.store.opening import open_store


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


@pytest.fixture(scope="session")
def client(services: Services) -> Iterator[TestClient]:
    """The service over the sample, for tests that only look."""
    with TestClient(create_app(services), raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture()
def own_services(store_path: Path) -> Iterator[Services]:
    """Services over a store that the test may write to."""
    opened = open_services(Settings(store=str(store_path)))
    yield opened
    opened.close()


@pytest.fixture()
def own_client(own_services: Services) -> Iterator[TestClient]:
    with TestClient(create_app(own_services), raise_server_exceptions=False) as opened:
        yield opened
