import base64
from pathlib import Path

from nacl.signing import VerifyKey

from ren_device.engines.identity_key import IdentityKey
from tests.web.web_house import client_of, house


async def test_the_card_names_the_public_key() -> None:
    services, _ = house()
    async with client_of(services) as client, client.get("/identity") as response:
        assert await response.json() == {
            "kind": "ren-identity",
            "version": 1,
            "public_key": "ab" * 32,
            "root": "local-file",
        }


async def test_anyone_can_verify_the_signature_with_the_key_on_the_card(tmp_path: Path) -> None:
    key = IdentityKey.open(tmp_path)
    services, _ = house(identity=key)
    async with client_of(services) as client, client.post("/identity/attest") as response:
        assert response.status == 200
        signed = await response.json()
    card = signed.pop("card")
    signature = base64.b64decode(signed.pop("signature"), validate=True)
    assert signed == {
        "verified_by": None,
        "note": "self-signed; external attestation not yet wired (see ATTEST_ENDPOINT)",
    }
    assert len(signature) == 64
    canonical = (
        f'{{"kind":"ren-identity","public_key":"{key.public_key_hex}",'
        '"root":"local-file","version":1}'
    )
    VerifyKey(bytes.fromhex(card["public_key"])).verify(canonical.encode(), signature)
