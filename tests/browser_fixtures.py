"""Services over stores of their own, and pages of Debian's Chromium that are watched while they are used."""

import contextlib
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Request, Route, sync_playwright

from api.access import COOKIE
from api.settings import Settings
from api.wiring import accounts_of
from geo.store.export import copy_store
from geo.store.opening import open_store
from geo.vocabulary import Role
from tests.browser_stores import make_big_store, make_hostile_store

SCREENSHOTS = Path(__file__).parent / "screenshots"
TONGCHOU = Path(sys.executable).parent / "tongchou"
DESKTOP, PHONE = (1440, 900), (390, 844)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
)
START_S = 60.0
PATIENCE_MS = 20_000


@dataclass(frozen=True)
class Service:
    """A service in a process of its own over the store at ``store``."""

    url: str
    store: Path

    def get(self, path: str) -> bytes:
        """The body of ``path`` for a planner; an error where the answer is not 2xx."""
        asked = urllib.request.Request(self.url + path, headers={"Cookie": f"{COOKIE}={_planner(self)}"})
        with urllib.request.urlopen(asked, timeout=30) as answer:
            content: bytes = answer.read()
        return content


@dataclass
class Watched:
    """A page and everything that it did which a good page never does."""

    page: Page
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    forgiven: tuple[str, ...] = ()

    def shot(self, name: str, *, full: bool = False) -> None:
        """Leave ``tests/screenshots/<name>.png``."""
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=full)

    def asked(self, path: str) -> list[str]:
        """Addresses under ``path`` that the page has asked for."""
        return [url for url in self.requests if urlsplit(url).path == path]

    def faults(self) -> list[str]:
        """Complaints of the page, foreign requests, and the mark that hostile text leaves when it runs."""
        foreign = [url for url in self.requests if not _is_own(url)]
        hacked = [] if self.page.is_closed() else self._hacked()
        kept = [one for one in self.complaints if not any(known in one for known in self.forgiven)]
        return [*kept, *(f"foreign request: {url}" for url in foreign), *hacked]

    def _hacked(self) -> list[str]:
        marks = [frame.evaluate("() => window.__hacked ?? null") for frame in self.page.frames]
        return [f"hostile text ran: {mark}" for mark in marks if mark is not None]


class Services(list[Service]):
    """The services that run now."""

    def __contains__(self, address: object) -> bool:
        return any(str(address).startswith(service.url) for service in self)

    def of(self, address: str) -> Service:
        return next(service for service in self if address.startswith(service.url))


SERVICES = Services()
Open = Callable[..., Watched]


def _is_own(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("data", "blob", "file") or parts.hostname == "127.0.0.1"


def watch(context: BrowserContext) -> Watched:
    """A fresh page of ``context`` under watch."""
    watched = Watched(context.new_page(), context)
    context.on("request", lambda request: watched.requests.append(request.url))
    context.on("requestfailed", lambda request: _failed(watched, request))
    context.on("response", lambda answer: _answered(watched, answer.status, answer.url))
    watched.page.on("pageerror", lambda error: watched.complaints.append(f"page error: {error}"))
    watched.page.on("console", lambda said: _said(watched, said.type, said.text))
    watched.page.on("dialog", lambda dialog: _dialog(watched, dialog))
    return watched


def _failed(watched: Watched, request: Request) -> None:
    reason = request.failure or ""
    if "ERR_ABORTED" not in reason:
        watched.complaints.append(f"failed request: {request.url} {reason}")


def _answered(watched: Watched, status: int, url: str) -> None:
    if status >= 400:
        watched.complaints.append(f"answer {status}: {url}")


def _said(watched: Watched, kind: str, text: str) -> None:
    if kind in ("error", "warning"):
        watched.complaints.append(f"console {kind}: {text}")


def _dialog(watched: Watched, dialog: object) -> None:
    watched.complaints.append(f"dialog: {getattr(dialog, 'message', '')}")
    dialog.dismiss()  # type: ignore[attr-defined]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the browser's tests last: playwright keeps an event loop running in the main thread."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def find_browser() -> str:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.fail(f"none of {', '.join(BROWSERS)} is installed")
    return found


@pytest.fixture(scope="session")
def playwright_driver() -> Iterator[Playwright]:
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright_driver: Playwright) -> Iterator[Browser]:
    """One browser for the session."""
    chromium = playwright_driver.chromium.launch(executable_path=find_browser(), args=list(FLAGS))
    yield chromium
    chromium.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """``open_page(address, size, role=…)``: a watched page; what the watch has seen fails the test.

    It is seen by a planner unless ``role``, ``town`` and ``owner`` say otherwise or ``signed_in`` is false.
    """
    opened: list[Watched] = []

    def open_at(
        address: str,
        size: tuple[int, int] = DESKTOP,
        *,
        offline: bool = False,
        role: Role | str = Role.PLANNER,
        town: str | None = None,
        owner: str | None = None,
        signed_in: bool = True,
        **options: object,
    ) -> Watched:
        width, height = size
        options.setdefault("reduced_motion", "reduce")
        options.setdefault("locale", "zh-CN")
        context = browser.new_context(viewport={"width": width, "height": height}, **options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        watched = watch(context)
        opened.append(watched)
        if signed_in and address in SERVICES:
            sign_in(context, SERVICES.of(address), role, town=town, owner=owner)
        if offline:
            context.set_offline(True)
            context.route(lambda url: not url.startswith("file:"), lambda route: _cut(watched, route))
        watched.page.goto(address)
        return watched

    yield open_at
    faults = [fault for watched in opened for fault in watched.faults()]
    for watched in opened:
        watched.context.close()
    assert faults == []


def sign_in(
    context: BrowserContext,
    service: Service,
    role: Role | str = Role.PLANNER,
    *,
    town: str | None = None,
    owner: str | None = None,
) -> str:
    """Give ``context`` a session of a new account of ``service``; the account's id."""
    account, secret = _session(service, Role(role), town, owner)
    context.add_cookies([{"name": COOKIE, "value": secret, "url": service.url, "httpOnly": True}])
    return account


def _session(service: Service, role: Role, town: str | None, owner: str | None) -> tuple[str, str]:
    """The id of a new account and the secret of its session."""
    accounts = accounts_of(Settings(store=str(service.store)))
    try:
        account = accounts.people.add(f"{role}-{secrets.token_hex(4)}", role, town=town, owner=owner)
        return account.id, accounts.sessions.start(account.id)
    finally:
        accounts.close()


@cache
def _planner(service: Service) -> str:
    return _session(service, Role.PLANNER, None, None)[1]


def _cut(watched: Watched, route: Route) -> None:
    if urlsplit(route.request.url).scheme in ("data", "blob"):
        route.continue_()
        return
    watched.complaints.append(f"asked the network: {route.request.url}")
    route.abort()


def tongchou(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run one command in a process of its own."""
    command = [str(TONGCHOU), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def _free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
    return port


@contextlib.contextmanager
def serving(store: Path) -> Iterator[Service]:
    """A service over ``store`` on a free port of this machine, ended by its own process id."""
    port = _free_port()
    command = [str(TONGCHOU), "serve", "--store", str(store), "--port", str(port)]
    with (store.parent / f"{store.stem}.log").open("w+") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            service = Service(f"http://127.0.0.1:{port}", store)
            _await_ready(service, process, Path(log.name))
            SERVICES.append(service)
            yield service
            SERVICES.remove(service)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await_ready(service: Service, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(service.url + "/readyz", timeout=30).close()
            return
        time.sleep(0.1)
    pytest.fail(f"the service did not start: {log.read_text()}")


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sample") / "sample.gpkg"
    made = tongchou("init", "--sample", "--store", path)
    assert made.returncode == 0, made.stderr
    return path


@pytest.fixture(scope="session")
def served(sample_store: Path) -> Iterator[Service]:
    """The sample district, served."""
    with serving(sample_store) as started:
        yield started


@pytest.fixture
def own_served(sample_store: Path, tmp_path: Path) -> Iterator[Service]:
    """The sample district in a store that the test may write to, served."""
    path = tmp_path / "district.gpkg"
    with open_store(str(sample_store)) as store:
        copy_store(store, path)
    with serving(path) as started:
        yield started


@pytest.fixture(scope="session")
def hostile_served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The sample district under hostile names, served."""
    path = tmp_path_factory.mktemp("hostile") / "hostile.gpkg"
    make_hostile_store(path)
    with serving(path) as started:
        yield started


@pytest.fixture(scope="session")
def big_served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A synthetic city, served."""
    path = tmp_path_factory.mktemp("big") / "big.gpkg"
    make_big_store(path)
    with serving(path) as started:
        yield started


@pytest.fixture(scope="session")
def export_map(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """``export_map(store, *options)``: the file that ``tongchou map`` writes, once for the same options."""
    folder, made = tmp_path_factory.mktemp("files"), {}

    def export(store: Path, *options: str) -> Path:
        key = (store, options)
        if key not in made:
            path = folder / f"地图 {len(made)} #1.html"
            done = tongchou("map", "--store", store, "--out", path, *options)
            assert done.returncode == 0, done.stderr
            made[key] = path
        return made[key]

    return export
