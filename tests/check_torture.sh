#!/bin/bash
# SPDX-License-Identifier: MIT
# A short, seeded part of `make torture`.
cd "$(dirname "$0")/.." || exit 2
O=${O:-build}
histories=12
case $O in *san*) histories=2 ;; esac
"$O/tests/torture_log" 1 $histories || exit 1
"$O/tests/torture_kill" 20 200000 || exit 1
case $O in *san*) exit 0 ;; esac
HISTORIES=40 tests/mutants.sh publish_before_sync no_crc_seed no_rewrite_at_recovery \
	no_sync_at_recovery rename_without_folder_sync append_behind_a_crash \
	chain_without_record_crcs no_sync_before_the_name
