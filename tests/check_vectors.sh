#!/bin/bash
# SPDX-License-Identifier: MIT
# Every vector file through the runner.
cd "$(dirname "$0")/.." || exit 2
exec "${O:-build}/tests/vectors" tests/vectors/*.json
