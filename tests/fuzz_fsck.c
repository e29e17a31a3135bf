/* SPDX-License-Identifier: MIT
 *
 * fsck over records of any content, in any order.
 *
 *   type u8 | slot u8 | length u16 | payload, and so on; type 255 is damage
 */
#include "lib/base/crypto.h"
#include "tools/fsck.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_fault(struct fsck *k, const char *what, uint64_t at,
		     const struct fsck_author *a, uint64_t seq)
{
	(void)k, (void)what, (void)at, (void)a, (void)seq;
}

static void on_gap(struct fsck *k, const struct fsck_author *a, uint64_t from,
		   uint64_t to)
{
	(void)k, (void)a, (void)from, (void)to;
}

static void each(struct fsck *k, struct span s,
		 void (*fn)(struct fsck *k, const struct log_record *r))
{
	struct rd d = rd_init(s);

	while (rd_left(&d) >= 4) {
		struct log_record r = { .type = rd_u8(&d), .slot = rd_u8(&d) };

		r.payload = rd_bytes(&d, (size_t)rd_le(&d, 2));
		if (d.bad)
			return;
		if (r.type == 255)
			k->damage += fn == fsck_check;
		else
			fn(k, &r);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsck k = { .fault = on_fault };

	crypto_init();
	each(&k, SPAN(data, size), fsck_mark);
	fsck_turn(&k);
	each(&k, SPAN(data, size), fsck_check);
	fsck_gaps(&k, on_gap);
	fsck_fini(&k);
	return 0;
}
