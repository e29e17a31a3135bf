#!/bin/bash
# SPDX-License-Identifier: MIT
# The dictionary in the tree is the one in docs/protocol.md, and the one that
# is made from its text.
cd "$(dirname "$0")/.." || exit 2
train=${O:-build}/tests/train
[ -x "$train" ] || { echo "no $train"; exit 77; }
hash=$("$train" raw | sha256sum | cut -d' ' -f1)
grep -q "$hash" docs/protocol.md || { echo "docs/protocol.md lacks $hash"; exit 1; }
"$train" | cmp - lib/event/dictionary.c || exit 1
echo "dictionary: ok"
