"""Draw what a boot's time goes into: image/boot-plot.svg, of a second boot on an idle machine.

`scripts/test-image --plot` runs this, after a `scripts/test-image` that has built the image.
"""

import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from image.test.builds import FIRST, HOUSE, u_boot_of_virt
from image.test.card import Card
from image.test.machine import Machine
from image.test.shell import make_key

# A hundred seconds are a lot: the lines and figures of every fifth are enough.
_TOO_FINE = re.compile(r'<line class="sec(01|1)"|<text class="sec" .*>\d*[1-46-9]\.0s<')


def main() -> None:
    """Boot twice, and write the plot and the critical chain."""
    with TemporaryDirectory(dir=HOUSE / ".image") as name:
        folder = Path(name)
        key = make_key(folder / "key")
        card = Card.flash(FIRST.image, folder / "plotted.img")
        card.put("ren.toml", b'ssh_key = "%s"\n' % key.with_suffix(".pub").read_bytes().strip())
        machine = Machine(card, u_boot_of_virt(), folder, key)
        try:
            machine.boot()
            # It may be gone before it says so.
            machine.run("systemctl --no-block poweroff", check=False)
            machine.wait_until_off()
            took_s = machine.boot()
            done = "systemctl is-system-running --wait"
            machine.run(done, within_s=180, check=False)  # else there is no end to be drawn
            plot = machine.run("systemd-analyze --scale-svg=0.1 plot", within_s=180)
            chain = machine.run("systemd-analyze critical-chain --no-pager ren-device.service")
            time = machine.run("systemd-analyze time")
        finally:
            machine.kill()
    drawn = [line for line in plot.splitlines(keepends=True) if not _TOO_FINE.search(line)]
    (HOUSE / "image" / "boot-plot.svg").write_text("".join(drawn))
    sys.stdout.write(f"From the plug to an answer: {took_s:.0f} s, in QEMU.\n{time}\n{chain}")


if __name__ == "__main__":
    main()
