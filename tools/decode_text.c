/* SPDX-License-Identifier: MIT
 *
 * A decoded frame as one line for people, in the manner of tcpdump:
 *
 *   06:30:00.000000 W1AW-7 > CAIRN0: cairn offer to 1a2b root 0123 ...
 *
 * Control characters of others never reach the terminal.
 */
#include <stdio.h>
#include "kiss/codec.h"
#include "lib/base/clock.h"
#include "tools/decode.h"

/* ---- APRS ---- */

static void put_place(struct buf *b, const struct aprs *a)
{
	const uint8_t symbol[2] = { (uint8_t)a->table, (uint8_t)a->symbol };

	buf_printf(b, " %.5f %.5f", a->lat_deg, a->lon_deg);
	if (a->ambiguity)
		buf_printf(b, " (%u digits left out)", a->ambiguity);
	put_str(b, " symbol ");
	put_text(b, SPAN(symbol, 2));
	if (a->weather)
		put_str(b, " weather");
	if (a->course_deg != APRS_UNKNOWN)
		buf_printf(b, " course %d speed %.0f km/h", a->course_deg,
			   a->speed_kn * APRS_KMH_PER_KN);
	if (a->altitude_ft != APRS_NO_ALTITUDE)
		buf_printf(b, " alt %.0f m", a->altitude_ft * APRS_M_PER_FT);
	if (a->status)
		buf_printf(b, " %s", a->status);
}

static void put_aprs(struct buf *b, const struct aprs *a)
{
	put_str(b, "aprs ");
	put_str(b, aprs_kind_name(a->kind));
	if (a->name.n) {
		put_str(b, a->kind == APRS_OBJECT || a->kind == APRS_ITEM ?
			" " : " to ");
		put_text(b, a->name);
	}
	if (a->killed)
		put_str(b, " killed");
	if (a->time.n) {
		put_str(b, " at ");
		buf_add(b, a->time);
	}
	if (a->has_position)
		put_place(b, a);
	if (a->number.n) {
		put_str(b, " number ");
		put_text(b, a->number);
	}
	if (a->text.n) {
		buf_add_u8(b, ' ');
		put_text(b, a->text);
	}
}

/* ---- AX.25 ---- */

static void put_numbers(struct buf *b, const struct ax25_frame *f)
{
	if (f->type == AX25_I) {
		put_str(b, " ns ");
		put_uint(b, ax25_ns(f));
	}
	if (f->type == AX25_I || f->type == AX25_S) {
		put_str(b, " nr ");
		put_uint(b, ax25_nr(f));
	}
	if (ax25_poll_final(f))
		put_str(b, f->command ? " p" : " f");
	if (f->extended)
		put_str(b, " mod128");
}

static void put_pid(struct buf *b, uint8_t pid)
{
	put_str(b, " pid ");
	put_hex(b, SPAN(&pid, 1));
}

static void put_control(struct buf *b, const struct decoded *d)
{
	const struct ax25_frame *f = &d->ax25;

	put_str(b, ax25_type_name(f));
	put_numbers(b, f);
	if (f->has_pid)
		put_pid(b, f->pid);
	if (!d->error[0] && !decode_put_layer3(b, f) && f->info.n)
		put_payload(b, f->info);
}

static void put_ax25(struct buf *b, const struct decoded *d,
		     const struct decode_style *s)
{
	const struct ax25_frame *f = &d->ax25;

	put_colour(b, s, PUT_SOURCE);
	put_call(b, &f->source);
	put_plain(b, s);
	put_str(b, " > ");
	put_call(b, &f->dest);
	for (unsigned i = 0; i < f->n_digis; i++) {
		buf_add_u8(b, ',');
		put_call(b, &f->digi[i]);
		if (f->digi[i].c_or_h)
			buf_add_u8(b, '*');
	}
	put_str(b, ": ");
	if (s->link && (d->has_rns || d->has_cairn || d->has_aprs)) {
		put_str(b, ax25_type_name(f));
		put_pid(b, f->pid);
		buf_add_u8(b, ' ');
	}
	if (d->has_aprs)
		put_aprs(b, &d->aprs);
	else if (!d->has_rns && !d->has_cairn)
		put_control(b, d);
}

/* ---- KISS, the frame ---- */

const char *decode_kiss_name(uint8_t port, uint8_t command)
{
	static const char *const names[16] = {
		[KISS_DATA] = "data", [KISS_TXDELAY] = "txdelay",
		[KISS_PERSISTENCE] = "persistence",
		[KISS_SLOTTIME] = "slottime", [KISS_TXTAIL] = "txtail",
		[KISS_FULLDUPLEX] = "fullduplex",
		[KISS_SETHARDWARE] = "sethardware",
		[KISS_ACKMODE] = "ackmode", [KISS_POLL] = "poll",
		[KISS_READY] = "ready",
	};

	if (port == 15 && command == 15)
		return "return";
	return names[command & 15] ? names[command & 15] : "?";
}

static void put_time(struct buf *b, uint64_t wall_us)
{
	uint64_t s = wall_us / US_PER_S % 86400;

	put_digits(b, s / 3600, 2);
	buf_add_u8(b, ':');
	put_digits(b, s / 60 % 60, 2);
	buf_add_u8(b, ':');
	put_digits(b, s % 60, 2);
	buf_add_u8(b, '.');
	put_digits(b, wall_us % US_PER_S, 6);
	buf_add_u8(b, ' ');
}

static void put_kiss(struct buf *b, const struct decoded *d,
		     const struct decode_style *s)
{
	if (d->kiss_port || s->link) {
		put_str(b, "port ");
		put_uint(b, d->kiss_port);
		buf_add_u8(b, ' ');
	}
	if (d->check) {
		put_str(b, kiss_check_name(d->check));
		buf_add_u8(b, ' ');
	}
	if (d->kiss_command == KISS_DATA)
		return;
	put_str(b, "kiss ");
	put_str(b, decode_kiss_name(d->kiss_port, d->kiss_command));
	buf_add_u8(b, ' ');
	put_hex(b, d->kiss_data);
	if (d->has_ax25)
		buf_add_u8(b, ' ');
}

static void put_lead(struct buf *b, const struct decoded *d,
		     const struct decode_style *s)
{
	if (d->timed && !s->no_time)
		put_time(b, d->wall_us);
	if (d->port) {
		put_str(b, d->port);
		buf_add_u8(b, ' ');
	}
	if (d->direction)
		put_str(b, d->direction == PCAPNG_OUT ? "out " : "in ");
	if (d->outcome) {
		put_str(b, d->outcome);
		put_str(b, ": ");
	}
	if (d->from_kiss)
		put_kiss(b, d, s);
}

static void put_error(struct buf *b, const struct decoded *d,
		      const struct decode_style *s)
{
	if (d->has_ax25 || d->has_rns)
		put_str(b, ", ");
	put_colour(b, s, PUT_ERROR);
	put_str(b, "error: ");
	put_str(b, d->error);
	put_plain(b, s);
	put_payload(b, d->raw);
}

void decode_put_text(struct buf *b, const struct decoded *d,
		     const struct decode_style *s)
{
	put_lead(b, d, s);
	if (d->has_ax25)
		put_ax25(b, d, s);
	put_colour(b, s, PUT_KIND);
	if (d->has_rns)
		decode_put_rns(b, d);
	if (d->has_cairn) {
		put_str(b, d->has_rns ? " " : "");
		decode_put_message(b, &d->cairn);
	}
	put_plain(b, s);
	if (d->error[0])
		put_error(b, d, s);
	if (d->has_generation)
		decode_put_generation(b, d->body, s->verbose);
}
