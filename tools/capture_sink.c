/* SPDX-License-Identifier: MIT
 *
 * Where captured frames go: pcapng, one interface block a port, or a line
 * each. pcapng is flushed frame by frame: who reads a pipe wants it now, and
 * who interrupts a capture loses nothing.
 */
#include "tools/capture.h"
#include <errno.h>
#include <stdio.h>

int capture_sink_open(struct capture_sink *s)
{
	s->generations = decode_generations_new();
	s->links = decode_links_new();
	s->file = stdout;
	if (!s->write_to)
		return 0;
	if (strcmp(s->write_to, "-"))
		s->file = fopen(s->write_to, "we");
	if (!s->file)
		return -errno;
	pcapng_put_section(&s->buf, "cairn " CAIRN_VERSION);
	return 0;
}

/* Its number; an interface block goes before its first frame. More ports than
 * can be told apart are the last one. */
static uint32_t port_number(struct capture_sink *s,
			    const struct capture_frame *f)
{
	size_t i = 0;

	while (i < s->n_ports && (s->ports[i].link != f->link ||
				  strcmp(s->ports[i].name, f->port)))
		i++;
	if (i == PCAPNG_INTERFACES_MAX)
		return PCAPNG_INTERFACES_MAX - 1;
	if (i == s->n_ports) {
		snprintf(s->ports[i].name, sizeof(s->ports[i].name), "%s",
			 f->port);
		s->ports[i].link = f->link;
		s->n_ports++;
		pcapng_put_interface(&s->buf, f->link, f->port);
	}
	return (uint32_t)i;
}

static void put_pcapng(struct capture_sink *s, const struct capture_frame *f)
{
	struct pcapng_packet p = {
		.interface = port_number(s, f), .direction = f->direction,
		.wall_us = f->wall_us, .data = f->data,
	};

	pcapng_put_packet(&s->buf, &p, f->verdict);
}

/* tcpdump's -x: sixteen bytes a line. */
static void put_dump(struct buf *b, struct span data)
{
	for (size_t at = 0; at < data.n; at += 16) {
		size_t n = data.n - at < 16 ? data.n - at : 16;

		buf_printf(b, "\n\t0x%04zx: ", at);
		for (size_t i = 0; i < n; i++)
			buf_printf(b, "%s%02x", i % 2 ? "" : " ",
				   data.p[at + i]);
	}
}

static void decode(struct decoded *d, const struct capture_frame *f)
{
	const struct pcapng_packet p = {
		.link = f->link, .direction = f->direction,
		.wall_us = f->wall_us, .data = f->data,
	};
	const struct input_frame in = { .kind = INPUT_PACKET, .packet = &p };

	if (f->error)
		decode_fail(d, f->data, "line", f->verdict);
	else
		decode_input(d, &in, DECODE_AUTO);
	d->port = f->port;
	d->outcome = f->error ? NULL : f->verdict;
	d->wall_us = f->wall_us;
	d->timed = f->wall_us != 0;
	d->direction = f->direction;
}

static void put_line(struct capture_sink *s, const struct capture_frame *f)
{
	struct decoded d = { 0 };
	struct json_out o = { .b = s->buf };

	decode(&d, f);
	decode_links_add(s->links, &d);
	decode_generations_add(s->generations, &d);
	if (s->json)
		decode_put_json(&o, &d);
	else
		decode_put_text(&o.b, &d, &s->style);
	if (s->style.hex && !s->json)
		put_dump(&o.b, f->data);
	buf_add_u8(&o.b, '\n');
	s->buf = o.b;
}

bool capture_sink_take(struct capture_sink *s, const struct capture_frame *f)
{
	if (s->filter && !capture_filter_match(s->filter, f->link, f->data))
		return true;
	if (s->write_to)
		put_pcapng(s, f);
	else
		put_line(s, f);
	fwrite(s->buf.p, 1, s->buf.len, s->file);
	s->buf.len = 0;
	s->frames++;
	return !fflush(s->file) && (!s->limit || s->frames < s->limit);
}

int capture_sink_close(struct capture_sink *s)
{
	int e = 0;

	if (s->buf.len)		/* a capture without a frame is one, too */
		fwrite(s->buf.p, 1, s->buf.len, s->file);
	if (fflush(s->file) || ferror(s->file))
		e = -errno;
	if (s->file != stdout && fclose(s->file) && !e)
		e = -errno;
	buf_fini(&s->buf);
	decode_generations_free(s->generations);
	decode_links_free(s->links);
	capture_filter_free(s->filter);
	return e;
}
