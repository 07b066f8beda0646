#!/bin/sh
# Installs Insula into .venv beside this repository: system libraries where they are missing and can be
# installed, then the Python packages. Run again at any time; it does only what is left to do.
#
#   sh deploy/install.sh            to use it
#   sh deploy/install.sh --test     to work on it (adds the test tools, installs editable)
#
# PYTHON=python3.12 chooses the interpreter.
set -eu
cd "$(dirname "$0")/.."

extra=all
[ "${1:-}" = "--test" ] && extra="test"

# Debian and Ubuntu names: what the wheels of OpenCV, MediaPipe, PortAudio, Qt and WeasyPrint load.
libraries="libgl1 libegl1 libgles2 libglib2.0-0 libportaudio2 libxkbcommon0 libxkbcommon-x11-0 libfontconfig1
  libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-image0 libxcb-render-util0 libxcb-randr0 libxcb-shape0
  libxcb-xkb1 libx11-xcb1 fonts-dejavu-core libpango-1.0-0 libpangoft2-1.0-0"
# What the tests drive the real parts with; a test says so and is skipped where one is missing.
tools="gcc libc6-dev libasound2-plugins pulseaudio pulseaudio-utils espeak-ng ffmpeg xvfb xauth spin openssl
  shellcheck systemd udev gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good"
# The ring is also built for ARM and its instructions looked at; ARM's own packages do not have the cross compiler.
[ "$(uname -m)" = x86_64 ] && tools="$tools gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
[ "$extra" = test ] && libraries="$libraries $tools"

if command -v apt-get >/dev/null 2>&1; then
  missing=""
  for package in $libraries; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
  done
  if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ]; then sudo=""; else sudo="sudo"; fi
    if [ -z "$sudo" ] || command -v sudo >/dev/null 2>&1; then
      echo "installing system libraries:$missing"
      # The packages are words of one list.
      # shellcheck disable=SC2086
      $sudo apt-get update -q && $sudo env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends $missing
    else
      echo "please have these installed by an administrator:$missing" >&2
    fi
  fi
fi

python=${PYTHON:-}
if [ -z "$python" ]; then
  for candidate in python3.12 python3.13 python3.11 python3 python; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      python=$candidate
      break
    fi
  done
fi
if [ -z "$python" ]; then
  echo "Insula needs Python 3.11, 3.12 or 3.13; none was found. Set PYTHON to one." >&2
  exit 1
fi

[ -d .venv ] || "$python" -m venv .venv
stamp=.venv/insula-$extra
# Every shell on Debian, Ubuntu and macOS knows -nt.
# shellcheck disable=SC3013
if [ -e "$stamp" ] && [ "$stamp" -nt pyproject.toml ] && [ "$stamp" -nt setup.py ]; then
  echo "already installed in .venv"
  exit 0
fi
.venv/bin/python -m pip install --quiet --upgrade pip
if [ "$extra" = test ]; then
  .venv/bin/python -m pip install --editable '.[test]'
else
  .venv/bin/python -m pip install '.[all]'
fi
: >"$stamp"
echo "installed: .venv/bin/insula"
