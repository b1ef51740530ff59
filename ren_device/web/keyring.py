"""Makes the keys of /v1 and knows them again; what is kept of a key cannot be used as one."""

import hashlib
import hmac
import logging
import secrets

from ren_device.errors import StoreError
from ren_device.model import ApiKey
from ren_device.ports import ApiKeyStore, Clock
from ren_device.web.errors import ApiError

MOST_KEYS = 100
NAME_CHARS = 60
_PREFIX = "ren_"
_RANDOM_BYTES = 32

_log = logging.getLogger(__name__)


class Keyring:
    """The keys of this speaker. A key is random enough that a plain SHA-256 hides it."""

    def __init__(self, store: ApiKeyStore, clock: Clock) -> None:
        """Nothing is remembered here: what is in the store is what counts."""
        self._store = store
        self._clock = clock

    async def new(self, name: str) -> tuple[ApiKey, str]:
        """Make a key; what is returned with it is the key itself, which nobody can show again.

        Raises ApiError: 422 for a name that is blank, too long or unprintable, 409 when there are
        too many keys; and StoreError.
        """
        name = name.strip()
        if not (0 < len(name) <= NAME_CHARS and name.isprintable()):
            raise ApiError(422, f"A key needs a name of 1 to {NAME_CHARS} printable characters.")
        if len(await self._store.all()) >= MOST_KEYS:
            raise ApiError(409, f"There are {MOST_KEYS} keys already; revoke one first.")
        secret = _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
        return await self._store.add(name, _digest(secret), self._clock.now()), secret

    async def all(self) -> list[ApiKey]:
        """Oldest first. Raises StoreError."""
        return await self._store.all()

    async def revoke(self, key_id: int) -> ApiKey:
        """The key that is no longer good. Raises ApiError 404, and StoreError."""
        key = await self._store.remove(key_id)
        if key is None:
            raise ApiError(404, f"There is no key {key_id}.")
        return key

    async def holder(self, secret: str) -> ApiKey | None:
        """Which key this is, if any; takes as long for a wrong one. Notes the day of its use.

        Raises StoreError.
        """
        digest = _digest(secret)
        found = [key for key in await self._store.all() if hmac.compare_digest(key.digest, digest)]
        if not found:
            return None
        await self._note_use(found[0])
        return found[0]

    async def _note_use(self, key: ApiKey) -> None:
        today = self._clock.now().date()
        if key.last_used == today:
            return
        try:
            await self._store.mark_used(key.id, today)
        except StoreError as error:
            # Worth less than the request that it would cost.
            _log.warning("the use of key %d was not noted: %s", key.id, error)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogateescape")).hexdigest()
