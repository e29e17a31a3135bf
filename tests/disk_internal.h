/* SPDX-License-Identifier: MIT
 *
 * What disk.c and disk_crash.c share.
 */
#pragma once
#include "tests/disk.h"

void disk_file_reset(struct disk_file *f);
void disk_file_begin(struct disk_file *f);
void disk_op_apply(struct disk_names *n, const struct disk_op *op);
size_t disk_folder(const char *path);
