# SPDX-License-Identifier: MIT
# For tests/peers/reticulum.sh and relay.sh: a stock Reticulum node in D/rns.
# RNS_PATH: a checkout of the reference implementation.
python=
for p in python3 /usr/bin/python3; do
	$p -c "import cryptography, serial" 2> /dev/null && python=$p
done
if ! { [ "${RNS_PATH:-}" ] && [ "$python" ] && command -v socat > /dev/null; }; then
	echo "needs RNS_PATH, socat, python3-cryptography, python3-serial"
	exit 77
fi
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
export PYTHONPATH=$RNS_PATH

wire() {	# wire NAME: a pty pair, our end NAME.ours, theirs NAME.theirs
	run "socat-$1" socat "pty,raw,echo=0,link=$D/$1.ours" \
		"pty,raw,echo=0,link=$D/$1.theirs"
	until_ok 5 test -e "$D/$1.theirs" || fail "no pty"
}

rns() {	# rns TOOL ARGS: one of its utilities, about this node
	local tool=$1
	shift
	$python -m "RNS.Utilities.$tool" --config "$D/rns" "$@" 2> /dev/null
}

# transport < INTERFACES: starts it as a transport node. Its tools may not be
# asked before it says so: the first program there is would take its place.
transport() {
	mkdir "$D/rns"
	cat > "$D/rns/config" <<- END
	[reticulum]
	  enable_transport = Yes
	  instance_name = ${D##*/}
	  respond_to_probes = Yes
	[logging]
	  loglevel = 6
	[interfaces]
	$(cat)
	END
	run rnsd "$python" -m RNS.Utilities.rnsd --config "$D/rns"
	until_ok 30 grep -q "Started rnsd" "$D/rnsd.log" || fail "rnsd does not start"
}
