"""Photos and documents: what is taken, where it lies, who gets it and how."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api import attachments
from api.attachments import (
    beside,
    clean_name,
    copy_files,
    folder_of,
    hash_of,
    media_type_of,
    place_of,
    unsound,
)
from api.cli import run
from api.settings import Settings
from geo.errors import BadInput, StoreError, StoreUnsuitable
from geo.vocabulary import Role
from tests.conftest import gpkg_only
from tests.edit_scenes import HERE, THERE, Site, columns, patch

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"x" * 100
PDF = b"%PDF-1.7\n" + b"y" * 100


def archive(*names: str) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as file:
        for name in names:
            file.writestr(name, "<x/>")
    return whole.getvalue()


XLSX = archive("[Content_Types].xml", "xl/workbook.xml")
KINDS = {
    "image/jpeg": JPEG,
    "image/png": b"\x89PNG\r\n\x1a\n...",
    "image/webp": b"RIFF\x00\x00\x00\x00WEBPVP8 ",
    "application/pdf": PDF,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": XLSX,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": archive(
        "[Content_Types].xml", "word/document.xml"
    ),
    "image/vnd.dwg": b"AC1027\x00\x00",
    "image/vnd.dxf": b"  0\r\nSECTION\r\n  2\r\nHEADER",
}
REFUSED = {
    "html": b"<!doctype html><script>alert(1)</script>",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "zip": archive("a.txt"),
    "macros": archive("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"),
    "apk": archive("AndroidManifest.xml"),
    "torn": XLSX[:40],
    "elf": b"\x7fELF\x02",
    "text": b"hello",
    "riff": b"RIFF\x00\x00\x00\x00WAVE",
}


def upload(client: TestClient, content: bytes, query: str = "community=c1&name=a", **headers: str) -> Any:
    return client.post(f"/api/files?{query}", content=content, headers=headers)


def kept(site: Site) -> list[Path]:
    folder = folder_of(site.services.settings)
    return [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []


def test_a_photo_is_kept_told_of_and_shown(site: Site) -> None:
    client = site.planner
    query = "community=c1&name=" + "现场 照片.JPG" + "&caption=东门&taken_on=2026-07-01"
    done = upload(client, JPEG, query)
    assert done.status_code == 201 and done.headers["etag"] == '"2"'
    fields = done.json()["fields"]
    assert (fields["name"], fields["caption"], fields["taken_on"]) == ("现场 照片.JPG", "东门", "2026-07-01")
    assert (fields["community"], fields["dig"], fields["size_bytes"]) == ("c1", None, len(JPEG))
    assert kept(site) == [place_of(folder_of(site.services.settings), fields["sha256"])]
    shown = client.get(f"/files/{done.json()['id']}")
    assert (shown.content, shown.headers["content-type"]) == (JPEG, "image/jpeg")
    assert shown.headers["content-disposition"].startswith("inline; filename*=UTF-8''%E7%8E%B0")
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in shown.headers["content-security-policy"]
    assert shown.headers["cache-control"] == "private, no-store"


@gpkg_only
def test_only_pictures_are_shown_in_the_page(site: Site) -> None:
    client = site.planner
    done = upload(client, PDF, "dig=d1&name=图纸.pdf")
    shown = client.get(f"/files/{done.json()['id']}")
    assert shown.headers["content-disposition"].startswith("attachment")
    assert shown.headers["content-type"] == "application/pdf"


@gpkg_only
def test_the_same_file_twice_is_kept_once(site: Site) -> None:
    client = site.planner
    first, second = upload(client, JPEG), upload(client, JPEG, "dig=d1&name=b.jpg")
    assert first.json()["fields"]["sha256"] == second.json()["fields"]["sha256"]
    assert len(kept(site)) == 1
    place = kept(site)[0]
    place.write_bytes(b"broken")
    upload(client, JPEG)
    assert hash_of(place) == place.name


@gpkg_only
def test_the_kind_is_what_the_bytes_are(site: Site, tmp_path: Path) -> None:
    client, file = site.planner, tmp_path / "file"
    for kind, content in KINDS.items():
        file.write_bytes(content)
        assert media_type_of(file) == kind
    done = upload(client, KINDS["image/png"], "community=c1&name=virus.exe", **{"content-type": "text/html"})
    assert done.json()["fields"]["media_type"] == "image/png"
    assert done.json()["fields"]["name"] == "virus.exe.png"
    before, files = site.state(), kept(site)
    for name, content in REFUSED.items():
        refused = upload(client, content)
        assert (refused.status_code, refused.json()["code"]) == (415, "file_type"), name
        assert ".dwg" in refused.json()["title"]
    assert upload(client, b"").json()["code"] == "file_empty"
    assert (site.state(), kept(site)) == (before, files)


@gpkg_only
def test_a_file_has_an_end(site: Site) -> None:
    client, before = site.planner, site.state()
    large = JPEG + b"x" * (1024 * 1024)
    assert upload(client, large).status_code == 413
    parts = (large[start : start + 100_000] for start in range(0, len(large), 100_000))
    assert client.post("/api/files?community=c1&name=a", content=parts).status_code == 413
    assert (site.state(), kept(site)) == (before, [])


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\Users\\x\\a.JPEG", "a.JPEG"),
        ("a\0b\nc\u202egpj.exe", "abcgpj.exe.jpg"),
        ("", ".jpg"),
        ("..", ".jpg"),
        ("照" * 400 + ".jpg", "照" * 196 + ".jpg"),
        ("<script>.jpg", "<script>.jpg"),
    ],
)
def test_names_are_names(name: str, clean: str) -> None:
    assert clean_name(name, "image/jpeg") == clean


@gpkg_only
def test_what_a_file_belongs_to_is_there_and_one(site: Site) -> None:
    client, before = site.planner, site.state()
    assert columns(upload(client, JPEG, "name=a")) == {"community": "one_of"}
    assert columns(upload(client, JPEG, "name=a&community=c1&dig=d1")) == {"community": "one_of"}
    assert columns(upload(client, JPEG, "name=a&community=nope")) == {"community": "unknown_reference"}
    assert columns(upload(client, JPEG, "name=a&dig=d1&taken_on=x")) == {"taken_on": "wrong_type"}
    assert upload(client, JPEG, "community=c1").status_code == 422
    assert (site.state(), kept(site)) == (before, [])


@gpkg_only
def test_a_caption_may_be_changed_and_the_file_not(site: Site) -> None:
    client = site.planner
    row = upload(client, JPEG).json()["id"]
    done = patch(client, f"/api/rows/files/{row}", fields={"caption": "新", "name": "b.jpg"})
    assert done.json()["fields"]["caption"] == "新"
    for name, value in (("sha256", "0" * 64), ("media_type", "text/html"), ("community", "c2")):
        assert columns(patch(client, f"/api/rows/files/{row}", fields={name: value})) == {name: "read_only"}


def test_a_removed_file_comes_back(site: Site) -> None:
    client = site.planner
    row = upload(client, JPEG).json()["id"]
    assert client.delete(f"/api/rows/files/{row}", headers={"if-match": '"2"'}).status_code == 200
    assert client.get(f"/files/{row}").status_code == 404 and len(kept(site)) == 1
    assert client.post("/api/revisions/3/revert", json={}).status_code == 200
    assert client.get(f"/files/{row}").content == JPEG


def test_an_upload_that_comes_again_counts_once(site: Site) -> None:
    client, key = site.planner, {"idempotency-key": "k"}
    first = upload(client, JPEG, **key)
    before = site.state()
    assert upload(client, JPEG, **key).json() == first.json()
    assert site.state() == before and len(kept(site)) == 1
    assert upload(client, PDF, **key).json()["code"] == "idempotency_key_reused"


def test_others_files_and_absent_ones_answer_alike(site: Site) -> None:
    planner = site.planner
    photo = upload(planner, JPEG, "community=c1&name=a").json()["id"]
    plan = upload(planner, PDF, "dig=d1&name=b").json()["id"]
    town, other_town = site.as_role(Role.TOWN, town=HERE), site.as_role(Role.TOWN, town=THERE)
    owner, other_owner = site.as_role(Role.UTILITY, owner="o1"), site.as_role(Role.UTILITY, owner="o2")
    assert [town.get(f"/files/{photo}").status_code, town.get(f"/files/{plan}").status_code] == [200, 200]
    assert owner.get(f"/files/{plan}").status_code == 200
    for client, row in ((other_town, photo), (other_town, plan), (other_owner, plan), (owner, photo)):
        theirs, absent = client.get(f"/files/{row}"), client.get("/files/nothing")
        assert theirs.status_code == absent.status_code == 404
        assert theirs.json()["title"].replace(row, "nothing") == absent.json()["title"]
    assert site.as_role(None).get(f"/files/{photo}").status_code == 401


@gpkg_only
def test_who_may_not_add_leaves_nothing(site: Site) -> None:
    before = site.state()
    viewer, owner = site.as_role(Role.VIEWER), site.as_role(Role.UTILITY, owner="o1")
    assert upload(viewer, JPEG).status_code == 403
    assert upload(owner, JPEG, "dig=d2&name=a").status_code in (403, 404)
    assert upload(owner, JPEG, "community=c1&name=a").status_code == 403
    assert (site.state(), kept(site)) == (before, [])
    assert upload(owner, JPEG, "dig=d1&name=a").status_code == 201
    assert upload(site.as_role(Role.INSPECTOR), JPEG).status_code == 201


@gpkg_only
def test_a_lost_file_is_said_to_be_lost(site: Site) -> None:
    client = site.planner
    row = upload(client, JPEG).json()
    kept(site)[0].write_bytes(b"short")
    assert client.get(f"/files/{row['id']}").json()["code"] == "file_changed"
    kept(site)[0].unlink()
    lost = client.get(f"/files/{row['id']}")
    assert (lost.status_code, lost.json()["code"]) == (500, "file_missing")


@gpkg_only
def test_missing_and_changed_files_are_found(site: Site) -> None:
    client, folder = site.planner, folder_of(site.services.settings)
    rows = [
        upload(client, content, f"community=c1&name={n}").json()
        for n, content in enumerate((JPEG, PDF, XLSX))
    ]
    named = [(row["id"], row["fields"]["sha256"]) for row in rows]
    assert unsound(folder, named) == []
    place_of(folder, named[0][1]).write_bytes(b"changed")
    place_of(folder, named[1][1]).unlink()
    found = unsound(folder, [*named, ("evil", "../../etc/passwd")])
    assert [(problem.row, problem.code) for problem in found] == [
        (named[0][0], "file_changed"),
        (named[1][0], "file_missing"),
        ("evil", "file_missing"),
    ]


def test_files_are_copied_whole_or_named(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    assert copy_files(source, target) == 0
    hashes = []
    for content in (JPEG, PDF):
        file = tmp_path / "one"
        file.write_bytes(content)
        hashes.append(hash_of(file))
        place_of(source, hashes[-1]).parent.mkdir(parents=True)
        file.rename(place_of(source, hashes[-1]))
    (source / ".coming-x").write_text("half")
    assert copy_files(source, target) == 2
    assert copy_files(source, target) == 2
    assert sorted(path.name for path in target.rglob("*") if path.is_file()) == sorted(hashes)
    place_of(source, hashes[0]).write_bytes(b"changed")
    with pytest.raises(StoreError, match="file_changed"):
        copy_files(source, tmp_path / "other")
    left = [path.name for path in (tmp_path / "other").rglob("*") if path.is_file()]
    assert left == [hashes[1]]


@gpkg_only
def test_files_go_with_the_backup_and_come_back_with_it(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store, copy = site.services.settings.store, tmp_path / "copy.gpkg"
    monkeypatch.setenv("TONGCHOU_FILES", str(site.services.settings.files))
    assert run(["verify", "--store", store]) == 0
    row = upload(site.planner, JPEG).json()
    assert run(["verify", "--store", store]) == 0
    assert upload(site.planner, JPEG).status_code == 201
    assert run(["verify", "--store", store]) == 0
    assert run(["backup", "--out", str(copy), "--store", store]) == 0
    sha256 = row["fields"]["sha256"]
    assert hash_of(place_of(tmp_path / "copy.files", sha256)) == sha256
    monkeypatch.delenv("TONGCHOU_FILES")
    again = str(tmp_path / "again.gpkg")
    assert run(["restore", str(copy), "--store", again]) == 0
    assert run(["verify", "--store", again]) == 0
    capsys.readouterr()
    place_of(tmp_path / "again.files", sha256).write_bytes(b"changed")
    assert run(["verify", "--store", again, "--json"]) == 1
    problem = json.loads(capsys.readouterr().out)["problems"][0]
    assert (problem["code"], problem["layer"], problem["row"]) == ("file_changed", "files", row["id"])
    assert run(["store", "copy", str(copy), str(tmp_path / "third.gpkg")]) == 0
    assert place_of(tmp_path / "third.files", sha256).is_file()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="files_failed"):
        attachments._opened(tmp_path / "file" / "below")


def test_where_files_lie(tmp_path: Path) -> None:
    assert folder_of(Settings(store=str(tmp_path / "district.gpkg"))) == tmp_path / "district.files"
    assert folder_of(Settings(store="postgresql://x/y", files=tmp_path)) == tmp_path
    assert beside(Path("a/b.gpkg")) == Path("a/b.files")
    with pytest.raises(StoreUnsuitable, match="files_nowhere"):
        folder_of(Settings(store="postgresql://x/y"))
    with pytest.raises(BadInput, match="file_type"):
        (tmp_path / "x").write_text("x")
        media_type_of(tmp_path / "x")
