"""Serving a store on this machine until it is interrupted."""

import ctypes
import socket
import sys

import uvicorn

from api.app import create_app
from api.commands.saying import say, say_json
from api.commands.users import FIRST_HOURS, first_link
from api.settings import Settings
from api.wiring import open_services
from geo.errors import BadInput
from geo.store.opening import shown
from maps.wording import wording

M_ARENA_MAX = -8
SWITCH_S = 0.0005
"""An edit gives up the interpreter at every word with the store: it must not wait each time, as by default,
5 ms for the thread that draws a map."""


def serve_store(settings: Settings, *, as_json: bool) -> int:
    """Serve until interrupted; ``BadInput`` where the port is taken or the address is not this machine's."""
    words = wording(settings.lang)
    keep_memory_together()
    sys.setswitchinterval(SWITCH_S)
    services = open_services(settings)
    try:
        door = open_door(settings.host, settings.port)
        config = uvicorn.Config(
            create_app(services), log_level="warning", server_header=False, date_header=True
        )
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        url = f"http://{host}:{door.getsockname()[1]}/"
        link = first_link(settings, services.accounts, words, url)
        if as_json:
            told = {"url": url, "store": shown(settings.store)}
            say_json(told | {"sign_in": link} if link else told)
        else:
            say(words("cli.serve.at", url=url, store=shown(settings.store)))
            if link:
                say(words("cli.serve.first", link=link, hours=FIRST_HOURS))
        uvicorn.Server(config).run(sockets=[door])
    finally:
        services.close()
    return 0


def keep_memory_together() -> None:
    """Let glibc's threads share two heaps: what one frees is then of use to another."""
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(M_ARENA_MAX, 2)


def open_door(host: str, port: int) -> socket.socket:
    """A socket that listens at the address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind((host, port))
        door.listen(128)
    except OSError as error:
        door.close()
        raise BadInput("port_busy", host=host, port=port, problem=error.strerror or str(error)) from error
    door.set_inheritable(True)
    return door
