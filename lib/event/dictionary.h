/* SPDX-License-Identifier: MIT
 *
 * The dictionary of the run codec: columns of made-up field work that the model
 * coder (model.h) has read before the first byte is sent. It belongs to the
 * protocol version: another dictionary is another version.
 */
#pragma once
#include "lib/base/bytes.h"

#define RUN_DICTIONARY_SIZE 20480

/* Static, never freed. */
struct span run_dictionary(void);
