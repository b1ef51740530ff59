"""The software bill of materials: CycloneDX 1.6, the same bytes for the same image."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from image.release.inventory import Part

_NAMESPACE = UUID("52454e31-0000-4000-8000-000000000003")


def document(version: str, card_sha256: str, epoch: int, parts: Iterable[Part]) -> dict[str, Any]:
    """The bill of an image; the digest gives its serial number, the build its time."""
    whole = {
        "type": "firmware",
        "bom-ref": "ren",
        "name": "ren",
        "version": version,
        "licenses": [{"license": {"id": "Apache-2.0"}}],
        "hashes": [{"alg": "SHA-256", "content": card_sha256}],
    }
    components = sorted((_component(each) for each in parts), key=lambda each: str(each["bom-ref"]))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(_NAMESPACE, card_sha256)}",
        "version": 1,
        "metadata": {
            "timestamp": f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%dT%H:%M:%SZ}",
            "component": whole,
        },
        "components": components,
        "dependencies": [{"ref": "ren", "dependsOn": [each["bom-ref"] for each in components]}],
    }


def _component(part: Part) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": part.kind,
        "bom-ref": part.purl or f"{part.kind}:{part.name}",
        "name": part.name,
    }
    if part.version:
        component["version"] = part.version
    if part.supplier:
        component["supplier"] = {"name": part.supplier}
    if part.expression:
        component["licenses"] = [{"expression": part.expression}]
    elif part.licences:
        component["licenses"] = [{"license": {"name": each}} for each in part.licences]
    if part.sha256:
        component["hashes"] = [{"alg": "SHA-256", "content": part.sha256}]
    if part.purl:
        component["purl"] = part.purl
    return component
