"""What a request says of the state that it knows: ``If-Match`` and ``Idempotency-Key``."""

import re
from typing import Annotated, Any

from fastapi import Depends, Request

from api.access import PrincipalDep
from api.editing.asking import LATEST
from api.editing.recording import receipt_for
from api.policy import Principal
from geo.errors import BadInput
from geo.store.record import Receipt

ETAG = re.compile(r'"([1-9][0-9]{0,9})"')
KEY = re.compile(r"[\x21-\x7e]{1,200}")


def etag(row_revision: int) -> str:
    """The strong entity tag of a row."""
    return f'"{row_revision}"'


def seen_revision(request: Request) -> int:
    """The row revision that ``If-Match`` names.

    Raises ``BadInput``: ``if_match_needed`` without one, ``if_match_any`` for ``*``, which would overwrite
    whatever stands there, ``if_match_wrong`` for anything but one strong tag of a row.
    """
    told = request.headers.getlist("if-match")
    if not told:
        raise BadInput("if_match_needed")
    if told == ["*"]:
        raise BadInput("if_match_any")
    tag = ETAG.fullmatch(told[0]) if len(told) == 1 else None
    if tag is None or int(tag[1]) > LATEST:
        raise BadInput("if_match_wrong", found=", ".join(told)[:100])
    return int(tag[1])


class Receipts:
    """The key of one request, to be joined with what its body turns out to be."""

    def __init__(self, request: Request, principal: Principal) -> None:
        """Raises ``BadInput`` (``idempotency_key_wrong``) for a key that is none."""
        told = request.headers.getlist("idempotency-key")
        if told and (len(told) > 1 or not KEY.fullmatch(told[0])):
            raise BadInput("idempotency_key_wrong")
        self._request, self._principal = request, principal
        self._key = told[0] if told else None

    def of(self, body: Any) -> Receipt | None:
        """The receipt of the request with this body; ``None`` where it has no key."""
        request = self._request
        told = [request.headers.get("if-match"), body]
        return receipt_for(self._principal, request.method, request.url.path, self._key, told)


def receipts_of(request: Request, principal: PrincipalDep) -> Receipts:
    return Receipts(request, principal)


SeenDep = Annotated[int, Depends(seen_revision)]
ReceiptsDep = Annotated[Receipts, Depends(receipts_of)]
