#!/usr/bin/env bash
# Makes sure that what the build needs from the system is there: a C compiler, the headers of
# Python, the venv module and, with a second argument "sanitizer", the address sanitizer's library,
# with "arm" the cross compiler.
# As root on a Debian system it installs what is missing; otherwise it says what to install.
#
# Usage: makefiles/require.sh PYTHON [sanitizer|arm]
set -eu
python=${1:-}
what=${2:-}

if [ -z "$python" ] || ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "pynn_eprop needs Python 3.11 or newer; none was found on PATH." >&2
  echo "Install one, or name it: make PYTHON=/path/to/python3.11 ..." >&2
  exit 1
fi

missing() {
  command -v "${CC:-cc}" >/dev/null 2>&1 || echo gcc libc6-dev
  local include
  include=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
  [ -f "$include/Python.h" ] || echo python3-dev
  "$python" -c 'import venv, ensurepip' >/dev/null 2>&1 || echo python3-venv
  if [ "$what" = sanitizer ] && command -v gcc >/dev/null 2>&1; then
    [ -f "$(gcc -print-file-name=libasan.so)" ] || echo gcc libc6-dev
  fi
  if [ "$what" = arm ]; then
    if ! command -v arm-none-eabi-gcc >/dev/null 2>&1; then
      echo gcc-arm-none-eabi libnewlib-arm-none-eabi
    elif [ ! -f "$(arm-none-eabi-gcc -print-file-name=libc.a)" ]; then
      echo libnewlib-arm-none-eabi
    fi
  fi
}

packages=$(missing | tr '\n' ' ')
[ -n "${packages// /}" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing system packages: $packages"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # shellcheck disable=SC2086  # a list of names
  apt-get install -y -qq --no-install-recommends $packages >/dev/null
  packages=$(missing | tr '\n' ' ')
  [ -n "${packages// /}" ] || exit 0
fi

echo "Missing from this system: $packages" >&2
echo "On Debian or Ubuntu: sudo apt-get install $packages" >&2
if [ "$what" = arm ]; then
  echo "Elsewhere: a C compiler, the development headers of $python, its venv module, and" \
    "arm-none-eabi-gcc with newlib." >&2
else
  echo "Elsewhere: a C compiler, the development headers of $python, and its venv module." >&2
fi
exit 1
