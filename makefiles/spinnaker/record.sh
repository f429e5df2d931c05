#!/usr/bin/env bash
# Writes build.json beside the binaries: what they were built of, and with what. No date and no path
# is in it: builds of equal sources with equal tools are equal.
# pynn_eprop/spinnaker/binaries/record.py reads it.
#
# Usage: record.sh FOLDER BINARY...; SPINN_DIRS as in common.mk.
set -euo pipefail
folder=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..

if [ -n "${SPINN_DIRS:-}" ]; then
  runtime=official
  release=$(sed -n 's/^#define SLLT_VER_STR *"\(.*\)".*/\1/p' "$SPINN_DIRS/include/version.h")
  version="SLLT $release"
  # the tag of a clone that holds nothing else; SLLT has a number of its own
  if [ "$(git -C "$SPINN_DIRS" rev-parse --show-prefix 2>/dev/null || echo none)" = "" ]; then
    version="spinnaker_tools $(git -C "$SPINN_DIRS" describe --tags --always), $version"
  fi
else
  runtime=own
  version="pynn_eprop $(sed -n 's/^__version__ = "\(.*\)"/\1/p' "$root/pynn_eprop/__init__.py")"
fi

{
  echo "{"
  echo " \"runtime\": \"$runtime\","
  echo " \"version\": \"$version\","
  echo " \"compiler\": \"$(arm-none-eabi-gcc --version | head -1)\","
  echo " \"sources\": \"$("$here/sources.sh")\","
  echo " \"images\": {"
  between=
  for name in "$@"; do
    sum=$(sha256sum "$folder/$name.aplx")
    printf '%s  "%s": "%s"' "$between" "$name" "${sum%% *}"
    between=$',\n'
  done
  printf '\n }\n}\n'
} > "$folder/build.json.new"
mv "$folder/build.json.new" "$folder/build.json"
