/* SPDX-License-Identifier: MIT
 *
 * Checks that some TNCs put on KISS frames; which one is a setting of the
 * line, for their marks are port numbers elsewhere.
 *
 *   SMACK    type | 80, frame, CRC-16/ARC low byte first    data frames only
 *   FlexNet  type | 20, frame, CRC high byte first          data frames only
 *   XOR      type, data, XOR of both                        all but polls
 *
 * Each covers the type byte and is taken before escaping.
 */
#pragma once
#include "kiss/codec.h"

enum kiss_check {
	KISS_CHECK_NONE, KISS_CHECK_SMACK, KISS_CHECK_FLEXNET, KISS_CHECK_XOR,
	KISS_CHECK_COUNT,
};
#define KISS_CHECK_SIZE_MAX 2

/* "none", "smack", "flexnet", "xor" */
const char *kiss_check_name(enum kiss_check how);
/* Whether frames of this KISS port can be told from those with the mark. */
bool kiss_check_fits(enum kiss_check how, uint8_t port);

/* Puts mark and check on a frame; frame[0] is the type byte, and behind its n
 * bytes there is room for KISS_CHECK_SIZE_MAX more. The new length. */
size_t kiss_check_add(enum kiss_check how, uint8_t *frame, size_t n);
/* Takes mark and check off a frame. One without the mark is let through as it
 * is. False: the check is wrong or missing. */
bool kiss_check_take(enum kiss_check how, struct kiss_frame *f);
