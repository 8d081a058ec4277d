"""Headers that every answer carries, and the nonce by which a page's own scripts are known."""

import hashlib
import hmac
import secrets

from fastapi.responses import HTMLResponse
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.policy import Principal, Way

_SECRET = secrets.token_bytes(32)
CLOSED = "default-src 'none'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), payment=(), usb=()",
}


def fresh_nonce() -> str:
    """A nonce for one answer."""
    return secrets.token_urlsafe(18)


def nonce_for(key: str) -> str:
    """A nonce that stays with one content, so that it can be kept; a change of the store changes the key."""
    return hmac.new(_SECRET, key.encode(), hashlib.sha256).hexdigest()[:32]


def page_policy(nonce: str) -> str:
    """The policy of a page: this host only, scripts and styles with the nonce or from a file."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data: blob:",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'self'",
        )
    )


def page(html: str | bytes, nonce: str, **headers: str) -> HTMLResponse:
    """An HTML answer with its policy; not kept by anyone unless ``headers`` say so."""
    kept = {"cache-control": "no-store", **headers}
    return HTMLResponse(html, headers={"content-security-policy": page_policy(nonce), **kept})


def _keep_private(headers: MutableHeaders, principal: Principal | None) -> None:
    """What somebody in particular was shown stays with them; what nobody was shown is not for everybody.

    Where nobody asked who it was, as for styles and scripts, the answer is the same for all.
    """
    if principal is None:
        return
    if principal.way is Way.NOBODY:
        headers.add_vary_header("Cookie, Authorization")
    else:
        headers["cache-control"] = "private, no-store"


class SecurityHeaders:
    """Adds ``HEADERS`` to every answer, and a policy that allows nothing where the handler set none."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                _keep_private(headers, scope.get("state", {}).get("principal"))
                if message["status"] != 304:
                    headers.setdefault("content-security-policy", self._policy(headers))
            await send(message)

        await self.app(scope, receive, with_headers)

    @staticmethod
    def _policy(headers: MutableHeaders) -> str:
        """An error page has the style sheets of this host and no script."""
        if headers.get("content-type", "").startswith("text/html"):
            return CLOSED.replace(
                "default-src 'none'", "default-src 'none'; style-src 'self'; img-src 'self'"
            )
        return CLOSED
