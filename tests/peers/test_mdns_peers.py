"""A stranger on the same network finds the speaker, under its own name, where it is now."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.peers.mdns_lan import Lan, Seen, lan, stop

pytestmark = pytest.mark.peer

KINDS = {"_ren._tcp", "_http._tcp"}
SMALL, GREAT = "11" * 32, "ee" * 32


@pytest.fixture
async def network(tmp_path: Path) -> AsyncGenerator[Lan, None]:
    async with lan(tmp_path) as made:
        yield made


async def test_both_services_are_found_and_are_gone_after_sigterm(network: Lan) -> None:
    name = "Küchen-Ren"
    speaker = await network.speaker(name, SMALL)
    found: dict[str, Seen] = {}
    while found.keys() != KINDS:
        seen = await network.see(lambda each: each.event == "=" and each.name == name)
        found[seen.kind] = seen

    for kind, seen in found.items():
        text = {"version": "1.2.3", "path": "/hub.json", "id": SMALL, "name": name}
        address = network.addresses[0]
        assert seen == Seen("=", name, kind, "kuchen-ren.local", address, 8123, text)

    assert await stop(speaker) == 0
    gone: set[str] = set()
    while gone != KINDS:
        gone.add((await network.see(lambda each: each.event == "-" and each.name == name)).kind)


async def test_two_that_start_together_get_two_names_and_two_hosts(network: Lan) -> None:
    await network.speaker("Twin", GREAT)
    await network.speaker("Twin", SMALL)
    second = await network.see(lambda each: each.event == "=" and each.name == "Twin (2)")

    # Either may be seen under the plain name for a moment: what counts is who keeps it.
    async with asyncio.timeout(30):
        while True:
            first, moved = [await everybody(network, name) for name in ("Twin", "Twin (2)")]
            ids = [{each.text["id"] for each in found} for found in (first, moved)]
            if sorted(map(sorted, ids)) == [[SMALL], [GREAT]]:
                break
    assert {each.text["id"] for each in moved} == {second.text["id"]}
    assert {each.server for each in (*first, *moved)} == {"twin.local", "twin-2.local"}


async def everybody(network: Lan, name: str) -> list[Seen]:
    """The name's services, as somebody sees them who looks now."""
    return [await network.ask(name, kind) for kind in sorted(KINDS)]


async def test_a_speaker_that_moves_is_found_at_its_new_address(network: Lan) -> None:
    await network.speaker("Nomad", SMALL)
    first = await network.see(lambda each: each.event == "=" and each.name == "Nomad")
    await network.move()
    # Nobody hears a goodbye from an address that is no longer there: ask, as a phone would.
    async with asyncio.timeout(15):
        while (second := await network.ask("Nomad")).address == first.address:
            pass

    assert (first.address, second.address) == network.addresses
    assert second.server == first.server == "nomad.local"
