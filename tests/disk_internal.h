/* SPDX-License-Identifier: MIT
 *
 * What the files of the simulated disk share.
 */
#pragma once
#include "tests/disk.h"

void disk_file_reset(struct disk_file *f);
void disk_file_begin(struct disk_file *f);
void disk_op_apply(struct disk_names *n, const struct disk_op *op);
size_t disk_folder(const char *path);

/* The number of a fresh file. */
int disk_file_new(struct disk *d);
/* Before bytes from .. to - 1 change. */
void disk_file_soil(struct disk_file *f, uint32_t from, uint32_t to);
void disk_file_write(struct disk_file *f, const uint8_t *p, uint32_t n,
		     uint32_t at);
void disk_file_resize(struct disk_file *f, uint32_t size);
void disk_file_sync(struct disk_file *f, bool fails);

/* -1: none of that name. */
int disk_name_index(const struct disk_names *n, const char *path);
void disk_name_set(struct disk_names *n, const char *path, int file);
/* Noted for fsync_dir, and done. from or to may be "". */
void disk_name_change(struct disk *d, const char *from, const char *to,
		      int file);
/* The first n bytes of the path are a folder that is there. */
bool disk_folder_exists(const struct disk *d, const char *path, size_t n);
