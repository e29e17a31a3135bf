#!/bin/bash
# SPDX-License-Identifier: MIT
# The Debian package: installed, upgraded and purged in a root of its own, the
# unit checked. Needs root, dpkg and a static busybox for its scripts.
set -u
cd "$(dirname "$0")/.." || exit 2
O=${O:-build}
for c in dpkg-deb busybox systemd-analyze objdump; do
	command -v $c > /dev/null || { echo "no $c"; exit 77; }
done
if [ "$(id -u)" != 0 ] || ldd "$(command -v busybox)" > /dev/null 2>&1; then
	echo "needs root and a static busybox"
	exit 77
fi
D=$(mktemp -d)
trap 'rm -rf "$D"' EXIT
fail() { echo "FAIL: $*"; exit 1; }
root=$D/root
mkdir -p "$root/bin" "$root/var/lib/dpkg"/{info,updates,triggers} "$D/deb"
touch "$root/var/lib/dpkg/status"
cp "$(command -v busybox)" "$root/bin/busybox"
for c in sh rmdir test; do ln -s busybox "$root/bin/$c"; done
before() { (cd "$root" && find . -path ./var -prune -o -print | sort); }
before > "$D/before"

make --no-print-directory O="$O" install DESTDIR="$D/deb" PREFIX=/usr > "$D/log" 2>&1 || { cat "$D/log"; fail "make install"; }
daemon/debian/build 0.1 "$D/deb" "$D/one.deb" > /dev/null || fail "build"
sed -i 's/^Version: .*/Version: 0.2/' "$D/deb/DEBIAN/control"
dpkg-deb -Znone --root-owner-group --build "$D/deb" "$D/two.deb" > /dev/null
dpkg-deb -f "$D/one.deb" Depends | grep -q 'liburing2.*libzstd1' || fail "dependencies: $(dpkg-deb -f "$D/one.deb" Depends)"

package() { PATH=$PATH:/sbin:/usr/sbin dpkg --root="$root" --force-depends --force-script-chrootless --force-confold "$@" > "$D/log" 2>&1 || { cat "$D/log"; fail "dpkg $*"; }; }
package -i "$D/one.deb"
for f in usr/bin/cairnd usr/bin/cairn etc/cairn/cairn.conf usr/lib/systemd/system/cairnd.service \
	usr/lib/udev/rules.d/70-cairn-tnc.rules \
	usr/share/man/man8/cairnd.8.gz usr/share/bash-completion/completions/cairn; do
	[ -e "$root/$f" ] || fail "no $f"
done
"$root/usr/bin/cairnd" -n --config "$root/etc/cairn/cairn.conf" 2> "$D/log"
grep -q 'N0CALL is a placeholder' "$D/log" || fail "the example is taken as it is"
echo '# edited' >> "$root/etc/cairn/cairn.conf"
package -i "$D/two.deb"
grep -q '# edited' "$root/etc/cairn/cairn.conf" || fail "an upgrade replaced the configuration"
cp -n /usr/lib/systemd/system/*.target "$root/usr/lib/systemd/system/"
verify=$(systemd-analyze verify --man=no --root="$root" /usr/lib/systemd/system/cairnd.service 2>&1 | grep cairnd)
[ -z "$verify" ] || fail "systemd-analyze verify: $verify"
level=$(systemd-analyze security --offline=true "$root/usr/lib/systemd/system/cairnd.service" | grep -o 'cairnd.service: [0-9.]*' | cut -d' ' -f2)
awk -v l="$level" 'BEGIN { exit !(l > 0 && l <= 2.5) }' || fail "exposure $level"
find "$root/usr/lib/systemd/system" ! -name cairnd.service -mindepth 1 -delete
package --purge cairn
before > "$D/after"
diff "$D/before" "$D/after" || fail "purging leaves this behind"

# completion offers verbs, a verb's words and options, a station's names
cat > "$D/complete" << 'B'
. tools/cairn.bash
try() {
	local want=$1
	shift
	COMP_WORDS=(cairn "$@") COMP_CWORD=$# COMPREPLY=()
	_cairn
	[ "${COMPREPLY[*]}" = "$want" ] || { echo "'$*': '${COMPREPLY[*]}', not '$want'"; exit 1; }
}
try metrics me
try 'on off' tx o
try 'tx duty' order Q1AAA ''
try --link decode --li
try --since-frontier export --s
try 'R-7 R-8' -d "$1" set ''
B
PATH=$PWD/$O:$PATH
cairn -d "$D/station" key gen > /dev/null
cairnd -d "$D/station" > "$D/log" 2>&1 &
pid=$!
for _ in $(seq 50); do [ -S "$D/station/control" ] && break; sleep 0.1; done
cairn -d "$D/station" create R-7 form > /dev/null && cairn -d "$D/station" create R-8 form > /dev/null || fail "create"
complete=$(bash "$D/complete" "$D/station")
kill $pid; wait $pid
[ -z "$complete" ] || fail "completion: $complete"
echo "installed, upgraded, purged; exposure $level"
