/* SPDX-License-Identifier: MIT
 *
 * A station's folder:
 *
 *   DIR/key       64 bytes, mode 0600: the identity as Reticulum writes it
 *   DIR/state     JSON, small, replaced as a whole
 *   DIR/events/   the log (lib/log)
 *   DIR/frames/   the flight recorder, a bounded log, never synced
 *   DIR/control   the control socket
 */
#pragma once
#include "lib/base/buf.h"
#include "lib/rns/rns.h"

#define STATION_PATH_MAX 512

struct station {
	char dir[STATION_PATH_MAX - 16];
	struct rns_identity identity;
};

/* Opens the folder and reads the key. 0, or -errno with a sentence in why:
 * -ENOENT (no folder, no key), -EPERM (a key others can read), ... */
int station_open(struct station *s, const char *dir, char why[640]);
void station_fini(struct station *s);

/* DIR/name; returns dst. */
char *station_path(const struct station *s, const char *name,
		   char dst[STATION_PATH_MAX]);

/* Which folder on which disk the log is in: a copy that is put back has
 * another mark. "" if it cannot be told. */
#define STATION_MARK_MAX 48
char *station_mark(const struct station *s, char dst[STATION_MARK_MAX]);

/* Empty if there is none yet. 0 or -errno. */
int station_state_read(const struct station *s, struct buf *out);
/* All or nothing, durable on return. 0 or -errno. */
int station_state_write(const struct station *s, struct span text);
