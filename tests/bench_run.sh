#!/bin/bash
# SPDX-License-Identifier: MIT
# bench_run.sh [NAME...]: the benchmarks (all, or those named), JSON lines on
# stdout; what is left out, and why, on stderr. Peers that are not ours:
#
#   SHARED    folder with bench/ (a harness of other logs) and tools/
#   DIREWOLF  folder of Direwolf's source, built here as it is
#   BENCH_DIR where the logs go: a file system on the disk to be measured
set -u
cd "$(dirname "$0")/.." || exit 2
O=$(realpath -m "${O:-build}") CC=${CC:-gcc}
SHARED=${SHARED:-../shared} DIREWOLF=${DIREWOLF:-}
here=$PWD out=$O/bench
mkdir -p "$out" || exit 2

skip() { echo "bench: $*" >&2; }

wants() { [ ${#names[@]} = 0 ] || [[ " ${names[*]} " == *" $1 "* ]]; }

# The stream that the speed figures of others were measured on.
kiss_stream() {
	local make=$SHARED/tools/gen_kiss.py
	if [ ! -e "$out/gen.kiss" ]; then
		[ -e "$make" ] && command -v python3 > /dev/null ||
			{ skip "no $make: the built-in streams only"; return; }
		python3 "$make" 1000000 "$out/gen.kiss" > /dev/null || return
	fi
	export BENCH_KISS=$out/gen.kiss
}

direwolf() {
	local src=$DIREWOLF/src
	[ -e "$src/kiss_frame.c" ] ||
		{ skip "Direwolf left out: DIREWOLF names no source"; return; }
	$CC -O2 -shared -fPIC -fno-semantic-interposition -Wl,-Bsymbolic \
		-w -DKISSUTIL -D_GNU_SOURCE -I"$src" \
		-o "$out/direwolf.so" tests/peers/direwolf_kiss.c \
		"$src/kiss_frame.c" && export BENCH_DIREWOLF=$out/direwolf.so
}

# The back ends whose library is here.
backends() {
	local list="plain prezero cairn" b
	for b in sqlite:sqlite3.h lmdb:lmdb.h rocksdb:rocksdb/c.h; do
		if echo "#include <${b#*:}>" | $CC -E - > /dev/null 2>&1; then
			list="$list ${b%:*}"
		else
			skip "${b%:*} left out: make bench-deps"
		fi
	done
	echo "$list"
}

# The harness measures all of them in turn.
log_peers() {
	local dir=${BENCH_DIR:-/var/tmp}/cairn-bench-peers
	[ -e "$SHARED/bench/logbench.c" ] ||
		{ skip "other logs left out: no $SHARED/bench"; return; }
	make -s -C "$SHARED/bench" O="$out" BACKENDS="$(backends)" CC="$CC" \
		BACKEND_DIR="$here/tests/peers" CFLAGS="-O2 -g -I$here" \
		LIBS_cairn="$O/tests/bench_log_cairn.o $O/libcairn.a \
		$(pkg-config --libs libsodium) -pthread" "$out/logbench" >&2 ||
		return
	mkdir -p "$dir"
	{
		"$out/logbench" "$dir" -n 5000 -b 1 -m 1
		"$out/logbench" "$dir" -n 50000 -b 16 -m 1
		"$out/logbench" "$dir" -n 1000000 -b 256 -m 3
		"$out/logbench" "$dir" -n 1000000 -b 4096 -m 1
	} | tee "$out/logbench.txt" | awk -f tests/bench_peers.awk
	rm -rf "$dir"
}

names=("$@")
if wants kiss; then
	kiss_stream
	direwolf
fi
own=()
for n in "$@"; do [ "$n" = log_peers ] || own+=("$n"); done
if [ $# = 0 ] || [ ${#own[@]} -gt 0 ]; then
	"$O/tests/bench" "${own[@]}" || exit 1
fi
if wants log_peers; then log_peers; fi
