/* SPDX-License-Identifier: MIT
 *
 * What `cairn decode` makes of any frame: a line without control characters,
 * and a JSON object that is one. The first byte says as what it is read; with
 * its highest bit set the next says where it is cut in two, so that what is
 * kept from frame to frame is met as well.
 */
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "tools/decode.h"

static struct decode_generations *generations;
static struct decode_links *links;

static void line(const struct decoded *d)
{
	static const struct decode_style style = {
		.verbose = true, .link = true,
	};
	struct buf b = { 0 };

	decode_put_text(&b, d, &style);
	for (size_t i = 0; i < b.len; i++)
		if ((b.p[i] < ' ' && b.p[i] != '\n' && b.p[i] != '\t') ||
		    b.p[i] > '~')
			abort();
	buf_fini(&b);
}

static void object(const struct decoded *d)
{
	struct json_out o = { 0 };
	struct json_error e = { 0 };
	struct json *v;

	decode_put_json(&o, d);
	v = json_parse(buf_span(&o.b), &e);
	if (!v && !strstr(e.text, "too big integer")) /* a count of 64 bits */
		abort();
	json_free(v);
	buf_fini(&o.b);
}

static void one(uint8_t how, struct span s)
{
	struct decoded d = { 0 };
	struct kiss_frame f = { 0 };

	if (how & 0x40) {
		f.port = how >> 2 & 15;
		f.command = s.n ? s.p[0] & 15 : 0;
		f.data = s.n ? SPAN(s.p + 1, s.n - 1) : s;
		decode_kiss(&d, &f, how & 3);
	} else {
		decode_frame(&d, s, how & 3);
	}
	decode_links_add(links, &d);
	decode_generations_add(generations, &d);
	line(&d);
	object(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t cut = size > 2 && data[0] & 0x80 ? data[1] : 0;

	if (size < 2 || crypto_init() < 0)
		return 0;
	generations = decode_generations_new();
	links = decode_links_new();
	if (cut > size - 2)
		cut = size - 2;
	if (cut)
		one(data[0], SPAN(data + 2, cut));
	one(data[0], SPAN(data + 2 + cut, size - 2 - cut));
	decode_generations_free(generations);
	decode_links_free(links);
	return 0;
}
