#!/usr/bin/env bash
# Prints a number (SHA-256) that stands for all that the binaries are made of in this repository.
set -euo pipefail
cd "$(dirname "$0")/../.."
find c_models/spinnaker c_models/runtime c_models/include c_models/arm makefiles/spinnaker -type f \
  \( -name '*.[chS]' -o -name '*.ld' -o -name '*.mk' -o -name Makefile \) -print0 |
  LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
