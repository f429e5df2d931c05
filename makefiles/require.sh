#!/usr/bin/env bash
# Makes sure that what the build needs from the system is there: a C compiler, the headers of
# Python, the venv module and, with a second argument "sanitizer", the address sanitizer's library,
# with "arm" the cross compiler, with "speech" what makes speech: flite, recordings, a text.
# As root on a Debian system it installs what is missing; otherwise it says what to install.
#
# Usage: makefiles/require.sh PYTHON [sanitizer|arm|speech]
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
  if [ "$what" = speech ]; then
    command -v flite >/dev/null 2>&1 || echo flite
    [ -d /usr/share/pocketsphinx/test/data/librivox ] || echo pocketsphinx-testdata
  fi
}

# The novels are in a package that depends on R: its file is enough, in the user's cache.
novels() {
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/pynn-eprop name=r-cran-janeaustenr
  [ -d /usr/lib/R/site-library/janeaustenr ] && return
  compgen -G "$cache/${name}_*.deb" >/dev/null && return
  mkdir -p "$cache"
  if command -v apt-get >/dev/null 2>&1; then
    echo "Downloading $name to $cache"
    [ "$(id -u)" != 0 ] || apt-get update -qq
    (cd "$cache" && apt-get download -qq "$name" 2>/dev/null) && return
  fi
  echo "Missing: Debian's package $name, as a file in $cache" >&2
  echo "On Debian or Ubuntu: cd $cache && apt-get download $name" >&2
  exit 1
}

if [ "$what" = speech ]; then
  novels
fi

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
if [ "$what" = speech ]; then
  echo "Elsewhere: the speech synthesiser flite 2.2 with the voices kal16, awb, slt and rms." >&2
elif [ "$what" = arm ]; then
  echo "Elsewhere: a C compiler, the development headers of $python, its venv module, and" \
    "arm-none-eabi-gcc with newlib." >&2
else
  echo "Elsewhere: a C compiler, the development headers of $python, and its venv module." >&2
fi
exit 1
