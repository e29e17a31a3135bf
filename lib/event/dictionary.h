/* SPDX-License-Identifier: MIT
 *
 * The dictionary of the run codec: at most 4 KiB of text that both sides have
 * before the first byte is sent. It belongs to the protocol version: another
 * dictionary is another version. Empty = none.
 */
#pragma once
#include "lib/base/bytes.h"

#define RUN_DICTIONARY_MAX 4096

/* Static, never freed. */
struct span run_dictionary(void);
