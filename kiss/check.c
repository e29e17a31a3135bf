/* SPDX-License-Identifier: MIT
 *
 * Checks on KISS frames: see check.h. A line is slow: bit by bit is fast
 * enough.
 */
#include "kiss/check.h"

#define SMACK_MARK 0x80
#define SMACK_POLY 0xa001	/* 8005, reflected */
#define FLEXNET_MARK 0x20
#define FLEXNET_POLY 0x8408	/* 1021, reflected */
#define FLEXNET_START 0xffff

static const char *const names[KISS_CHECK_COUNT] = {
	[KISS_CHECK_NONE] = "none",
	[KISS_CHECK_SMACK] = "smack",
	[KISS_CHECK_FLEXNET] = "flexnet",
	[KISS_CHECK_XOR] = "xor",
};

const char *kiss_check_name(enum kiss_check how)
{
	return (unsigned)how < KISS_CHECK_COUNT ? names[how] : "?";
}

static uint8_t mark(enum kiss_check how)
{
	return how == KISS_CHECK_SMACK ? SMACK_MARK :
	       how == KISS_CHECK_FLEXNET ? FLEXNET_MARK : 0;
}

bool kiss_check_fits(enum kiss_check how, uint8_t port)
{
	return !(port << 4 & mark(how));
}

/* One byte through a reflected polynomial. */
static uint16_t reflected(uint16_t crc, uint16_t poly)
{
	for (int i = 0; i < 8; i++)
		crc = (uint16_t)(crc & 1 ? crc >> 1 ^ poly : crc >> 1);
	return crc;
}

static uint16_t smack(uint16_t crc, uint8_t b)
{
	return reflected(crc ^ b, SMACK_POLY);
}

/* The table of the reflected CRC, used the other way round. */
static uint16_t flexnet(uint16_t crc, uint8_t b)
{
	uint16_t t = reflected((uint8_t)~(crc >> 8 ^ b), FLEXNET_POLY);

	return (uint16_t)(crc << 8 ^ t ^ 0xff);
}

static uint16_t xor(uint16_t crc, uint8_t b)
{
	return crc ^ b;
}

static const struct {
	uint16_t (*step)(uint16_t crc, uint8_t b);
	uint16_t start;
	uint8_t size;
} checks[KISS_CHECK_COUNT] = {
	[KISS_CHECK_SMACK] = { smack, 0, 2 },
	[KISS_CHECK_FLEXNET] = { flexnet, FLEXNET_START, 2 },
	[KISS_CHECK_XOR] = { xor, 0, 1 },
};

static uint16_t sum(enum kiss_check how, uint8_t type, struct span data)
{
	uint16_t crc = checks[how].step(checks[how].start, type);

	for (size_t i = 0; i < data.n; i++)
		crc = checks[how].step(crc, data.p[i]);
	return crc;
}

static bool covers(enum kiss_check how, uint8_t command)
{
	return how == KISS_CHECK_XOR ? command != KISS_POLL :
	       how != KISS_CHECK_NONE && command == KISS_DATA;
}

static void put(enum kiss_check how, uint8_t *dst, uint16_t crc)
{
	if (how == KISS_CHECK_SMACK)
		le_put(dst, 2, crc);
	else
		be_put(dst, checks[how].size, crc);
}

size_t kiss_check_add(enum kiss_check how, uint8_t *frame, size_t n)
{
	if (!covers(how, frame[0] & 0x0f))
		return n;
	frame[0] |= mark(how);
	put(how, frame + n, sum(how, frame[0], SPAN(frame + 1, n - 1)));
	return n + checks[how].size;
}

bool kiss_check_take(enum kiss_check how, struct kiss_frame *f)
{
	uint8_t type = (uint8_t)(f->port << 4 | f->command);
	uint8_t want[KISS_CHECK_SIZE_MAX];
	size_t n;

	if (!covers(how, f->command) || (type & mark(how)) != mark(how))
		return true;
	if (f->data.n < checks[how].size)
		return false;
	n = f->data.n - checks[how].size;
	put(how, want, sum(how, type, SPAN(f->data.p, n)));
	if (memcmp(want, f->data.p + n, checks[how].size) != 0)
		return false;
	f->data.n = n;
	f->port = (uint8_t)(f->port & ~(mark(how) >> 4));
	return true;
}
