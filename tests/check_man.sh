#!/bin/bash
# SPDX-License-Identifier: MIT
# The man pages are clean mdoc.
cd "$(dirname "$0")/.." || exit 2
command -v mandoc > /dev/null || { echo "no mandoc"; exit 77; }
pages=(docs/*.[158])
mandoc -Tlint -W warning "${pages[@]}" || exit 1
echo "${#pages[@]} pages"
