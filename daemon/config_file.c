/* SPDX-License-Identifier: MIT
 *
 * The configuration: the file and its grammar; what keys mean is in
 * config_keys.c.
 *
 * libinih splits lines into sections, keys and values. It cuts long lines,
 * joins indented ones to the line before and does not show where a section
 * begins, so the reader below hands it each line already stripped of blanks
 * and comments, and looks for these things itself.
 */
#include "daemon/config.h"
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include "daemon/config_keys.h"
#include "lib/base/file.h"

struct reader {
	struct config *config;
	struct config_port *port;	/* the section's, NULL = the station's */
	struct rd rest;
	const char *name;
	unsigned line;
	unsigned error_line;		/* 0 = none yet */
	char *err;
};

static void reader_fail(struct reader *r, const char *why)
{
	if (r->error_line)
		return;
	r->error_line = r->line;
	snprintf(r->err, CONFIG_ERROR_MAX, "%.500s:%u: %s", r->name, r->line,
		 why);
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Without a comment and without blanks at either end. */
static struct span line_strip(struct span s)
{
	bool quoted = false;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			quoted = !quoted;
		if ((s.p[i] == '#' || s.p[i] == ';') && !quoted)
			s.n = i;
	}
	while (s.n && is_blank(s.p[0]))
		s = SPAN(s.p + 1, s.n - 1);
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

static struct span line_take(struct rd *rest)
{
	const uint8_t *end = memchr(rest->p, '\n', rd_left(rest));
	struct span s;

	if (!end)
		return rd_rest(rest);
	s = rd_bytes(rest, (size_t)(end - rest->p));
	rd_bytes(rest, 1);
	return s;
}

/* libinih would also take "key: value". */
static bool line_is_pair(struct span s)
{
	for (size_t i = 0; i < s.n && s.p[i] != ':'; i++)
		if (s.p[i] == '=')
			return i > 0;
	return false;
}

/* "[port vhf]": a section begins, also an empty one. */
static void reader_section(struct reader *r, struct span line)
{
	static const char word[] = "[port ";
	size_t skip = sizeof(word) - 1;
	char why[CONFIG_WHY_MAX], name[CONFIG_LINE_MAX + 1];

	if (line.n <= skip + 1 || memcmp(line.p, word, skip) ||
	    line.p[line.n - 1] != ']') {
		reader_fail(r, "a section is [port NAME]");
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(line.n - skip - 1),
		 (const char *)line.p + skip);
	r->port = config_port_new(r->config, name, why);
	if (!r->port)
		reader_fail(r, why);
}

/* fgets for libinih: the next line, or NULL at the end of the text. */
static char *reader_line(char *dst, int cap, void *ctx)
{
	struct reader *r = ctx;
	struct span line;

	if (!rd_left(&r->rest))
		return NULL;
	r->line++;
	line = line_take(&r->rest);
	if (line.n > CONFIG_LINE_MAX) {
		reader_fail(r, "a line of more than 199 bytes");
		line.n = 0;
	} else if (memchr(line.p, 0, line.n)) {
		reader_fail(r, "a zero byte");
		line.n = 0;
	}
	line = line_strip(line);
	if (line.n && line.p[0] == '[')
		reader_section(r, line);
	else if (line.n && !line_is_pair(line))
		reader_fail(r, "neither [port NAME] nor key = value");
	snprintf(dst, (size_t)cap, "%.*s", (int)line.n, (const char *)line.p);
	return dst;
}

static int reader_pair(void *ctx, const char *section, const char *key,
		       const char *value)
{
	struct reader *r = ctx;
	char why[CONFIG_WHY_MAX];

	(void)section;
	if (config_key_set(r->config, r->port, key, value, true, why)) {
		reader_fail(r, why);
		return 0;
	}
	return 1;
}

int config_parse(struct config *c, const char *name, struct span text,
		 char err[CONFIG_ERROR_MAX])
{
	struct reader r = { .config = c, .rest = rd_init(text), .name = name,
			    .err = err };

	ini_allow_inline_comments = false;
	ini_allow_multiline = false;
	ini_allow_bom = false;
	r.line = (unsigned)ini_parse_stream(reader_line, &r, reader_pair, &r);
	if (r.line)	/* what the reader let pass and libinih did not */
		reader_fail(&r, "neither [port NAME] nor key = value");
	return r.error_line ? -EINVAL : 0;
}

int config_load(struct config *c, const char *path,
		char err[CONFIG_ERROR_MAX])
{
	struct buf text = { 0 };
	int e = file_read(path, CONFIG_FILE_MAX, &text);

	if (e)
		snprintf(err, CONFIG_ERROR_MAX, "%s: %s", path, strerror(-e));
	else
		e = config_parse(c, path, buf_span(&text), err);
	buf_fini(&text);
	return e;
}

int config_set(struct config *c, const char *key, const char *value,
	       char err[CONFIG_ERROR_MAX])
{
	return config_key_set(c, NULL, key, value, false, err);
}

/* ---- --port [NAME=]DEVICE[,key=value...] ---- */

/* The name before '=', if there is one before any ':' or ','. */
static char *port_flag_name(char *spec, size_t ordinal, char *name, size_t cap)
{
	char *stop = strpbrk(spec, "=:,");

	if (!stop || *stop != '=') {
		snprintf(name, cap, "port%zu", ordinal);
		return spec;
	}
	*stop = 0;
	snprintf(name, cap, "%s", spec);
	return stop + 1;
}

static int port_flag_pairs(struct config *c, struct config_port *p, char *at,
			   char err[CONFIG_ERROR_MAX])
{
	for (char *save, *w = strtok_r(at, ",", &save); w;
	     w = strtok_r(NULL, ",", &save)) {
		char *eq = strchr(w, '=');

		if (!eq) {
			snprintf(err, CONFIG_ERROR_MAX,
				 "'%.100s' is not key=value", w);
			return -EINVAL;
		}
		*eq = 0;
		if (config_key_set(c, p, w, eq + 1, true, err))
			return -EINVAL;
	}
	return 0;
}

int config_add_port(struct config *c, const char *spec,
		    char err[CONFIG_ERROR_MAX])
{
	char text[512], name[512], *device, *pairs;
	struct config_port *p;

	if (snprintf(text, sizeof(text), "%s", spec) >= (int)sizeof(text)) {
		snprintf(err, CONFIG_ERROR_MAX, "--port: too long");
		return -EINVAL;
	}
	device = port_flag_name(text, c->n_ports, name, sizeof(name));
	p = config_port_new(c, name, err);
	if (!p)
		return -EINVAL;
	pairs = strchr(device, ',');
	if (pairs)
		*pairs++ = 0;
	if (config_key_set(c, p, "device", device, true, err))
		return -EINVAL;
	return pairs ? port_flag_pairs(c, p, pairs, err) : 0;
}
