"""Where a store's file lies: on this machine's own disk, and whether this process has it open."""

import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

from geo.errors import StoreUnsuitable

NETWORK_FILE_SYSTEMS = frozenset(
    (
        "nfs",
        "nfs4",
        "cifs",
        "smb2",
        "smb3",
        "smbfs",
        "ncpfs",
        "afs",
        "ceph",
        "lustre",
        "gpfs",
        "beegfs",
        "davfs",
    )
)
NETWORK_FUSE = frozenset(
    ("sshfs", "davfs", "davfs2", "glusterfs", "ceph", "rclone", "s3fs", "smbnetfs", "curlftpfs", "juicefs")
)
WINDOWS_REMOTE_DRIVE = 4
COMPANIONS = ("-wal", "-shm", "-journal")


def refuse_network_drive(path: Path) -> None:
    """Raise ``StoreUnsuitable`` (``store_on_network``) where locks do not hold."""
    kind = _drive_kind(path.absolute())
    if is_network(kind):
        raise StoreUnsuitable("store_on_network", path=str(path), kind=kind)


def is_network(kind: str) -> bool:
    """Whether a file system of that type lies on another machine."""
    return kind in NETWORK_FILE_SYSTEMS or kind.removeprefix("fuse.") in NETWORK_FUSE


def _drive_kind(path: Path) -> str:
    if sys.platform == "win32":
        import ctypes

        remote = ctypes.windll.kernel32.GetDriveTypeW(path.anchor) == WINDOWS_REMOTE_DRIVE
        return "smbfs" if remote or path.anchor.startswith("\\\\") else ""
    mounts = Path("/proc/mounts")
    return file_system_of(path.resolve(), mounts.read_text("utf-8", "replace")) if mounts.exists() else ""


def file_system_of(path: Path, mounts: str) -> str:
    """The file system type that ``path`` lies on, by the longest mount point in the text of /proc/mounts."""
    best, kind = -1, ""
    for line in mounts.splitlines():
        _, point, name, *_ = line.split(" ")
        point = (
            point.encode().decode("unicode_escape").encode("latin-1", "replace").decode("utf-8", "replace")
        )
        if path.is_relative_to(point) and len(point) >= best:
            best, kind = len(point), name
    return kind


@dataclass
class LiveFile:
    """A store's file that this process has open: how many stores, and their writers' lock."""

    stores: int = 0
    writing: threading.Lock = field(default_factory=threading.Lock)


_live: dict[tuple[int, int], LiveFile] = {}
_guard = threading.Lock()


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def enter(path: Path) -> tuple[tuple[int, int], LiveFile]:
    """Note that one more store of this process has ``path`` open; gives what ``leave`` needs."""
    key = _identity(path)
    with _guard:
        live = _live.setdefault(key, LiveFile())
        live.stores += 1
    return key, live


def leave(key: tuple[int, int]) -> None:
    """Note that a store of this process has closed its file."""
    with _guard:
        _live[key].stores -= 1
        if not _live[key].stores:
            del _live[key]


def is_live(path: Path | str) -> bool:
    """Whether a store of this process has that file open: then nothing else in the process may open it.

    True as well for the file's ``-wal`` and ``-shm``, and by whatever link the file is named.
    """
    text = str(path)
    main = next((text.removesuffix(end) for end in COMPANIONS if text.endswith(end)), text)
    try:
        key = _identity(Path(main))
    except FileNotFoundError:
        return False
    with _guard:
        return key in _live
