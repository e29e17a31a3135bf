# SPDX-License-Identifier: MIT
# The harness's lines to those of `make bench`: medians of its rounds, Cairn
# beside each of the others.

function after(key, nth,   i)
{
	for (i = 1; i < NF; i++)
		if ($i == key && --nth == 0)
			return $(i + 1)
	return 0
}

function put(what, unit, value,   k)
{
	k = what SUBSEP $1
	if (!(what in units))
		order[++n_order] = what
	units[what] = unit
	v[k, ++n[k]] = value
}

function median(what, name,   k, i, j, t, m)
{
	k = what SUBSEP name
	m = n[k]
	for (i = 2; i <= m; i++)
		for (j = i; j > 1 && v[k, j] < v[k, j - 1]; j--) {
			t = v[k, j]; v[k, j] = v[k, j - 1]; v[k, j - 1] = t
		}
	return v[k, int(m / 2) + 1]
}

{
	gsub(/[()=|;]/, " ")
	batch = after("b", 1)
	if ($5 != "ok") {
		print "bench: " $1 " does not hold what was written" > "/dev/stderr"
		bad = 1
	}
	if (!($1 in seen))
		names[++n_names] = $1
	seen[$1] = 1
	if ($2 == "nod") {
		put("append not durable, " batch " a batch", "records/s", after("append", 1))
		next
	}
	put("append durable, " batch " a batch", "records/s", after("append", 1))
	put("commit p50, " batch " a batch", "us", after("p50", 1))
	put("commit p99, " batch " a batch", "us", after("p99", 1))
	if (batch != 256)
		next
	put("reopen after a clean end, 1 M records", "ms", after("warm", 1))
	put("scan, first", "records/s", 1e6 * after("1st", 1))
	put("scan, warm", "records/s", 1e6 * after("2nd", 1))
	put("scan, cold", "records/s", 1e6 * after("cold", 2))
	put("disk, with what is zeroed ahead", "bytes/byte of payload", after("disk", 1))
}

END {
	for (i = 1; i <= n_order; i++)
		for (j = 1; j <= n_names; j++) {
			if (names[j] == "cairn" || !n[order[i], names[j]])
				continue
			ours = median(order[i], "cairn")
			theirs = median(order[i], names[j])
			printf "{\"bench\":\"log_peers\",\"case\":\"%s\"," \
			       "\"cairn\":%.10g,\"peer_name\":\"%s\",\"peer\":%.10g," \
			       "\"ratio\":%.3f,\"unit\":\"%s\"}\n", order[i], ours,
			       names[j], theirs, (theirs ? ours / theirs : 0),
			       units[order[i]]
		}
	exit bad
}
