/* SPDX-License-Identifier: MIT
 *
 * AX.25 v2.2 frames: addresses, control and PID, both ways. The layout is in
 * frame.h.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <strings.h>
#include "ax25/frame.h"

#define CALL_LEN 6
#define PAD 0x40		/* ' ' << 1 */
#define PAD_RETICULUM 0x20	/* what the reference sends instead */
#define C_OR_H 0x80
#define RESERVED 0x60
#define LAST 0x01
#define POLL_FINAL 0x10
#define CONTROL_UI 0x03

static const char *const error_names[AX25_ERROR_COUNT] = {
	[AX25_OK] = "ok",
	[AX25_SHORT] = "short",
	[AX25_NO_END] = "no-end",
	[AX25_TOO_MANY] = "too-many-addresses",
	[AX25_BAD_CALL] = "bad-call",
	[AX25_NO_CONTROL] = "no-control",
	[AX25_NO_PID] = "no-pid",
};

const char *ax25_error_name(enum ax25_error e)
{
	return e < AX25_ERROR_COUNT ? error_names[e] : "?";
}

/* ---- addresses ---- */

static bool call_char(int c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* What an address byte without its lowest bit may be: a bit for a call's
 * characters, one for padding. */
static const uint16_t byte_kind[128] = {
	['0' ... '9'] = 1, ['A' ... 'Z'] = 1,
	[PAD >> 1] = 1 << CALL_LEN, [PAD_RETICULUM >> 1] = 1 << CALL_LEN,
};

/* False if the six characters are not letters and digits, then padding. Call
 * signs differ in length, so a loop that ends with them would be mispredicted
 * at each: all six are looked at, the answer is in two masks. */
static bool address_decode(struct ax25_address *a, const uint8_t *p)
{
	unsigned kinds = 0, low = 0, chars, pads, n;

	for (unsigned i = 0; i < CALL_LEN; i++) {
		kinds |= (unsigned)byte_kind[p[i] >> 1] << i;
		low |= p[i] & 1;
		a->call[i] = (char)(p[i] >> 1);
	}
	chars = kinds & ((1u << CALL_LEN) - 1);
	pads = kinds >> CALL_LEN;
	n = (unsigned)__builtin_ctz(~chars);
	a->call[n] = '\0';
	a->ssid = p[CALL_LEN] >> 1 & 15;
	a->c_or_h = p[CALL_LEN] & C_OR_H;
	return n > 0 && !low && chars == (1u << n) - 1 &&
	       (chars | pads) == (1u << CALL_LEN) - 1;
}

static void address_encode(uint8_t *p, const struct ax25_address *a,
			   uint8_t last)
{
	size_t n = strnlen(a->call, CALL_LEN);

	memset(p, PAD, CALL_LEN);
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(a->call[i] << 1);
	p[CALL_LEN] = (uint8_t)((a->c_or_h ? C_OR_H : 0) | RESERVED |
				(a->ssid & 15) << 1 | last);
}

/* "", "-0" .. "-15" */
static int ssid_parse(const char *text)
{
	unsigned v = 0;

	if (*text == '\0')
		return 0;
	if (*text++ != '-' || strlen(text) < 1 || strlen(text) > 2)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		v = 10 * v + (unsigned)(*text - '0');
	}
	return v <= 15 ? (int)v : -EINVAL;
}

int ax25_address_parse(struct ax25_address *a, const char *text)
{
	struct ax25_address got = { 0 };
	size_t n = strcspn(text, "-");
	int ssid = ssid_parse(text + n);

	if (n < 1 || n > CALL_LEN || ssid < 0)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		int c = toupper((unsigned char)text[i]);

		if (!call_char(c))
			return -EINVAL;
		got.call[i] = (char)c;
	}
	got.ssid = (uint8_t)ssid;
	*a = got;
	return 0;
}

char *ax25_address_format(char dst[AX25_CALL_TEXT],
			  const struct ax25_address *a)
{
	if (a->ssid)
		snprintf(dst, AX25_CALL_TEXT, "%.6s-%u", a->call,
			 a->ssid & 15u);
	else
		snprintf(dst, AX25_CALL_TEXT, "%.6s", a->call);
	return dst;
}

bool ax25_address_equal(const struct ax25_address *a,
			const struct ax25_address *b)
{
	return a->ssid == b->ssid && strcmp(a->call, b->call) == 0;
}

bool ax25_call_placeholder(const char *call)
{
	return strcasecmp(call, "N0CALL") == 0 ||
	       strcasecmp(call, "NOCALL") == 0 ||
	       strcasecmp(call, "MYCALL") == 0;
}

bool ax25_call_valid(const char *call)
{
	size_t n = strlen(call), letters = 0, digits = 0;

	for (size_t i = 0; i < n; i++) {
		int c = toupper((unsigned char)call[i]);

		if (!call_char(c))
			return false;
		if (c <= '9')
			digits++;
		else
			letters++;
	}
	return n >= 3 && n <= CALL_LEN && letters && digits &&
	       !ax25_call_placeholder(call);
}

/* ---- frames ---- */

static struct ax25_address *address_slot(struct ax25_frame *f, size_t i)
{
	return i == 0 ? &f->dest : i == 1 ? &f->source : &f->digi[i - 2];
}

static enum ax25_error addresses_decode(struct ax25_frame *f, struct rd *r)
{
	bool last = false;

	for (size_t i = 0; !last; i++) {
		struct span s = rd_bytes(r, AX25_ADDRESS_SIZE);

		if (!s.p)
			return i < 2 ? AX25_SHORT : AX25_NO_END;
		if (i == 2 + AX25_DIGIS_MAX)
			return AX25_TOO_MANY;
		if (!address_decode(address_slot(f, i), s.p))
			return AX25_BAD_CALL;
		last = s.p[CALL_LEN] & LAST;
		if (last && i < 1)
			return AX25_SHORT;
		if (i >= 2) {
			f->n_digis++;
			f->digipeated |= f->digi[i - 2].c_or_h;
		}
	}
	return AX25_OK;
}

static enum ax25_type control_type(uint8_t control)
{
	if (!(control & 1))
		return AX25_I;
	if ((control & 3) == 1)
		return AX25_S;
	return (control & ~POLL_FINAL) == CONTROL_UI ? AX25_UI : AX25_U;
}

static enum ax25_error parse(struct ax25_frame *f, struct span raw,
			     bool extended)
{
	struct rd r = rd_init(raw);
	enum ax25_error e;

	memset(f, 0, sizeof(*f));
	e = addresses_decode(f, &r);
	if (e)
		return e;
	f->command = f->dest.c_or_h && !f->source.c_or_h;
	f->control = rd_u8(&r);
	if (r.bad)
		return AX25_NO_CONTROL;
	f->type = control_type(f->control);
	f->extended = extended && (f->type == AX25_I || f->type == AX25_S);
	if (f->extended)
		f->control2 = rd_u8(&r);
	if (r.bad)
		return AX25_NO_CONTROL;
	f->has_pid = f->type == AX25_I || f->type == AX25_UI;
	if (f->has_pid)
		f->pid = rd_u8(&r);
	if (r.bad)
		return AX25_NO_PID;
	f->info = rd_rest(&r);
	return AX25_OK;
}

enum ax25_error ax25_parse(struct ax25_frame *f, struct span raw)
{
	return parse(f, raw, false);
}

enum ax25_error ax25_parse_extended(struct ax25_frame *f, struct span raw)
{
	return parse(f, raw, true);
}

unsigned ax25_ns(const struct ax25_frame *f)
{
	return f->extended ? f->control >> 1 : f->control >> 1 & 7;
}

unsigned ax25_nr(const struct ax25_frame *f)
{
	return f->extended ? f->control2 >> 1 : f->control >> 5;
}

bool ax25_poll_final(const struct ax25_frame *f)
{
	return f->extended ? f->control2 & 1 : f->control & POLL_FINAL;
}

static const struct {
	uint8_t control;
	char name[6];
} u_names[] = {
	{ 0x2f, "SABM" }, { 0x6f, "SABME" }, { 0x43, "DISC" },
	{ 0x0f, "DM" }, { 0x63, "UA" }, { 0x87, "FRMR" }, { 0xaf, "XID" },
	{ 0xe3, "TEST" },
};

const char *ax25_type_name(const struct ax25_frame *f)
{
	static const char s_names[4][5] = { "RR", "RNR", "REJ", "SREJ" };

	if (f->type == AX25_I)
		return "I";
	if (f->type == AX25_UI)
		return "UI";
	if (f->type == AX25_S)
		return s_names[f->control >> 2 & 3];
	for (size_t i = 0; i < sizeof(u_names) / sizeof(u_names[0]); i++)
		if (u_names[i].control == (f->control & ~POLL_FINAL))
			return u_names[i].name;
	return "U";
}

int ax25_ui_encode(uint8_t *dst, size_t cap, const struct ax25_address *dest,
		   const struct ax25_address *source, uint8_t pid,
		   struct span info)
{
	if (cap < AX25_UI_HEADER || cap - AX25_UI_HEADER < info.n)
		return -ENOSPC;
	address_encode(dst, dest, 0);
	address_encode(dst + AX25_ADDRESS_SIZE, source, LAST);
	dst[14] = CONTROL_UI;
	dst[15] = pid;
	if (info.n)
		memcpy(dst + AX25_UI_HEADER, info.p, info.n);
	return (int)(AX25_UI_HEADER + info.n);
}

uint16_t ax25_fcs(struct span frame)
{
	uint16_t crc = 0xffff;

	for (size_t i = 0; i < frame.n; i++) {
		crc ^= frame.p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0x8408 :
						   crc >> 1);
	}
	return crc ^ 0xffff;
}
