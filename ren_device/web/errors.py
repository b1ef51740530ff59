"""Every failure becomes `{"detail": …}`, or the shape of its API under /v1, with its status."""

import logging
import time
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from ren_device.errors import (
    AlertError,
    CloudError,
    CloudKeyMissing,
    DeviceError,
    EngineError,
    MutedBySwitch,
    RenError,
    ThreadNotFound,
    TurnTimeout,
    VoiceBusy,
)
from ren_device.web.messages_errors import error_answer, is_messages_path

BUG = "Something went wrong inside Ren; its log says what."

_log = logging.getLogger(__name__)

_STATUS: dict[type[RenError], int] = {
    AlertError: 400,
    ThreadNotFound: 404,
    VoiceBusy: 409,
    MutedBySwitch: 409,
    CloudError: 502,
    CloudKeyMissing: 503,
    EngineError: 503,
    DeviceError: 503,
    TurnTimeout: 504,
}


class ApiError(RenError):
    """A request that is refused here, with its HTTP status. `detail` is what the client reads."""

    def __init__(self, status: int, detail: object, *, retry_after_s: int | None = None) -> None:
        """`detail` is a sentence, or the list form of a 422."""
        super().__init__(str(detail))
        self.status = status
        self.detail = detail
        self.retry_after_s = retry_after_s


def status_of(error: RenError) -> int:
    """The HTTP status for an error of the tree; 500 where nothing better fits."""
    if isinstance(error, ApiError):
        return error.status
    for kind in type(error).__mro__:
        if kind in _STATUS:
            return _STATUS[kind]
    return 500


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer `{"detail": …}`, or the shape of its API under /v1, for whatever a handler raises."""
    try:
        return await handler(request)
    except ApiError as error:
        answer = _answer(request, error.status, error.detail)
        if error.retry_after_s is not None:
            answer.headers["Retry-After"] = str(error.retry_after_s)
        if error.status == HTTPStatus.REQUEST_TIMEOUT:
            answer.force_close()  # nobody waits for the rest
        return answer
    except RenError as error:
        status = status_of(error)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            # The sentence may quote the service or the person, so it stays out of the log.
            _log.warning("%s %s: %s", request.method, raw_path(request), type(error).__name__)
        return _answer(request, status, str(error))
    except web.HTTPRequestEntityTooLarge as error:
        return _answer(
            request, error.status, f"The body is larger than {request.client_max_size} bytes."
        )
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        answer = _answer(request, error.status, error.reason)
        if "Allow" in error.headers:
            answer.headers["Allow"] = error.headers["Allow"]
        return answer
    except Exception:  # noqa: BLE001 - a bug must not cost the others their speaker
        _log.exception("%s %s", request.method, raw_path(request))
        return _answer(request, 500, BUG)


@web.middleware
async def access_log(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Write one debug line per request: method, path, status, milliseconds."""
    if not _log.isEnabledFor(logging.DEBUG):
        return await handler(request)
    started = time.perf_counter()
    status: int | str = "gone"
    try:
        response = await handler(request)
        status = response.status
        return response
    finally:
        elapsed_ms = (time.perf_counter() - started) * 1000
        _log.debug("%s %s %s %.1f ms", request.method, raw_path(request), status, elapsed_ms)


def raw_path(request: web.Request) -> str:
    """The path as it came, still quoted: nobody can write a second line into the log."""
    return request.rel_url.raw_path


def _answer(request: web.Request, status: int, detail: object) -> web.Response:
    if request.writer.output_size > 0:
        # A stream or a socket: a second answer in the middle of it would be noise. Cut it instead.
        raise ConnectionError("an answer is under way already")
    if is_messages_path(request):
        return error_answer(status, detail)
    return web.json_response({"detail": detail}, status=status)
