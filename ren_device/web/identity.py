"""Who this Ren is: /identity and /identity/attest."""

import base64
import json
from collections.abc import Mapping

from aiohttp import web

from ren_device.web.keys import SERVICES, Identity

routes = web.RouteTableDef()

NOTE = "self-signed; external attestation not yet wired (see ATTEST_ENDPOINT)"


@routes.get("/identity")
async def identity(request: web.Request) -> web.Response:
    """The card, unsigned."""
    return web.json_response(_card(request.app[SERVICES].identity))


@routes.post("/identity/attest")
async def attest(request: web.Request) -> web.Response:
    """The card, signed with its own key. A body is ignored."""
    key = request.app[SERVICES].identity
    card = _card(key)
    return web.json_response(
        {
            "card": card,
            "signature": base64.b64encode(key.sign(canonical_json(card))).decode(),
            "verified_by": None,
            "note": NOTE,
        }
    )


def _card(key: Identity) -> Mapping[str, object]:
    return {
        "kind": "ren-identity",
        "version": 1,
        "public_key": key.public_key_hex,
        "root": "local-file",
    }


def canonical_json(card: Mapping[str, object]) -> bytes:
    """The bytes that are signed: UTF-8, keys sorted, no spaces."""
    text = json.dumps(card, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()
