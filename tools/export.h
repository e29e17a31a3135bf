/* SPDX-License-Identifier: MIT
 *
 * export: where it goes to, and how far it is.
 */
#pragma once
#include <stdio.h>
#include "lib/base/json.h"
#include "tools/reader.h"

struct export {
	struct reader r;
	FILE *to;
	uint64_t *held;		/* by slot: what the other end holds */
	uint64_t total, done;	/* events, for people who wait */
	uint64_t cut;		/* authors cut short by damage */
	uint64_t shown_us;
};

/* `events` more are written; shows it where a person looks on. */
void export_progress(struct export *x, uint64_t events, bool last);

/* Contents (export_blobs.c): as frames of a bundle or as lines. 0, -errno. */
int export_blobs(struct export *x, bool bundle);

/* Positions (export_geo.c): out of the view, in one of three formats. */
enum export_geo { GEO_NONE, GEO_JSON, GEO_GPX, GEO_KML };
int export_geo(struct export *x, enum export_geo format);
