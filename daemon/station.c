/* SPDX-License-Identifier: MIT
 *
 * A station's folder: see station.h.
 */
#include "daemon/station.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/base/crypto.h"
#include "lib/base/file.h"

#define STATE_MAX (1 << 20)

char *station_path(const struct station *s, const char *name,
		   char dst[STATION_PATH_MAX])
{
	snprintf(dst, STATION_PATH_MAX, "%s/%s", s->dir, name);
	return dst;
}

char *station_mark(const struct station *s, char dst[STATION_MARK_MAX])
{
	char path[STATION_PATH_MAX];
	struct statx x;

	dst[0] = 0;
	if (statx(AT_FDCWD, station_path(s, "events", path), 0,
		  STATX_INO | STATX_BTIME, &x) == 0)
		snprintf(dst, STATION_MARK_MAX, "%llx.%llx.%x",
			 (unsigned long long)x.stx_ino,
			 x.stx_mask & STATX_BTIME ?
			 (unsigned long long)x.stx_btime.tv_sec : 0,
			 x.stx_mask & STATX_BTIME ? x.stx_btime.tv_nsec : 0);
	return dst;
}

static void key_sentence(int e, const char *path, const char *dir,
			 char why[640])
{
	switch (e) {
	case -ENOENT:
		snprintf(why, 640, "%s: no key yet; make one with: "
			 "cairn -d %s key gen", path, dir);
		break;
	case -EPERM:
		snprintf(why, 640, "%s: others can read this key; "
			 "after chmod 600 consider whether it is still secret",
			 path);
		break;
	case -EINVAL:
		snprintf(why, 640, "%s: not a key (64 bytes)", path);
		break;
	default:
		snprintf(why, 640, "%s: %s", path, strerror(-e));
	}
}

int station_open(struct station *s, const char *dir, char why[640])
{
	char path[STATION_PATH_MAX];
	int e;

	if (snprintf(s->dir, sizeof(s->dir), "%s", dir) >=
	    (int)sizeof(s->dir)) {
		snprintf(why, 640, "%.80s...: the path is too long", dir);
		return -ENAMETOOLONG;
	}
	station_path(s, "key", path);
	e = rns_identity_load(&s->identity, path);
	if (e)
		key_sentence(e, path, dir, why);
	return e;
}

void station_fini(struct station *s)
{
	crypto_wipe(&s->identity, sizeof(s->identity));
}

int station_state_read(const struct station *s, struct buf *out)
{
	char path[STATION_PATH_MAX];
	int e = file_read(station_path(s, "state", path), STATE_MAX, out);

	return e == -ENOENT ? 0 : e;
}

int station_state_write(const struct station *s, struct span text)
{
	char path[STATION_PATH_MAX];

	return file_replace(station_path(s, "state", path), 0600, text);
}
