"""``tongchou user`` and the first start: accounts for whoever owns the machine."""

import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from api.accounts.accounts import Accounts
from api.cli import run
from api.commands.users import FIRST, first_link
from api.settings import Settings
from api.wiring import accounts_of
from geo.vocabulary import Role
from maps.wording import wording

PASSWORD = "correct horse battery"


def tongchou(*arguments: str, store: Path) -> int:
    return run([*arguments, "--store", str(store)])


def asked(capsys: pytest.CaptureFixture[str], *arguments: str, store: Path) -> Any:
    """What a command says with ``--json``."""
    capsys.readouterr()
    assert tongchou(*arguments, "--json", store=store) == 0
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def accounts(store_path: Path):
    opened = accounts_of(Settings(store=str(store_path)))
    yield opened
    opened.close()


def test_an_account_from_its_making_to_its_end(
    store_path: Path, accounts: Accounts, capsys: pytest.CaptureFixture[str]
) -> None:
    made = asked(capsys, "user", "add", "王工", "--role", "town", "--town", "金星镇", store=store_path)
    assert (made["name"], made["role"], made["town"]) == ("王工", "town", "640302106")
    secret = made["link"].partition("token=")[2]
    assert accounts.entry.by_link(secret, "").name == "王工"
    again = asked(capsys, "user", "link", "王工", store=store_path)
    assert accounts.entry.behind_link(again["link"].partition("token=")[2])
    assert tongchou("user", "password", "王工", "--password", PASSWORD, store=store_path) == 0
    assert accounts.entry.by_password("王工", PASSWORD, "").id == made["id"]
    token = asked(
        capsys,
        "user",
        "token",
        "王工",
        "--label",
        "x",
        "--scope",
        "read",
        "--scope",
        "edit",
        store=store_path,
    )
    found = accounts.tokens.find(token["token"])
    assert found and found[1] == {"read", "edit"}
    utility = asked(
        capsys, "user", "role", "王工", "--role", "utility", "--owner", "own-gas", store=store_path
    )
    assert (utility["role"], utility["owner"], utility["town"]) == ("utility", "own-gas", None)
    assert accounts.tokens.find(token["token"]) is None
    assert asked(capsys, "user", "disable", "王工", store=store_path)["disabled"]
    assert not asked(capsys, "user", "enable", "王工", store=store_path)["disabled"]
    listed = asked(capsys, "user", "list", store=store_path)
    assert [one["name"] for one in listed] == ["王工"] and listed[0]["last_sign_in"]
    assert asked(capsys, "user", "forget", "王工", store=store_path) == {"id": made["id"], "forgotten": True}
    assert asked(capsys, "user", "list", store=store_path) == []


def test_people_read_sentences(store_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        ["add", "gas", "--role", "viewer"],
        ["list"],
        ["link", "gas"],
        ["role", "gas", "--role", "planner"],
        ["token", "gas", "--label", "t", "--scope", "read"],
        ["disable", "gas"],
        ["list"],
        ["forget", "gas"],
    ):
        assert tongchou("user", *arguments, store=store_path) == 0
    told = capsys.readouterr().out
    assert "加了账号 gas（查看）" in told and "sign-in?token=" in told and "已停用" in told
    assert "tongchou_" in told and "抹去了 gas" in told


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["add", "x", "--role", "king"], "no_such_role"),
        (["add", "x", "--role", "town"], "role_needs_town"),
        (["add", "x", "--role", "town", "--town", "nowhere"], "unknown_town"),
        (["add", "x", "--role", "utility", "--owner", "nobody"], "bad_parameter"),
        (["link", "nobody"], "no_such_account"),
        (["password", "nobody", "--password", PASSWORD], "no_such_account"),
    ],
)
def test_wrong_use_is_one_clear_line(
    store_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: str
) -> None:
    assert tongchou("user", *arguments, "--json", store=store_path) == 2
    assert json.loads(capsys.readouterr().err)["code"] == code


def test_a_slip_in_the_stores_name_makes_no_accounts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tongchou("user", "list", "--json", store=tmp_path / "typo.gpkg") == 2
    assert json.loads(capsys.readouterr().err)["code"] == "store_missing"
    assert list(tmp_path.iterdir()) == []


def test_accounts_may_lie_elsewhere(
    store_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TONGCHOU_ACCOUNTS", str(tmp_path / "elsewhere.sqlite"))
    assert tongchou("user", "add", "x", "--role", "viewer", store=store_path) == 0
    assert (tmp_path / "elsewhere.sqlite").exists()
    assert not store_path.with_name("district.accounts.sqlite").exists()


def secret_in(link: str) -> str:
    (secret,) = parse_qs(urlsplit(link).query)["token"]
    return secret


def test_the_first_link_is_given_until_somebody_has_come_in(store_path: Path, accounts: Accounts) -> None:
    settings, words = Settings(store=str(store_path)), wording("zh")
    first = first_link(settings, accounts, words, "http://h:1/")
    again = first_link(settings, accounts, words, "")
    assert first and again and again.startswith("http://127.0.0.1:8000/sign-in?token=")
    assert [one.name for one in accounts.people.all()] == [FIRST]
    assert accounts.entry.behind_link(secret_in(first)) is None, "the later link is the one"
    accounts.entry.by_link(secret_in(again), "")
    assert first_link(settings, accounts, words, "") is None


def test_no_planner_is_made_where_somebody_has_made_accounts(store_path: Path, accounts: Accounts) -> None:
    accounts.people.add("chief", Role.ADMINISTRATOR)
    assert first_link(Settings(store=str(store_path)), accounts, wording("zh"), "") is None
    assert len(accounts.people.all()) == 1


def test_serve_prints_the_first_link_and_it_opens(store_path: Path) -> None:
    command = [sys.executable, "-c", "from api.cli import main; main()", "serve", "--port", "0"]
    command = [*command[:-1], _free_port(), "--store", str(store_path)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        lines = [server.stdout.readline() for _ in range(4)]
        link = re.search(r"http://\S+/sign-in\?token=\S+", "".join(lines))
        assert link, lines
        assert "公开" in lines[3]
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with browser.open(link[0], timeout=30) as answer:
            assert "/password?" in answer.url
        with browser.open(f"{link[0].partition('/sign-in')[0]}/account", timeout=30) as answer:
            assert "规划员" in answer.read().decode()
    finally:
        server.terminate()
        server.communicate(timeout=30)


def _free_port() -> str:
    import socket

    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return str(door.getsockname()[1])
