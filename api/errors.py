"""Domain errors at the edge: one table from class to HTTP status, written as problem+json or as a page."""

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from api.deps import words_of
from api.editing.faults import told_beside, told_facts
from api.security import HEADERS
from geo import errors
from maps.page import error_page

STATUS: tuple[tuple[type[errors.PlanError], int], ...] = (
    (errors.BadDistrict, 500),
    (errors.BadInput, 422),
    (errors.NotFound, 404),
    (errors.StaleRevision, 412),
    (errors.SignInNeeded, 401),
    (errors.NotAllowed, 403),
    (errors.TooManyTries, 429),
    (errors.StoreMissing, 503),
    (errors.StoreBusy, 503),
    (errors.StoreError, 500),
    (errors.PlanError, 500),
)
BY_CODE = {
    "no_such_words": 500,
    "no_such_placeholder": 500,
    "no_such_language": 500,
    "store_full": 507,
    "store_unreachable": 503,
    "store_disk_failed": 503,
    "files_failed": 503,
    "body_not_json_type": 415,
    "body_too_large": 413,
    "body_not_json": 400,
    "body_no_object": 400,
    "if_match_needed": 428,
    "if_match_any": 400,
    "if_match_wrong": 400,
    "idempotency_key_wrong": 400,
    "file_type": 415,
    "still_referenced": 409,
}
PROBLEM = "application/problem+json"
log = logging.getLogger("tongchou")


def status_of(error: errors.PlanError) -> int:
    """The HTTP status of the error's code, else of the first class of the table that it is of."""
    if error.code in BY_CODE:
        return BY_CODE[error.code]
    return next(status for kind, status in STATUS if isinstance(error, kind))


def add_error_handlers(app: FastAPI) -> None:
    """Answer every error as the table says."""
    app.add_exception_handler(errors.PlanError, _plan_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unforeseen)


def _plan_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.PlanError)
    status = status_of(error)
    if status >= 500:
        log.error("%s %s: %s", request.method, request.url.path, error)
    if isinstance(error, errors.SignInNeeded) and wants_page(request):
        return _to_sign_in(request)
    words = words_of(request)
    facts = told_facts(error, words)
    answer = _answer(request, status, error.code, words.error(error), facts, told_beside(error))
    if isinstance(error, errors.SignInNeeded):
        answer.headers["www-authenticate"] = "Bearer"
    if isinstance(error, errors.TooManyTries):
        answer.headers["retry-after"] = str(error.facts["seconds"])
    return answer


def _to_sign_in(request: Request) -> Response:
    """On to the sign-in page, and from there back to what was asked; a form has to be filled in again."""
    url = request.url
    asked = url.path + (f"?{url.query}" if url.query else "")
    onward = asked if request.method in ("GET", "HEAD") else "/"
    return RedirectResponse(f"/sign-in?{urlencode({'next': onward})}", 303)


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    key = f"app.error.title_{error.status_code}"
    words = words_of(request)
    title = words(key) if key in words else str(error.detail)
    answer = _answer(request, error.status_code, f"http_{error.status_code}", title, {})
    answer.headers.update(error.headers or {})
    return answer


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [
        {"parameter": ".".join(map(str, fault["loc"][1:])), "problem": fault["msg"]}
        for fault in error.errors()
    ]
    names = ", ".join(fault["parameter"] for fault in faults)
    title = words_of(request)("app.error.title_422", parameters=names)
    return _answer(request, 422, "bad_parameter", title, {"faults": faults})


def _unforeseen(request: Request, error: Exception) -> Response:
    """Outside every middleware: the headers are put on here; the server itself logs the trace."""
    answer = _answer(request, 500, "unforeseen", words_of(request)("app.error.title_500"), {})
    answer.headers.update(HEADERS)
    return answer


def _answer(
    request: Request,
    status: int,
    code: str,
    title: str,
    facts: Mapping[str, Any],
    beside: Mapping[str, Any] = MappingProxyType({}),
) -> Response:
    if wants_page(request):
        words = words_of(request)
        key = f"app.error.advice_{status}"
        advice = words(key) if key in words else words("app.error.advice_500")
        return HTMLResponse(error_page(words, title=title, advice=advice, status=status, code=code), status)
    shown = {
        name: value if isinstance(value, int | float | list) else str(value) for name, value in facts.items()
    }
    body = {"type": "about:blank", "status": status, "code": code, "title": title, "facts": shown, **beside}
    return JSONResponse(body, status, media_type=PROBLEM)


def wants_page(request: Request) -> bool:
    """Whether a person's browser asks for a page, not a script for data."""
    path = request.url.path
    if path.startswith(("/api/", "/static/")) or "x-part" in request.headers:
        return False
    return "text/html" in request.headers.get("accept", "")
