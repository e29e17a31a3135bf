/* SPDX-License-Identifier: MIT
 *
 * What the vectors do not reach: key files, time in the path table, bounds,
 * framing cut anywhere.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "lib/base/crypto.h"
#include "lib/rns/rns.h"

static const uint8_t name_hash[10] = "cairn.node";
static const uint8_t prv[64] = { 1, 2, 3, [40] = 9 };

/* ---- identities ---- */

static char dir[] = "/tmp/cairn-rns-XXXXXX";

static const char *path_of(const char *name)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void put_file(const char *name, size_t size, mode_t mode)
{
	const char *path = path_of(name);
	FILE *f = fopen(path, "wb");

	for (size_t i = 0; i < size; i++)
		fputc((int)i, f);
	fclose(f);
	chmod(path, mode);
}

static void test_key_file(void **state)
{
	struct rns_identity id, again;
	struct stat st;

	(void)state;
	rns_identity_generate(&id);
	assert_int_equal(rns_identity_save(&id, path_of("key")), 0);
	assert_int_equal(stat(path_of("key"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 64);
	assert_int_equal(rns_identity_load(&again, path_of("key")), 0);
	assert_memory_equal(again.hash, id.hash, 16);
	assert_true(again.has_prv);
	assert_int_equal(rns_identity_save(&id, path_of("key")), -EEXIST);
	assert_int_equal(rns_identity_load(&again, path_of("none")), -ENOENT);
	unlink(path_of("key"));
}

static void test_key_file_refused(void **state)
{
	static const size_t sizes[] = { 0, 63, 65 };
	struct rns_identity id;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		put_file("bad", sizes[i], 0600);
		assert_int_equal(rns_identity_load(&id, path_of("bad")),
				 -EINVAL);
	}
	put_file("bad", 64, 0640);
	assert_int_equal(rns_identity_load(&id, path_of("bad")), -EPERM);
	put_file("bad", 64, 0604);
	assert_int_equal(rns_identity_load(&id, path_of("bad")), -EPERM);
	assert_int_equal(rns_identity_load(&id, dir), -EINVAL);
	unlink(path_of("bad"));
}

static void test_public_only(void **state)
{
	struct rns_identity id, pub;
	uint8_t sig[64], raw[RNS_MTU];

	(void)state;
	rns_identity_from_private(&id, prv);
	rns_identity_from_public(&pub, id.pub);
	assert_memory_equal(pub.hash, id.hash, 16);
	assert_false(pub.has_prv);
	rns_identity_sign(&id, sig, SPAN("hello", 5));
	assert_true(rns_identity_verify(&pub, sig, SPAN("hello", 5)));
	assert_false(rns_identity_verify(&pub, sig, SPAN("hellO", 5)));
	assert_int_equal(rns_announce_encode(raw, sizeof(raw), &pub, name_hash,
					     raw, 0, NULL, SPAN(NULL, 0)),
			 -EINVAL);
	assert_int_equal(rns_identity_save(&pub, path_of("no")), -EINVAL);
}

static void test_names(void **state)
{
	const char *const parts[] = { "b", "c" };
	const char *const dotted[] = { "b.c" };
	char name[6];

	(void)state;
	assert_int_equal(rns_name_join(name, 6, "a", parts, 2), 5);
	assert_string_equal(name, "a.b.c");
	assert_int_equal(rns_name_join(name, 5, "a", parts, 2), -ENOSPC);
	assert_int_equal(rns_name_join(name, 6, "a", dotted, 1), -EINVAL);
	assert_int_equal(rns_name_join(name, 6, "a.", parts, 1), -EINVAL);
}

/* ---- announces and the path table ---- */

struct made {
	uint8_t raw[RNS_MTU];
	struct rns_packet p;
	struct rns_announce a;
};

/* An announce of identity `who`, emitted at emitted_s, arriving with hops. */
static struct made *make(uint8_t who, uint8_t r, uint64_t emitted_s,
			 uint8_t hops)
{
	static struct made m[4];
	static size_t at;
	struct made *made = &m[at++ % 4];
	uint8_t key[64] = { [63] = who }, random5[5] = { r };
	struct rns_identity id;
	int n;

	rns_identity_from_private(&id, key);
	n = rns_announce_encode(made->raw, sizeof(made->raw), &id, name_hash,
				random5, emitted_s, NULL, SPAN("x", 1));
	assert_int_equal(n, RNS_ANNOUNCE_MIN + 1);
	made->raw[1] = hops;
	assert_int_equal(rns_packet_parse(&made->p, SPAN(made->raw, n)), 0);
	assert_int_equal(rns_announce_parse(&made->a, &made->p), RNS_OK);
	assert_int_equal(rns_announce_verify(&made->a, &made->p), RNS_OK);
	return made;
}

static enum rns_error offer(struct rns_paths *t, const struct made *m,
			    uint64_t now_us)
{
	enum rns_error e = rns_paths_check(t, &m->p, &m->a, now_us);

	assert_int_equal(rns_paths_offer(t, &m->p, &m->a, now_us), e);
	return e;
}

/* A clock that ran ahead costs its owner a week, no more. */
static void test_expiry(void **state)
{
	const uint64_t week_us = 7 * 24 * 3600 * 1000000ULL;
	struct rns_paths *t = rns_paths_new(4);

	(void)state;
	assert_int_equal(offer(t, make(1, 1, 9999, 0), 5), RNS_OK);
	assert_int_equal(offer(t, make(1, 2, 100, 0), 6), RNS_OLD);
	assert_int_equal(offer(t, make(1, 2, 100, 0), 4 + week_us), RNS_OLD);
	assert_int_equal(offer(t, make(1, 1, 9999, 0), 5 + week_us),
			 RNS_REPLAY);
	assert_int_equal(offer(t, make(1, 2, 100, 0), 5 + week_us), RNS_OK);
	assert_int_equal(offer(t, make(1, 3, 101, 0), 6 + week_us), RNS_OK);
	assert_int_equal(offer(t, make(1, 4, 101, 0), 6 + week_us), RNS_OLD);
	rns_paths_free(t);
}

static void test_table_bound(void **state)
{
	struct rns_paths *t = rns_paths_new(2);
	uint8_t hops, next[16];

	(void)state;
	assert_int_equal(offer(t, make(1, 1, 10, 0), 0), RNS_OK);
	assert_int_equal(offer(t, make(2, 1, 10, 3), 0), RNS_OK);
	assert_int_equal(offer(t, make(1, 2, 11, 0), 0), RNS_OK);
	assert_int_equal(offer(t, make(3, 1, 10, 0), 0), RNS_OK);
	assert_true(rns_paths_get(t, make(1, 1, 1, 0)->p.dest, &hops, next));
	assert_false(rns_paths_get(t, make(2, 1, 1, 0)->p.dest, &hops, next));
	assert_true(rns_paths_get(t, make(3, 1, 1, 0)->p.dest, &hops, next));
	assert_int_equal(hops, 1);
	rns_paths_free(t);
}

static void test_key_changed(void **state)
{
	struct rns_paths *t = rns_paths_new(2);
	struct made *m = make(1, 1, 10, 0);

	(void)state;
	assert_int_equal(offer(t, m, 0), RNS_OK);
	m = make(1, 2, 11, 0);
	m->a.key[0] ^= 1;
	assert_int_equal(offer(t, m, 0), RNS_KEY_CHANGED);
	rns_paths_free(t);
}

static void test_sizes(void **state)
{
	static uint8_t raw[RNS_PACKET_MAX + 1], data[500];
	struct rns_identity id;
	struct rns_packet p;

	(void)state;
	rns_identity_from_private(&id, prv);
	assert_int_equal(rns_announce_encode(raw, sizeof(raw), &id, name_hash,
					     data, 0, NULL, SPAN(data, 333)),
			 RNS_MTU);
	assert_int_equal(rns_announce_encode(raw, sizeof(raw), &id, name_hash,
					     data, 0, NULL, SPAN(data, 334)),
			 -EMSGSIZE);
	assert_int_equal(rns_packet_encode_plain(raw, RNS_MTU, data,
						 SPAN(data, 481)), RNS_MTU);
	assert_int_equal(rns_packet_encode_plain(raw, RNS_MTU, data,
						 SPAN(data, 482)), -EMSGSIZE);
	memset(raw, 0, sizeof(raw));
	assert_int_equal(rns_packet_parse(&p, SPAN(raw, RNS_PACKET_MAX)), 0);
	assert_int_equal(rns_packet_parse(&p, SPAN(raw, RNS_PACKET_MAX + 1)),
			 RNS_LONG);
}

static void test_names_of_errors(void **state)
{
	(void)state;
	for (int e = 0; e < RNS_ERROR_COUNT; e++)
		assert_non_null(rns_error_name((enum rns_error)e));
	for (int e = 0; e < HDLC_ERR_COUNT; e++)
		assert_non_null(hdlc_error_name((enum hdlc_error)e));
}

/* ---- HDLC ---- */

static struct {
	char text[256];
	struct hdlc_decoder d;
} hdlc;

static void note(const char *what, struct span s)
{
	char hex[128];
	size_t n = strlen(hdlc.text);

	hex_encode(hex, SPAN(s.p, s.n < 40 ? s.n : 40));
	snprintf(hdlc.text + n, sizeof(hdlc.text) - n, "%s:%s ", what, hex);
}

static void on_frame(void *ctx, struct span packet)
{
	(void)ctx;
	note("ok", packet);
}

static void on_error(void *ctx, enum hdlc_error e, struct span raw)
{
	(void)ctx;
	note(hdlc_error_name(e), raw);
}

static void hdlc_start(void)
{
	hdlc_decoder_init(&hdlc.d, on_frame, NULL);
	hdlc.d.error = on_error;
	hdlc.text[0] = '\0';
}

/* The same result however the bytes are cut. */
static void test_hdlc_cut_anywhere(void **state)
{
	static const uint8_t wire[] = {
		'n', 'o', 0x7e, 1, 2, 0x7e, 0x7e, 3, 0x7d, 0x5e, 0x7e, 4,
		0x7d, 0x41, 5, 0x7e, 6, 0x7d, 0x7e, 0x7d, 0x5d, 0x7e, 7, 8,
	};
	static const char want[] = "noise:6e6f ok:0102 ok:037e bad-escape:04 "
		"cut:06 ok:7d cut:0708 ";

	(void)state;
	for (size_t cut = 0; cut <= sizeof(wire); cut++) {
		hdlc_start();
		hdlc_decode(&hdlc.d, SPAN(wire, cut));
		hdlc_decode(&hdlc.d, SPAN(wire + cut, sizeof(wire) - cut));
		hdlc_decode_end(&hdlc.d);
		assert_string_equal(hdlc.text, want);
		assert_int_equal(hdlc.d.frames, 3);
	}
}

static void test_hdlc_sizes(void **state)
{
	static uint8_t packet[HDLC_FRAME_MAX + 1];
	static uint8_t wire[HDLC_ENCODED_MAX(HDLC_FRAME_MAX + 1)];
	size_t n;

	(void)state;
	memset(packet, 0x7e, sizeof(packet));
	for (size_t len = HDLC_FRAME_MAX; len <= HDLC_FRAME_MAX + 1; len++) {
		hdlc_start();
		n = hdlc_encode(wire, SPAN(packet, len));
		assert_int_equal(n, HDLC_ENCODED_MAX(len));
		hdlc_decode(&hdlc.d, SPAN(wire, n));
		hdlc_decode(&hdlc.d, SPAN("\x7e" "a\x7e", 3));
		assert_int_equal(hdlc.d.errors[HDLC_ERR_OVERSIZE],
				 len > HDLC_FRAME_MAX);
		assert_int_equal(hdlc.d.frames, len > HDLC_FRAME_MAX ? 1 : 2);
	}
}

static int setup(void **state)
{
	(void)state;
	return crypto_init() < 0 || !mkdtemp(dir);
}

static int teardown(void **state)
{
	(void)state;
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_file),
		cmocka_unit_test(test_key_file_refused),
		cmocka_unit_test(test_public_only),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_table_bound),
		cmocka_unit_test(test_key_changed),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_names_of_errors),
		cmocka_unit_test(test_hdlc_cut_anywhere),
		cmocka_unit_test(test_hdlc_sizes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
