"""Who this Ren is: /identity and /identity/attest."""

import base64
import json

from aiohttp import web

from ren_device.web import answers
from ren_device.web.describe import Described
from ren_device.web.keys import SERVICES, Identity
from ren_device.web.schemas import answer_json

routes = web.RouteTableDef()

NOTE = "self-signed; external attestation not yet wired (see ATTEST_ENDPOINT)"
_CARD: answers.IdentityCard = {
    "kind": "ren-identity",
    "version": 1,
    "public_key": "9f" * 32,
    "root": "local-file",
}


@routes.get("/identity")
@Described("Who this Ren is", tag="The speaker", answer=answers.IdentityCard, example=_CARD)
async def identity(request: web.Request) -> web.Response:
    """The card. The key behind it is made on first start and never leaves the device."""
    return answer_json(_card(request.app[SERVICES].identity))


@routes.post("/identity/attest")
@Described(
    "Who this Ren is, signed",
    tag="The speaker",
    answer=answers.Attestation,
    example={
        "card": _CARD,
        "signature": base64.b64encode(bytes(64)).decode(),
        "verified_by": None,
        "note": NOTE,
    },
)
async def attest(request: web.Request) -> web.Response:
    """The card, signed with its own key: proof that Ren holds it. No body is needed."""
    key = request.app[SERVICES].identity
    card = _card(key)
    return answer_json(
        {
            "card": card,
            "signature": base64.b64encode(key.sign(canonical_json(card))).decode(),
            "verified_by": None,
            "note": NOTE,
        }
    )


def _card(key: Identity) -> answers.IdentityCard:
    return {
        "kind": "ren-identity",
        "version": 1,
        "public_key": key.public_key_hex,
        "root": "local-file",
    }


def canonical_json(card: answers.IdentityCard) -> bytes:
    """The bytes that are signed: UTF-8, keys sorted, no spaces."""
    text = json.dumps(card, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()
