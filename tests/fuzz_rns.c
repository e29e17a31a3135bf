/* SPDX-License-Identifier: MIT
 *
 * Any bytes as a Reticulum packet and announce, and as an HDLC stream: no
 * crash, slices inside the input, what was decoded survives encoding.
 */
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "lib/rns/rns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_announce(const struct rns_packet *p, struct span raw)
{
	struct rns_announce_slices s;
	struct rns_announce a;

	rns_announce_slice(&s, p);
	check(s.app_data.n == 0 || s.app_data.p + s.app_data.n ==
	      raw.p + raw.n);
	check(s.key.n + s.name_hash.n + s.random_hash.n + s.ratchet.n +
	      s.sig.n + s.app_data.n == p->data.n);
	if (rns_announce_parse(&a, p) != RNS_OK)
		return;
	check(s.sig.n == 64 && memcmp(s.sig.p, a.sig, 64) == 0);
	if (rns_announce_verify(&a, p) == RNS_OK)
		check(rns_announce_signature_ok(&a, p));
}

static void check_packet(struct span raw)
{
	static uint8_t again[RNS_PACKET_MAX];
	struct rns_packet p;
	int n;

	if (rns_packet_parse(&p, raw) != RNS_OK)
		return;
	check_announce(&p, raw);
	n = rns_packet_encode(again, sizeof(again), &p);
	check(n == (int)raw.n && memcmp(again, raw.p, raw.n) == 0);
}

static size_t echoed;

static void echo(void *ctx, struct span packet)
{
	(void)ctx;
	check(packet.n > 0 && packet.n <= HDLC_FRAME_MAX);
	echoed = packet.n;
}

static void check_hdlc(struct span raw)
{
	static struct hdlc_decoder d, whole;
	static uint8_t wire[HDLC_ENCODED_MAX(4096)];
	size_t cut = raw.n ? raw.p[0] % raw.n : 0;

	hdlc_decoder_init(&d, echo, NULL);
	hdlc_decode(&d, SPAN(raw.p, cut));
	hdlc_decode(&d, SPAN(raw.p + cut, raw.n - cut));
	hdlc_decoder_init(&whole, echo, NULL);
	hdlc_decode(&whole, raw);
	check(d.frames == whole.frames);
	check(memcmp(d.errors, whole.errors, sizeof(d.errors)) == 0);
	if (raw.n == 0 || raw.n > 4096)
		return;
	echoed = 0;
	hdlc_decode(&d, SPAN(wire, hdlc_encode(wire, raw)));
	check(echoed == raw.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;

	if (!ready)
		check(crypto_init() == 0);
	ready = true;
	check_packet(SPAN(data, size));
	check_hdlc(SPAN(data, size));
	return 0;
}
