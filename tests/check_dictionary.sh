#!/bin/bash
# SPDX-License-Identifier: MIT
# The dictionary in the tree is the one in docs/protocol.md, and the one that
# is made from its text, if libzstd is the release that it was made with.
cd "$(dirname "$0")/.." || exit 2
train=${O:-build}/tests/train
[ -x "$train" ] || { echo "no $train"; exit 77; }
bytes=$(sed -n 's/0x\(..\),/\\x\1/gp' lib/event/dictionary.c)
hash=$(printf "${bytes//[[:space:]]/}" | sha256sum | cut -d' ' -f1)
grep -q "$hash" docs/protocol.md || { echo "docs/protocol.md lacks $hash"; exit 1; }
[ "$(pkg-config --modversion libzstd)" = 1.5.4 ] || { echo "another libzstd"; exit 77; }
"$train" | cmp - lib/event/dictionary.c || exit 1
echo "dictionary: ok"
