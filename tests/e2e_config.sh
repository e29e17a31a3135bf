#!/bin/bash
# SPDX-License-Identifier: MIT
# What cairnd and cairn say when something is wrong, and their exit codes.
. "$(dirname "$0")/lib.sh"

# expect CODE TEXT COMMAND...: exits so and says so
expect() {
	local code=$1 text=$2 got
	shift 2
	got=$("$@" 2>&1 < /dev/null)
	[ $? = "$code" ] || fail "$*: not exit $code: $got"
	[[ $got == *"$text"* ]] || fail "$*: '$text' is missing in: $got"
}
conf() { printf "$1" > "$D/conf"; }
check() { "$O/cairnd" -d "$D/a" -n --config "$D/conf"; }

# the file
conf 'callsign = N0CALL-7\n\ndutty = 1\n'
expect 2 "$D/conf:3: unknown key 'dutty'" check
conf '[port a]\ndevice = kiss:/dev/null\nduty = 10\n'
expect 2 "$D/conf:3: duty wants" check
conf 'callsign = N0CALL-7\ntransmit = yes\n'
expect 2 "N0CALL is a placeholder: put your own call sign here" check
conf 'callsign = N0CALL-7\n'
expect 2 "N0CALL is a placeholder: put your own call sign here" check
conf 'transmit = yes\n'
expect 2 "no call sign" check
expect 2 "No such file" "$O/cairnd" -n --config "$D/none"
"$O/cairn" config example > "$D/conf"
expect 2 "N0CALL is a placeholder" check
sed -i s/N0CALL-7/Q1AAA-7/ "$D/conf"
expect 0 "" check
expect 0 "" c a config check "$D/conf"
conf 'junk\n'
expect 2 "$D/conf:1:" c a config check "$D/conf"

# flags
expect 2 usage "$O/cairnd" --nonsense
expect 2 "duty wants" "$O/cairnd" -n --port kiss:/dev/null,duty=x
expect 2 "no port of cairn-air" "$O/cairnd" -n --time-scale 10 --port kiss:/dev/null
expect 0 "device = kiss:/dev/null" "$O/cairnd" -nv -d "$D/a" --port kiss:/dev/null

# the key
expect 2 "no key yet" "$O/cairnd" -d "$D/a"
expect 0 author c a key gen
expect 1 "there is a key already" c a key gen
chmod 644 "$D/a/key"
expect 4 "others can read" "$O/cairnd" -d "$D/a"
expect 4 "others can read" c a key show
chmod 600 "$D/a/key"
printf short > "$D/short"; mkdir "$D/b"; cp "$D/short" "$D/b/key"; chmod 600 "$D/b/key"
expect 2 "not a key" "$O/cairnd" -d "$D/b"

# without a daemon
expect 3 "next steps" "$O/cairn" -d "$D/a"
expect 3 "no cairnd" c a create R-1 form
expect 3 "no cairnd" c a status --json
expect 1 "no log here" c none view
expect 2 "no such verb" c a frobnicate
expect 2 "words are missing" c a set R-1
expect 2 "unknown option" c a view --nonsense
for verb in status heard neighbours feeds log view why conflicts forms monitor create set unset note tx mute key config; do
	expect 0 "usage: cairn" "$O/cairn" $verb --help
done

# with one
expect 2 "N0CALL is a placeholder: put your own call sign here" "$O/cairnd" -d "$D/a" --callsign N0CALL-7
station a
expect 1 "another cairnd" "$O/cairnd" -d "$D/a"
expect 1 "no call sign" c a tx on
expect 1 "no port yet" c a tx test
expect 2 "JSON" c a set R-1 f --json '{'
expect 0 "" c a set R-1 f 007
expect 0 'f = "007"' c a view R-1
expect 0 "" c a set R-1 f 12.5
expect 0 'f = 12.5' c a view R-1
expect 0 "" c a set R-1 f --text true
expect 0 'f = "true"' c a view R-1
expect 0 "" c a set R-1 f --json '[1,{"a":null}]'
expect 0 'f = [1, {"a": null}]' c a view R-1
expect 0 "" c a unset R-1 f
expect 0 "R-1" c a view R-1
end a
[ "$status" = 0 ] || fail "SIGTERM: exit $status"
expect 2 "holds the dataset 'default'" "$O/cairnd" -d "$D/a" --dataset other
say "messages and exit codes are as documented"
