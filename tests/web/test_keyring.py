import base64
import logging

import pytest

from ren_device.web.doorkeeper import ADDRESSES, FORGIVEN_S, TRIES, Doorkeeper
from ren_device.web.errors import ApiError
from ren_device.web.keyring import MOST_KEYS, Keyring
from tests.web.messages_house import MemoryKeys
from tests.web.web_house import NOW, FixedClock


@pytest.fixture
def keys() -> MemoryKeys:
    return MemoryKeys()


@pytest.fixture
def keyring(keys: MemoryKeys) -> Keyring:
    return Keyring(keys, FixedClock())


async def test_a_new_key_is_long_random_and_not_kept(keys: MemoryKeys, keyring: Keyring) -> None:
    (first, secret), (_, other) = await keyring.new(" laptop "), await keyring.new("laptop")
    assert (first.id, first.name, first.created_at) == (1, "laptop", NOW)
    assert secret.startswith("ren_")
    assert len(base64.urlsafe_b64decode(secret.removeprefix("ren_") + "=")) == 32
    assert secret != other
    assert secret not in str([(key.name, key.digest) for key in keys.kept])
    assert len(first.digest) == 64


async def test_a_key_is_known_again_and_no_other_is(keyring: Keyring) -> None:
    made, secret = await keyring.new("laptop")
    found = await keyring.holder(secret)
    assert found is not None
    assert found.id == made.id
    for wrong in ("", "ren_", secret[:-1], secret + "x", secret.upper(), made.digest, "\udcff"):
        assert await keyring.holder(wrong) is None


async def test_a_revoked_key_opens_nothing(keyring: Keyring) -> None:
    made, secret = await keyring.new("laptop")
    _, other = await keyring.new("phone")
    assert (await keyring.revoke(made.id)).name == "laptop"
    assert await keyring.holder(secret) is None
    assert await keyring.holder(other) is not None
    assert [key.name for key in await keyring.all()] == ["phone"]
    with pytest.raises(ApiError, match="no key 1") as refused:
        await keyring.revoke(made.id)
    assert refused.value.status == 404


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "line\nbreak", "\x1b[31m"])
async def test_a_name_can_be_read(keyring: Keyring, name: str) -> None:
    with pytest.raises(ApiError, match="1 to 60") as refused:
        await keyring.new(name)
    assert refused.value.status == 422


async def test_there_are_not_endless_keys(keyring: Keyring) -> None:
    for number in range(MOST_KEYS):
        await keyring.new(str(number))
    with pytest.raises(ApiError, match="revoke one"):
        await keyring.new("one more")


async def test_use_is_noted_once_a_day(keys: MemoryKeys, keyring: Keyring) -> None:
    _, secret = await keyring.new("laptop")
    assert keys.kept[0].last_used is None
    for _ in range(3):
        await keyring.holder(secret)
    assert keys.kept[0].last_used == NOW.date()
    assert keys.notes == 1


async def test_a_full_disk_costs_the_note_and_not_the_request(
    keys: MemoryKeys, keyring: Keyring, caplog: pytest.LogCaptureFixture
) -> None:
    _, secret = await keyring.new("laptop")
    keys.broken = True
    with caplog.at_level(logging.DEBUG):
        assert await keyring.holder(secret) is not None
    assert "not noted" in caplog.text
    assert secret not in caplog.text
    assert keys.kept[0].digest not in caplog.text


async def test_wrong_keys_are_counted_by_address_for_a_minute() -> None:
    clock = FixedClock()
    doorkeeper = Doorkeeper(Keyring(MemoryKeys(), clock), clock)
    for _ in range(TRIES):
        doorkeeper._count("10.0.0.1")
    with pytest.raises(ApiError) as refused:
        doorkeeper._count("10.0.0.1")
    assert (refused.value.status, refused.value.retry_after_s) == (429, FORGIVEN_S)
    doorkeeper._count("10.0.0.2")
    clock.seconds += FORGIVEN_S
    doorkeeper._count("10.0.0.1")


async def test_only_so_many_addresses_are_remembered() -> None:
    clock = FixedClock()
    doorkeeper = Doorkeeper(Keyring(MemoryKeys(), clock), clock)
    for number in range(3 * ADDRESSES):
        doorkeeper._count(str(number))
    assert len(doorkeeper._wrong) == ADDRESSES
