/* SPDX-License-Identifier: MIT
 *
 * Small files as a whole: read, and replaced so that neither a reader nor a
 * power cut finds half of one.
 */
#pragma once
#include <sys/types.h>
#include "lib/base/buf.h"

/* Adds all of it to out. 0, -EFBIG (out has max bytes of it or a little more),
 * -errno. */
int file_read(const char *path, size_t max, struct buf *out);
/* PATH.new, synced, renamed and the folder synced. -errno: what path was
 * stands, but where only the folder did not sync. */
int file_replace(const char *path, mode_t mode, struct span content);
/* The folder in which path is: the name of a new file may otherwise not
 * outlive a power cut. 0 or -errno. */
int file_sync_folder(const char *path);
