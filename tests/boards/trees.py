"""Made-up /proc trees: what a machine says of itself."""

from pathlib import Path

PI = "Raspberry Pi 4 Model B Rev 1.4"
HDMI = " 0 [vc4hdmi        ]: vc4-hdmi - vc4-hdmi\n                      vc4-hdmi\n"


def card(number: int, card_id: str, driver: str, name: str) -> str:
    """Two lines of /proc/asound/cards, as the kernel writes them."""
    return f"{number:2} [{card_id:<15}]: {driver} - {name}\n                      {name}\n"


SEEED = card(1, "seeed2micvoicec", "seeed-2mic-voic", "seeed-2mic-voicecard")
SEEED_OVERLAY = card(1, "seeed2micvoicec", "simple-card", "seeed2micvoicec")
BONNET = card(1, "voicebonnet", "simple-card", "voicebonnet")
VOICE_HAT = card(1, "sndrpigooglevoi", "RPi-simple", "snd_rpi_googlevoicehat_soundcar")
JABRA = card(2, "USB", "USB-Audio", "Jabra SPEAK 510 USB")
ANKER = card(1, "S330", "USB-Audio", "Anker PowerConf S330")
EMEET = card(1, "M0", "USB-Audio", "eMeet M0")
WEBCAM = card(1, "Webcam", "USB-Audio", "Dynex 1.3MP Webcam")


def tree(root: Path, files: dict[str, str | bytes] | None = None, **said: str) -> Path:
    """A root directory: `model`, `hat`, `hat1`, `hardware`, `cards`; and any other files."""
    places = {
        "model": "proc/device-tree/model",
        "hat": "proc/device-tree/hat/product",
        "hat1": "proc/device-tree/hat1/product",
        "hardware": "proc/device-tree/hardware",
        "cards": "proc/asound/cards",
    }
    written: dict[str, bytes] = {
        places[what]: text.encode() + (b"" if what == "cards" else b"\0")
        for what, text in said.items()
    }
    for place, content in (files or {}).items():
        written[place] = content.encode() if isinstance(content, str) else content
    for place, content in written.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_bytes(content)
    return root
