#!/bin/sh
# Sets up Insula as a headless service on an NVIDIA Jetson with JetPack 7 (Ubuntu 24.04, Python 3.12):
#
#   sudo sh deploy/jetson/install.sh
#
# In /opt/insula (programs), /etc/insula (configuration), /var/lib/insula (sessions). Run again at any time: it does only
# what is left to do, and leaves a configuration that is there as it is. What it could not be tried on: README.md.
#
#   --without-brainflow   do not compile BrainFlow (boards then come over LSL)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
home=/opt/insula
venv=$home/venv
brainflow=5.23.0

say() { printf '== %s\n' "$1"; }
fail() {
  printf 'install.sh: %s\n' "$1" >&2
  exit 1
}

with_brainflow=yes
case "${1:-}" in
  "") ;;
  --without-brainflow) with_brainflow=no ;;
  *) fail "unknown option $1 (there is --without-brainflow)" ;;
esac

[ "$(uname -m)" = aarch64 ] || fail "this is $(uname -m), not a Jetson; elsewhere use deploy/install.sh"
[ -r /etc/nv_tegra_release ] || fail "there is no /etc/nv_tegra_release: this is no Jetson with JetPack"
python3 -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' ||
  fail "the system's Python is $(python3 -V); Insula needs 3.11-3.13, so JetPack 7 (JetPack 6 has 3.10, see README.md)"
[ "$(id -u)" = 0 ] || fail "run it as root: sudo sh $0"

say "system packages"
apt-get update -q
# TensorRT's Python module exists for the system's Python only; the rest is what the wheels load, a compiler for the ring
# and for BrainFlow, and GStreamer for a CSI camera.
DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
  python3-venv python3-libnvinfer libnvonnxparsers10 gcc g++ libc6-dev cmake git \
  libgl1 libegl1 libgles2 libglib2.0-0 libportaudio2 libasound2-plugins \
  gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good

say "user and folders"
id insula >/dev/null 2>&1 || useradd --system --home-dir /var/lib/insula --shell /usr/sbin/nologin insula
for group in video audio dialout render; do
  if getent group "$group" >/dev/null; then usermod -a -G "$group" insula; fi
done
install -d -m 755 "$home" /etc/insula

say "Python packages"
[ -d "$venv" ] || python3 -m venv --system-site-packages "$venv"
"$venv/bin/python" -m pip install --quiet --upgrade pip
INSULA_REQUIRE_RING=1 "$venv/bin/python" -m pip install --quiet "$source" 'cuda-bindings==13.*'
# pylsl's ARM wheel has no liblsl; that of mne-lsl carries one. Only the library is used, so none of its needs.
"$venv/bin/python" -m pip install --quiet --no-deps 'mne-lsl>=1.14'
liblsl=$(find "$venv/lib" -path '*/mne_lsl/lsl/lib/liblsl.so*' | head -n 1)
[ -n "$liblsl" ] || fail "mne-lsl brought no liblsl: build liblsl and set PYLSL_LIB in /etc/insula/environment"

if [ "$with_brainflow" = yes ] && [ ! -e "$home/brainflow-$brainflow" ]; then
  say "BrainFlow $brainflow from source (its ARM wheel has no library; takes some minutes)"
  build=$(mktemp -d)
  trap 'rm -rf "$build"' EXIT
  git clone --quiet --depth 1 --branch "$brainflow" https://github.com/brainflow-dev/brainflow.git "$build"
  (cd "$build" && "$venv/bin/python" tools/build.py)
  "$venv/bin/python" -m pip install --quiet --force-reinstall --no-deps "$build/python_package"
  : >"$home/brainflow-$brainflow"
fi

say "service"
if [ ! -e /etc/insula/environment ]; then
  {
    echo "PYLSL_LIB=$liblsl"
    echo "INSULA_DATA=/var/lib/insula/data"
    echo "INSULA_PLANS=/var/lib/insula/plans"
  } >/etc/insula/environment
fi
[ -e /etc/insula/session.toml ] || install -m 640 -g insula "$here/session.toml" /etc/insula/session.toml
install -m 644 "$here/README.md" "$home/README.md"
install -m 755 "$here/csi-camera.sh" "$home/csi-camera.sh"
install -m 644 "$here/insula.service" "$here/insula-csi.service" /etc/systemd/system/
install -m 644 "$here/99-insula.rules" /etc/udev/rules.d/
install -d -m 755 /etc/systemd/journald.conf.d
install -m 644 "$here/journald-insula.conf" /etc/systemd/journald.conf.d/insula.conf
udevadm control --reload
systemctl daemon-reload
systemctl enable insula.service

say "TensorRT plans (minutes, once)"
install -d -o insula -g insula -m 700 /var/lib/insula /var/lib/insula/plans
su -s /bin/sh insula -c "set -a; . /etc/insula/environment; $venv/bin/insula models build" ||
  echo "no plans: [engine] use = \"cpu\" works without them; 'insula doctor' says what is missing"

say "done: edit /etc/insula/session.toml, then: systemctl start insula; journalctl -fu insula"
