"""Asking a service whether it is there: for nothing, and without quoting it or the key."""

import pytest

from ren_device.engines.claude_client import ASTRA, CLAUDE, Service
from ren_device.engines.cloud_check import reach
from ren_device.errors import CloudError, CloudKeyMissing, CloudUnreachable
from tests.engines.models_service import models_service
from tests.ren import free_port

KEY = "sk-secret"


@pytest.mark.parametrize("service", [CLAUDE, ASTRA])
async def test_one_that_takes_the_key(service: Service) -> None:
    async with models_service(200) as (url, asked):
        await reach(service, KEY, url)
    assert asked == ["GET /v1/models"]


@pytest.mark.parametrize("status", [401, 403])
async def test_one_that_does_not(status: int) -> None:
    async with models_service(status) as (url, _):
        with pytest.raises(CloudKeyMissing, match=r"^REN_API_KEY is not accepted there$"):
            await reach(ASTRA, KEY, url)


@pytest.mark.parametrize("status", [307, 404, 500, 529])
async def test_one_that_answers_otherwise(status: int) -> None:
    async with models_service(status) as (url, asked):
        with pytest.raises(CloudError, match=f"^it answered with the status {status}$"):
            await reach(CLAUDE, KEY, url)
    assert len(asked) == 1  # a second try would hide that the first one failed


async def test_one_that_is_something_else() -> None:
    async with models_service(200, "<html>sk-secret</html>") as (url, _):
        with pytest.raises(CloudError) as told:
            await reach(CLAUDE, KEY, url)
    assert KEY not in str(told.value)


async def test_one_that_is_not_there() -> None:
    with pytest.raises(CloudUnreachable):
        await reach(CLAUDE, KEY, f"http://127.0.0.1:{free_port()}")
