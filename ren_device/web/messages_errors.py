"""Errors in the shape of the Messages API: what /v1 answers where the rest says `{"detail": …}`."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Literal

from aiohttp import web
from typing_extensions import TypedDict

_KINDS: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class ErrorBody(TypedDict):
    """What went wrong."""

    type: str
    message: str


class Error(TypedDict):
    """It did not work; in a stream this is the last event."""

    type: Literal["error"]
    error: ErrorBody


def is_messages_path(request: web.Request) -> bool:
    """Whether whoever asks speaks the Messages API."""
    return request.path.startswith("/v1/")


def error_answer(status: int, detail: object) -> web.Response:
    """A response. What fails validation is 400 in this API, not 422."""
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        status = HTTPStatus.BAD_REQUEST
    return web.json_response(error_json(status, _sentence(detail)), status=status)


def error_json(status: int, message: str) -> Error:
    """The error that goes with this status, for a body or an event."""
    other = _KINDS[400] if status < HTTPStatus.INTERNAL_SERVER_ERROR else "api_error"
    return {"type": "error", "error": {"type": _KINDS.get(status, other), "message": message}}


def _sentence(detail: object) -> str:
    """One sentence; of the list form of a failed validation, its first entry and where that is."""
    if not isinstance(detail, list):
        return str(detail)
    first: Mapping[str, Any] = detail[0]
    where = ".".join(str(part) for part in first["loc"][1:])
    return f"{where}: {first['msg']}" if where else str(first["msg"])
