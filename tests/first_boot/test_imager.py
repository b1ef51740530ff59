"""What Raspberry Pi Imager writes, of several ages, and what Ren takes of it."""

from pathlib import Path

import pytest

from tests.first_boot.card import KEY, OTHER_KEY, Card

PSK = "be9567b8692f4da2b6fc3f14410e327ae4ef77d760996b548072ee6b53d56dc0"
SSID = 'café "5"'
QUOTED_SSID = 'it\'s "5" €'
LOGIN = "$5$abcdefgh$0123456789"

# Imager 2.0.x
USER_DATA_2 = f'''#cloud-config
manage_resolv_conf: false

hostname: "k\\xc3\\xbcche"
manage_etc_hosts: true
packages:
- avahi-daemon
apt:
  preserve_sources_list: true
  conf: |
    Acquire {{
      Check-Date "false";
    }};
timezone: "Europe/Berlin"
keyboard:
  model: pc105
  layout: "de"
user:
  name: "me"
  shell: /bin/bash
  lock_passwd: false
  passwd: "{LOGIN}"
  ssh_authorized_keys:
    - "{KEY}"
    - "{OTHER_KEY}"
  sudo: null
ssh_pwauth: false

runcmd:
  - [ systemctl, enable, --now, ssh ]
'''
NETWORK_2 = f'''network:
  version: 2
  ethernets:
    eth0:
      dhcp4: true
      dhcp6: true
      optional: true
  wifis:
    wlan0:
      dhcp4: true
      regulatory-domain: "NO"
      access-points:
        "caf\\xc3\\xa9 \\"5\\"":
          hidden: true
          password: "{PSK}"
      optional: true
'''
# Imager 1.7 to 1.9
USER_DATA_1 = f"""#cloud-config
hostname: kitchen
manage_etc_hosts: true
timezone: Europe/London
users:
- name: pi
  groups: users,adm
  shell: /bin/bash
  lock_passwd: true
  ssh_authorized_keys:
    - {KEY}
  sudo: ALL=(ALL) NOPASSWD:ALL

"""
NETWORK_1 = f'''version: 2
wifis:
  renderer: networkd
  wlan0:
    dhcp4: true
    optional: true
    access-points:
      "café":
        password: "{PSK}"
'''
OPEN = NETWORK_2.replace(
    f'          password: "{PSK}"', "          auth:\n            key-management: none"
)
HELPER = "/usr/lib/raspberrypi-sys-mods/imager_custom"
# Imager 2 with init_format systemd, and 1.x, which has the host name without a variable.
FIRSTRUN = f"""#!/bin/sh

set +e

IMAGER_HOSTNAME='kitchen'
CURRENT_HOSTNAME=$(cat /etc/hostname | tr -d " \\t\\n\\r")
if [ -f {HELPER} ]; then
   {HELPER} set_hostname "$IMAGER_HOSTNAME"
else
   echo "$IMAGER_HOSTNAME" >/etc/hostname
fi
FIRSTUSER=$(getent passwd 1000 | cut -d: -f1)
FIRSTUSERHOME=$(getent passwd 1000 | cut -d: -f6)
if [ -f {HELPER} ]; then
   {HELPER} enable_ssh -k '{KEY}' '{OTHER_KEY}'
else
   install -o "$FIRSTUSER" -m 700 -d "$FIRSTUSERHOME/.ssh"
cat > "$FIRSTUSERHOME/.ssh/authorized_keys" <<'EOF'
{KEY}
{OTHER_KEY}
EOF
   systemctl enable ssh
fi
if [ -f /usr/lib/userconf-pi/userconf ]; then
   /usr/lib/userconf-pi/userconf 'me' '{LOGIN}'
else
   echo "$FIRSTUSER:{LOGIN}" | chpasswd -e
fi
if [ -f {HELPER} ] && true; then
   {HELPER} set_wlan  -h 'it'"'"'s "5" €' '{PSK}' 'GB'
else
cat >/etc/wpa_supplicant/wpa_supplicant.conf <<'WPAEOF'
country=GB
ctrl_interface=DIR=/var/run/wpa_supplicant GROUP=netdev
ap_scan=1

update_config=1
network={{
	scan_ssid=1
	ssid=hex:697427732022352220e282ac
	key_mgmt=WPA-PSK SAE
	psk={PSK}
	ieee80211w=1
}}
WPAEOF
   chmod 600 /etc/wpa_supplicant/wpa_supplicant.conf
   rfkill unblock wifi
fi
if [ -f {HELPER} ]; then
   {HELPER} set_keymap 'gb'
   {HELPER} set_timezone 'Europe/London'
else
   rm -f /etc/localtime
   echo "Europe/London" >/etc/timezone
fi
rm -f /boot/firstrun.sh
sed -i 's| systemd.run.*||g' /boot/cmdline.txt
exit 0
"""
OLD_NAME = FIRSTRUN.replace("IMAGER_HOSTNAME='kitchen'\n", "").replace(
    '"$IMAGER_HOSTNAME"', "kitchen"
)
# What is said for systems without imager_custom, as the oldest did.
OLDEST = "\n".join(line for line in OLD_NAME.splitlines() if f"{HELPER} " not in line)
CMDLINE = b"console=serial0,115200 quiet"
RUN_WORDS = (
    b" systemd.run=/boot/firstrun.sh systemd.run_success_action=reboot"
    b" systemd.unit=kernel-command-line.target"
)


def no_secrets(card: Card) -> None:
    for each in card.boot.iterdir():
        content = each.read_bytes()
        assert PSK.encode() not in content, each
        assert LOGIN.encode() not in content, each


def test_cloud_init_of_imager_2(tmp_path: Path) -> None:
    card = Card(tmp_path)
    card.put("user-data", USER_DATA_2)
    card.put("network-config", NETWORK_2)
    card.put("meta-data", "instance-id: rpi-imager-1780000000000\n")
    outcome = card.take_over()
    assert outcome.wrong == ()
    assert set(outcome.applied) == {"name", "timezone", "ssh_keys", "wifi"}
    assert 'REN_NAME="küche"\nREN_TIMEZONE="Europe/Berlin"\n' in card.settings
    assert card.keys == f"{KEY}\n{OTHER_KEY}\n"
    for line in (f"ssid={SSID.encode().hex()}", "country=NO", "scan_ssid=1", f"psk={PSK}"):
        assert line in card.wifi
    assert "key_mgmt=WPA-PSK\n" in card.wifi
    no_secrets(card)
    assert "A password for logging in was here" in (card.boot / "user-data").read_text()
    assert not card.take_over().applied


def test_cloud_init_of_imager_1(tmp_path: Path) -> None:
    card = Card(tmp_path)
    card.put("user-data", USER_DATA_1)
    card.put("network-config", NETWORK_1)
    card.put("cmdline.txt", b"quiet cfg80211.ieee80211_regdom=FR ds=nocloud;i=rpi-imager-1")
    assert card.take_over().wrong == ()
    assert 'REN_NAME="kitchen"' in card.settings
    assert card.keys == f"{KEY}\n"
    assert f"ssid={'café'.encode().hex()}" in card.wifi
    assert "country=FR" in card.wifi
    assert "logging in" not in (card.boot / "user-data").read_text()
    no_secrets(card)


def test_an_open_network(tmp_path: Path) -> None:
    card = Card(tmp_path)
    card.put("network-config", OPEN)
    card.take_over()
    assert "key_mgmt=NONE" in card.wifi


@pytest.mark.parametrize("script", [FIRSTRUN, OLD_NAME, OLDEST])
def test_firstrun(tmp_path: Path, script: str) -> None:
    card = Card(tmp_path)
    card.put("firstrun.sh", script)
    card.put("cmdline.txt", CMDLINE + b" cfg80211.ieee80211_regdom=GB" + RUN_WORDS)
    outcome = card.take_over()
    assert outcome.wrong == ()
    assert set(outcome.applied) == {"name", "timezone", "ssh_keys", "wifi"}
    assert 'REN_NAME="kitchen"\nREN_TIMEZONE="Europe/London"\n' in card.settings
    assert card.keys == f"{KEY}\n{OTHER_KEY}\n"
    for line in (f"ssid={QUOTED_SSID.encode().hex()}", "country=GB", "scan_ssid=1"):
        assert line in card.wifi
    no_secrets(card)
    cmdline = (card.boot / "cmdline.txt").read_bytes()
    assert cmdline == CMDLINE + b" cfg80211.ieee80211_regdom=GB"
    assert "A password for logging in was here" in (card.boot / "firstrun.sh").read_text()


def test_a_file_of_imager_that_is_wrong_is_named(tmp_path: Path) -> None:
    card = Card(tmp_path)
    card.put("user-data", "#cloud-config\nhostname: [\n")
    card.put("network-config", NETWORK_2.replace("NO", "XX"))
    card.put("ren.toml", 'name = "Kitchen"\n')
    outcome = card.take_over()
    assert (outcome.applied, set(outcome.wrong)) == (("name",), {"user-data", "network-config"})
    assert "Ren cannot use user-data." in card.errors
    assert "this is not YAML" in card.errors
    assert "country is the two capital letters" in card.errors
    assert PSK in (card.boot / "network-config").read_text()


def test_ren_toml_wins_over_imager_and_imager_over_ren_env(tmp_path: Path) -> None:
    card = Card(tmp_path)
    card.put("ren.toml", 'name = "Strongest"\n[wifi]\nssid = "mine"\n')
    card.put("user-data", USER_DATA_1)
    card.put("network-config", NETWORK_1)
    card.put("ren.env", "REN_NAME=Weakest\r\nREN_TIMEZONE=UTC\r\n# note\r\nREN_PORT=8001\r\n")
    card.take_over()
    assert card.settings == (
        '# Ren\'s settings\nREN_HOST=0.0.0.0\nREN_NAME="Strongest"\n'
        'REN_TIMEZONE="Europe/London"\nREN_PORT=8001\n'
    )
    assert 'ssid="mine"' in card.wifi
    assert "key_mgmt=NONE" in card.wifi
    assert (card.data / "etc/localtime").readlink() == Path("/usr/share/zoneinfo/Europe/London")


def test_the_image_s_own_user_data_says_nothing(tmp_path: Path) -> None:
    card = Card(tmp_path)
    own = Path(__file__).parents[2] / "image/first-boot/user-data"
    card.put("user-data", own.read_bytes())
    assert card.take_over().applied == ()
    assert (card.boot / "user-data").read_bytes() == own.read_bytes()
