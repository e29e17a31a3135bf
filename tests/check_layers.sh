#!/bin/bash
# SPDX-License-Identifier: MIT
# The include table: which folder may include which (docs/hacking.md), no
# cycle between modules, and one file a third-party header.
cd "$(dirname "$0")/.." || exit 2
declare -A may=(
	[lib/base]=""
	[lib/ring]="lib/base"
	[lib/pcapng]="lib/base"
	[lib/log]="lib/base"
	[lib/rns]="lib/base"
	[lib/event]="lib/base lib/rns"
	[lib/feed]="lib/base lib/rns lib/event"
	[lib/view]="lib/base lib/event"
	[lib/store]="lib/base lib/event lib/feed lib/log"
	[lib/sync]="lib/base lib/rns lib/event lib/feed"
	[lib/node]="lib/base lib/rns lib/event lib/feed lib/sync lib/view kiss/codec.h ax25/frame.h"
	[lib/air]="lib/base"
	[lib/ctl]="lib/base"
	[kiss]="lib/base lib/ring"
	[ax25]="lib/base lib/ring"
	[daemon]="lib kiss ax25"
	[tools]="lib kiss ax25"
	[tests/peers]="tests/bench_log.h"
	[tests]="lib kiss ax25 daemon tools"
)
# pure codecs: no engine
declare -A pure=([kiss/codec]=1 [kiss/check]=1 [ax25/frame]=1 [ax25/aprs]=1)
declare -A owner=(
	[liburing.h]="lib/ring/uring.c" [sodium.h]="lib/base/crypto.c"
	[jansson.h]="lib/base/json.c" [cbor.h]="lib/event/payload.c"
	[zstd.h]="lib/event/run.c" [isa-l.h]="lib/sync/parity.c"
	[isa-l/erasure_code.h]="lib/sync/parity.c"
	[netlink/netlink.h]="ax25/netdev.c" [netlink/attr.h]="ax25/netdev.c"
	[netlink/msg.h]="ax25/netdev.c" [ini.h]="daemon/config_file.c"
	[pcap.h]="tools/capture_filter.c" [pcap/pcap.h]="tools/capture_filter.c"
)
bad=0
edges=$(mktemp); trap 'rm -f "$edges"' EXIT
for f in $(git ls-files -co --exclude-standard '*.c' '*.h'); do
	dir=${f%/*}; module=${f%.*}
	while read -r inc; do
		target=${inc%/*}
		[ "$dir" = tests ] || [ "${inc%.*}" = "$module" ] || echo "$module ${inc%.*}" >> "$edges"
		[ "$target" = "$dir" ] && continue
		ok=0
		for m in ${may[$dir]}; do
			case $inc in "$m"/*|"$m") ok=1 ;; esac
		done
		[ "${pure[$module]:-}" ] && case $inc in lib/ring/*) ok=0 ;; esac
		[ $ok = 1 ] || { echo "$f: may not include $inc"; bad=1; }
	done < <(sed -n 's/^#include "\(.*\)"/\1/p' "$f")
	[ "$dir" = tests ] && continue
	while read -r sys; do
		want=${owner[$sys]:-}
		[ -z "$want" ] || [ "$want" = "$f" ] || { echo "$f: only $want includes <$sys>"; bad=1; }
	done < <(sed -n 's/^#include <\(.*\)>/\1/p' "$f")
	head -n 1 "$f" | grep -q 'SPDX-License-Identifier: MIT' || { echo "$f: no SPDX line"; bad=1; }
done
tsort "$edges" > /dev/null 2> "$edges.err" || { echo "include cycle:"; cat "$edges.err"; bad=1; }
[ -s "$edges.err" ] && grep -q loop "$edges.err" && bad=1
rm -f "$edges.err"
[ $bad = 0 ] && echo "layers: ok"
exit $bad
