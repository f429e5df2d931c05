#!/usr/bin/env bash
# Prints how much of a core's memories an application takes, and its largest symbols.
#
# Usage: report.sh APP.elf LIBRARIES HEAP; fails when less than HEAP bytes of DTCM are left.
set -euo pipefail
elf=$1 libraries=$2 heap=$3
itcm=32512      # 32 KB without the loader's 256 bytes
dtcm=65536
name=$(basename "$elf" .elf)

symbols=$(arm-none-eabi-nm --radix=d "$elf")
symbol() {      # value of whichever of two symbols exists
  awk -v a="$1" -v b="$2" '$3 == a || $3 == b { value = $1 } END { print value + 0 }' <<<"$symbols"
}
code=$(symbol CODE_SIZE RO_LENGTH)
data=$(($(symbol HEAP_LOW HEAP_BASE) - 0x400000))
stack=$(symbol STACK_SIZE STACK_SIZE)
left=$((dtcm - data - stack))

echo "$name ($libraries libraries): ITCM $code of $itcm bytes; DTCM $data data + $stack stacks," \
  "$left of $dtcm left for its heap"
if [ "$code" -gt "$itcm" ] || [ "$left" -lt "$heap" ]; then
  echo "$name does not fit: it wants a heap of $heap bytes; static variables, STACK or HEAP of its" \
    "Makefile must become smaller" >&2
  exit 1
fi
echo
echo "Largest symbols (bytes, kind, name; t and T: code, r and R: constants, others: data)"
arm-none-eabi-nm --radix=d --print-size --size-sort --reverse-sort "$elf" |
  awk 'NR <= 60 { printf "%6d %s %s\n", $2, $3, $4 }'
