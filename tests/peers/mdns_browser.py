"""Says what python-zeroconf's own browser sees on loopback, in the words of `avahi-browse -p`."""

import asyncio
import sys

from zeroconf import ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

_KINDS = ["_ren._tcp.local.", "_http._tcp.local."]


async def main() -> None:
    """Print a line for each service that comes or goes, until killed."""
    zeroconf = AsyncZeroconf(interfaces=["127.0.0.1"])
    looking: set[asyncio.Task[None]] = set()

    async def look(kind: str, name: str) -> None:
        info = AsyncServiceInfo(kind, name)
        if await info.async_request(zeroconf.zeroconf, 3000):
            text = " ".join(f'"{key}={value}"' for key, value in info.decoded_properties.items())
            address = info.parsed_addresses()[0]
            say("=", kind, name, f"{(info.server or '').rstrip('.')};{address};{info.port};{text}")

    def changed(
        zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        if state_change is ServiceStateChange.Removed:
            say("-", service_type, name)
        else:
            task = asyncio.create_task(look(service_type, name))
            looking.add(task)
            task.add_done_callback(looking.discard)

    def say(event: str, kind: str, name: str, rest: str = "") -> None:
        label = name.removesuffix(f".{kind}")
        fields = [event, "lo", "IPv4", label, kind.removesuffix(".local."), "local", rest]
        sys.stdout.write(";".join(fields) + "\n")
        sys.stdout.flush()

    AsyncServiceBrowser(zeroconf.zeroconf, _KINDS, handlers=[changed])
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
