"""Whether a service of the Messages API is there and takes the key, for the price of nothing."""

import asyncio

from ren_device.engines.claude_client import Service, make_client, server_of
from ren_device.errors import CloudError, CloudKeyMissing, CloudUnreachable

PATIENCE_S = 10.0

_REFUSED = (401, 403)


async def reach(service: Service, api_key: str, base_url: str = "") -> None:
    """Ask for the list of models, the way turns would ask. Imports the SDK: seconds, at first.

    Raises CloudUnreachable, CloudKeyMissing when the key is not accepted, and CloudError for any
    other answer. None of them quotes the key or what the service said.
    """
    base_url = server_of(service, base_url)
    client = await asyncio.to_thread(make_client, service, api_key.strip(), base_url)
    import anthropic

    try:
        async with client, asyncio.timeout(PATIENCE_S):
            await client.models.list(limit=1)
    except anthropic.APIStatusError as error:
        if error.status_code in _REFUSED:
            raise CloudKeyMissing(f"{service.key_variable} is not accepted there") from None
        raise CloudError(f"it answered with the status {error.status_code}") from None
    except (anthropic.APIConnectionError, TimeoutError):
        raise CloudUnreachable("it cannot be reached") from None
    except (anthropic.AnthropicError, AttributeError, TypeError, ValueError):
        # The SDK does not check what it builds its objects from.
        raise CloudError("it answered something else than the Messages API would") from None
