"""The service: routes, headers and errors around one set of services."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import to_thread
from fastapi import FastAPI

from api.access import refuse_undeclared
from api.errors import add_error_handlers
from api.pagecache import PageCache
from api.routes import (
    account,
    accounts,
    attachments,
    chronicle,
    data,
    edits,
    exports,
    files,
    forms,
    health,
    history,
    maps,
    pages,
    signin,
)
from api.security import SecurityHeaders
from api.wiring import Services

MB = 1024 * 1024
THREADS = 4
"""Handlers that work at once: more would only wait for each other, and each keeps memory of its own."""

PARTS = (
    *(pages, maps, data, edits, attachments, history, forms, chronicle, exports),
    *(signin, account, accounts, health, files),
)


def create_app(services: Services) -> FastAPI:
    """An application over ``services``; it does not close them."""
    app = FastAPI(
        title="Tongchou",
        description="The working map of a district that renovates its old residential communities.",
        version="0.1.0",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=_warmed,
    )
    app.state.services = services
    app.state.pages = PageCache(services.settings.page_cache_mb * MB)
    add_error_handlers(app)
    app.add_middleware(SecurityHeaders)
    for part in PARTS:
        app.include_router(part.router)
    refuse_undeclared(app)
    return app


@asynccontextmanager
async def _warmed(app: FastAPI) -> AsyncIterator[None]:
    """Read the store beside the first requests, so that none of them waits for it."""
    to_thread.current_default_thread_limiter().total_tokens = THREADS
    warm = threading.Thread(target=app.state.services.atlas, name="warm", daemon=True)
    warm.start()
    yield
    await to_thread.run_sync(warm.join)
