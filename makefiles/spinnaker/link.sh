#!/usr/bin/env bash
# Links an application, and says what to do if it does not fit a core's memories.
#
# Usage: link.sh APP LIBRARIES COMMAND...; LIBRARIES is own or official.
set -uo pipefail
app=$1 libraries=$2
shift 2

errors=$("$@" 2>&1) && { [ -z "$errors" ] || echo "$errors" >&2; exit 0; }
echo "$errors" >&2
too_many=$(sed -n "s/.*region \`ITCM' overflowed by \([0-9]*\) bytes.*/\1/p" <<<"$errors" | head -1)
[ -n "$too_many" ] || exit 1
{
  echo "$app does not fit a core: $too_many bytes of instructions too many beside the $libraries" \
    "libraries, compiled by $(arm-none-eabi-gcc --version 2>/dev/null | head -1)."
  echo "What helps:"
  [ "$libraries" = own ] ||
    echo "- our own runtime is 2 KB smaller: unset SPINN_DIRS, then make binaries;"
  echo "- gcc 12.2, which the programs were measured with (docs/spinnaker-runtime.md);"
  echo "- functions that are called once a step or less as Thumb code: SELDOM in" \
    "c_models/spinnaker/core.h."
} >&2
exit 1
