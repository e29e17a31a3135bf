#!/bin/bash
# SPDX-License-Identifier: MIT
# The udev rule, on ttys that are told to be TNCs, in a /dev and /run of its
# own. Needs root and udevadm.
cd "$(dirname "$0")/.." || exit 2
if [ "$(id -u)" != 0 ] || ! command -v udevadm > /dev/null || ! unshare -m true 2> /dev/null || [ ! -e /sys/class/tty/tty14 ]; then
	echo "needs root, udevadm and ttys"
	exit 77
fi
[ "${IN_MOUNTS:-}" ] || IN_MOUNTS=1 exec unshare -m "$0"
fail() { echo "FAIL: $*"; exit 1; }
mount -t tmpfs none /run && mkdir -p /run/udev/rules.d /run/dev || fail "no /run"
for t in 11 12 13 14; do mknod /run/dev/tty$t c 4 $t; done
mknod /run/dev/null c 1 3
cp daemon/cairn-tnc.rules /run/udev/rules.d/70-cairn-tnc.rules
cat > /run/udev/rules.d/65-as-if.rules <<'R'
KERNEL=="tty14", ENV{ID_VENDOR_ID}="04d8", ENV{ID_MODEL_ID}="00dd", ENV{ID_PATH_TAG}="usb-0_2_1_0"
KERNEL=="tty13", ENV{ID_VENDOR_ID}="0403", ENV{ID_MODEL_ID}="ebe0", ENV{ID_SERIAL_SHORT}="AB12"
KERNEL=="tty12", ENV{CAIRN_TNC}="vhf"
R
mount --bind /run/dev /dev || fail "no /dev"

# named TTY NAME: or no name at all
named() {
	udevadm test "/sys/class/tty/$1" > /run/out 2>&1
	grep -E '70-cairn.*(nvalid|nknown|rror)' /run/out && fail "the rule is none"
	if [ "$2" ]; then
		[ "$(readlink "/dev/tnc/$2")" = "../$1" ] || fail "$1 is not $2: $(ls /dev/tnc)"
		grep -q '^ID_MM_PORT_IGNORE=1' /run/out || fail "ModemManager may talk to $1"
	else
		grep -q '^ID_MM_PORT_IGNORE\|LINK.*tnc' /run/out && fail "$1 is no TNC"
	fi
}
named tty14 ninotnc-usb-0_2_1_0
named tty13 tncx-AB12
named tty12 vhf
named tty11 ''
echo "by model and serial number, by socket, by the operator's rule"
