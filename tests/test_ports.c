/* SPDX-License-Identifier: MIT
 *
 * Several ports at once: an event heard on one goes out on the others, once;
 * what came over IP goes out by radio only where rf_relay allows it.
 *
 * Channels are perfect here: frames one after the other, heard by all.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/field.h"
#include "lib/node/node_parts.h"

#define MINUTE 60
#define HOUR 3600
#define PLACES_MAX 5
#define CHANNELS_MAX 3
#define AIRED_MAX 2048

enum { RF_A, RF_B, IP };	/* channels */

struct net_frame {
	struct net_frame *next;
	uint64_t due_us;
	unsigned to;
	int port;
	size_t n;
	uint8_t bytes[512];
};

struct place {
	struct node *node;
	struct memory *memory;
	struct buf log;		/* type 2 | slot 4 | len 4 | record */
	unsigned n_ports;
	int channel[3];		/* of each port */
	bool relays[3];
};

struct net {
	struct place p[PLACES_MAX];
	unsigned n;
	uint64_t now_us, free_us[CHANNELS_MAX];
	struct net_frame *queue;
	/* events in the heads of first pieces, by channel */
	struct { int channel; uint32_t alias; uint64_t from, to; }
		aired[AIRED_MAX];
	unsigned n_aired;
	uint64_t frames[CHANNELS_MAX], offers[CHANNELS_MAX];
};

static struct clock_now net_now(const struct net *w)
{
	return (struct clock_now){ w->now_us,
		FIELD_WALL_MS + w->now_us / 1000, true };
}

/* ---- channels ---- */

static void net_heads(struct net *w, int channel, const struct sync_events *e)
{
	static struct run_body body;
	struct span front = SPAN(e->piece.p + 6, e->piece.n - 6);

	if (e->index || run_heads_decode(&body, front) != RUN_OK)
		return;
	for (size_t i = 0; i < body.n_runs; i++) {
		const struct run *r = &body.runs[i];

		assert_true(w->n_aired < AIRED_MAX);
		w->aired[w->n_aired].channel = channel;
		w->aired[w->n_aired].alias = r->alias;
		w->aired[w->n_aired].from = r->seq - 1;
		w->aired[w->n_aired++].to = r->seq + r->n - 1;
	}
}

static void net_look(struct net *w, int channel, struct span frame)
{
	struct span message = SPAN("", 0);
	struct sync_message m;
	struct rns_packet packet;
	struct ax25_frame x;

	if (channel != IP && ax25_parse(&x, frame) == AX25_OK)
		message = x.info;
	else if (channel == IP && rns_packet_parse(&packet, frame) == RNS_OK &&
		 packet.data.n > 4)
		message = SPAN(packet.data.p + 4, packet.data.n - 4);
	w->frames[channel]++;
	if (sync_message_decode(&m, message) != SYNC_OK)
		return;
	w->offers[channel] += m.type == SYNC_OFFER;
	if (m.type == SYNC_EVENTS)
		net_heads(w, channel, &m.events);
}

static void net_put(struct net *w, unsigned to, int port, struct span frame,
		    uint64_t due_us)
{
	struct net_frame *f = malloc(sizeof(*f)), **at = &w->queue;

	assert_true(frame.n <= sizeof(f->bytes));
	*f = (struct net_frame){ NULL, due_us, to, port, frame.n, { 0 } };
	memcpy(f->bytes, frame.p, frame.n);
	while (*at && (*at)->due_us <= due_us)
		at = &(*at)->next;
	f->next = *at;
	*at = f;
}

static void net_send(struct net *w, unsigned from, const struct node_action *a)
{
	int channel = w->p[from].channel[a->port];
	uint64_t at = w->free_us[channel] > w->now_us ? w->free_us[channel] :
		      w->now_us;

	at += channel == IP ? 1000 : 350000;
	for (size_t k = 0; k < a->n_frames; k++) {
		at += (a->frames[k].n + 3) * 8 * 1000000 /
		      (channel == IP ? 1000000 : 1200);
		net_look(w, channel, a->frames[k]);
		for (unsigned i = 0; i < w->n; i++)
			for (unsigned j = 0; j < w->p[i].n_ports; j++)
				if (i != from && w->p[i].channel[j] == channel)
					net_put(w, i, (int)j, a->frames[k], at);
	}
	w->free_us[channel] = at;
}

/* ---- places ---- */

static void net_append(struct place *p, const struct node_action *a)
{
	uint8_t head[10];

	le_put(head, 2, a->record_type);
	le_put(head + 2, 4, a->slot);
	le_put(head + 6, 4, a->record.n);
	buf_add(&p->log, SPAN(head, sizeof(head)));
	buf_add(&p->log, a->record);
	assert_int_equal(memory_record(p->memory, a->record_type, a->slot,
				       a->record), 0);
}

static void net_take(struct net *w, unsigned i)
{
	size_t n;
	const struct node_action *a = node_actions(w->p[i].node, &n);

	for (; n > 0; n--, a++)
		if (a->type == NODE_SEND)
			net_send(w, i, a);
		else if (a->type == NODE_APPEND)
			net_append(&w->p[i], a);
}

static void net_add_port(struct place *p, unsigned j)
{
	static const char *const names[] = { "a", "b", "ip" };
	struct node_port_config c = {
		.bitrate = 1200, .txdelay_ms = 300, .txtail_ms = 50,
		.slottime_ms = 100, .persistence = 63, .duty_permille = 1000,
		.info_max = 256, .rf_relay = p->relays[j] };

	snprintf(c.name, sizeof(c.name), "%s", names[p->channel[j]]);
	if (p->channel[j] == IP) {
		c.profile = NODE_STREAM;
		c.framing = NODE_BARE;
		c.bitrate = 1000000;
	}
	assert_int_equal(node_port_add(p->node, &c), j);
}

/* From its log; a second time: a restart. */
static void net_boot(struct net *w, unsigned i)
{
	struct place *p = &w->p[i];
	struct node_config c = { .transmit = true, .seed = 77 + i,
		.drift_ms = HLC_DRIFT_MS, .dataset = "test" };
	const uint8_t *at = p->log.p;

	node_free(p->node);
	p->memory = p->memory ? p->memory : memory_new();
	snprintf(c.callsign, sizeof(c.callsign), "TE5T-%u", i + 1);
	field_identity(&c.identity, i);
	c.store = memory_store(p->memory);
	p->node = node_new(&c, net_now(w));
	for (unsigned j = 0; j < p->n_ports; j++)
		net_add_port(p, j);
	while (at && at < p->log.p + p->log.len) {
		size_t n = le_get(at + 6, 4);

		assert_int_equal(node_load(p->node, (uint16_t)le_get(at, 2),
					   (uint32_t)le_get(at + 2, 4),
					   SPAN(at + 10, n)), 0);
		at += 10 + n;
	}
	assert_int_equal(node_loaded(p->node, SPAN(NULL, 0), true,
				     net_now(w)), 0);
	net_take(w, i);
	for (unsigned j = 0; j < p->n_ports; j++) {
		node_port_up(p->node, (int)j, true, net_now(w));
		net_take(w, i);
	}
}

/* A place on these channels, -1 ends them. */
static struct place *net_place(struct net *w, int c0, int c1, int c2)
{
	struct place *p = &w->p[w->n++];
	const int c[3] = { c0, c1, c2 };

	while (p->n_ports < 3 && c[p->n_ports] >= 0) {
		p->channel[p->n_ports] = c[p->n_ports];
		p->n_ports++;
	}
	return p;
}

static void net_start(struct net *w)
{
	crypto_init();
	w->now_us = 1000000;
	for (unsigned i = 0; i < w->n; i++)
		net_boot(w, i);
}

/* Between a radio channel and the IP net: 0 is on both, 1 and 2 on one each. */
static void net_start_gate(struct net *w, bool relays)
{
	net_place(w, RF_A, IP, -1)->relays[0] = relays;
	net_place(w, RF_A, -1, -1);
	net_place(w, IP, -1, -1);
	net_start(w);
}

static int net_setup(void **state)
{
	*state = calloc(1, sizeof(struct net));
	return *state ? 0 : -1;
}

static int net_teardown(void **state)
{
	struct net *w = *state;

	for (unsigned i = 0; i < w->n; i++) {
		node_free(w->p[i].node);
		memory_free(w->p[i].memory);
		buf_fini(&w->p[i].log);
	}
	while (w->queue) {
		struct net_frame *f = w->queue;

		w->queue = f->next;
		free(f);
	}
	free(w);
	return 0;
}

static void net_step(struct net *w, uint64_t until_us)
{
	uint64_t next = w->queue ? w->queue->due_us : TIME_NEVER;
	struct net_frame *f = w->queue;
	int who = -1;

	for (unsigned i = 0; i < w->n; i++)
		if (node_wake_us(w->p[i].node) < next) {
			next = node_wake_us(w->p[i].node);
			who = (int)i;
		}
	if (next > until_us) {
		w->now_us = until_us;
	} else if (who >= 0) {
		w->now_us = next > w->now_us ? next : w->now_us;
		node_tick(w->p[who].node, net_now(w));
		net_take(w, (unsigned)who);
	} else {
		w->now_us = next > w->now_us ? next : w->now_us;
		w->queue = f->next;
		node_input(w->p[f->to].node, f->port, SPAN(f->bytes, f->n),
			   net_now(w));
		net_take(w, f->to);
		free(f);
	}
}

static void net_run_s(struct net *w, unsigned seconds)
{
	uint64_t until = w->now_us + seconds * US_PER_S;

	while (w->now_us < until)
		net_step(w, until);
}

static void net_write_as(struct net *w, unsigned i, unsigned value,
			 bool urgent)
{
	struct buf b = { 0 };
	char text[24];

	snprintf(text, sizeof(text), "%016llx", (unsigned long long)
		 ((value + 1) * 0x9e3779b97f4a7c15ULL));
	payload_put_map(&b, 2 + urgent);
	payload_put_uint(&b, KEY_RECORD);
	payload_put_text(&b, SPAN_STR("R-1"));
	payload_put_uint(&b, KEY_TEXT);
	payload_put_text(&b, SPAN_STR(text));
	if (urgent) {
		payload_put_uint(&b, KEY_URGENT);
		payload_put_bool(&b, true);
	}
	assert_int_equal(node_write(w->p[i].node, KIND_NOTE_ADD, buf_span(&b),
				    NULL, net_now(w)), 0);
	buf_fini(&b);
	net_take(w, i);
}

static void net_write(struct net *w, unsigned i, unsigned value)
{
	net_write_as(w, i, value, false);
}

/* How much place i holds of what place j wrote. */
static uint64_t holds(struct net *w, unsigned i, unsigned j)
{
	uint32_t slot = feed_find(node_feeds(w->p[i].node),
				  node_label(w->p[j].node));

	return slot == FEED_SLOT_NONE ? 0 :
	       feed_at(node_feeds(w->p[i].node), slot)->head;
}

/* How often event seq of place j was on a channel. */
static unsigned aired(const struct net *w, int channel, unsigned j,
		      uint64_t seq)
{
	const struct feed *f = feed_at(node_feeds(w->p[j].node),
				       node_own_slot(w->p[j].node));
	unsigned n = 0;

	for (unsigned i = 0; i < w->n_aired; i++)
		n += w->aired[i].channel == channel &&
		     w->aired[i].alias == f->alias &&
		     w->aired[i].from < seq && w->aired[i].to >= seq;
	return n;
}

/* ---- tests ---- */

static void test_two_ports_once(void **state)
{
	struct net *w = *state;

	net_place(w, RF_A, RF_B, -1);
	net_place(w, RF_A, -1, -1);
	net_place(w, RF_B, -1, -1);
	net_start(w);
	net_write(w, 1, 1);
	net_write(w, 2, 2);
	net_run_s(w, 10 * MINUTE);
	assert_int_equal(holds(w, 2, 1), 2);
	assert_int_equal(holds(w, 1, 2), 2);
	for (uint64_t seq = 1; seq <= 2; seq++) {
		assert_int_equal(aired(w, RF_A, 1, seq), 1);
		assert_int_equal(aired(w, RF_B, 1, seq), 1);
		assert_int_equal(aired(w, RF_A, 2, seq), 1);
		assert_int_equal(aired(w, RF_B, 2, seq), 1);
	}
	net_run_s(w, 10 * HOUR);	/* and never again */
	assert_int_equal(w->n_aired, 4);
}

static void test_three_ports_once(void **state)
{
	struct net *w = *state;

	net_place(w, RF_A, RF_B, IP)->relays[1] = true;
	net_place(w, RF_A, -1, -1);
	net_place(w, RF_B, -1, -1);
	net_place(w, IP, -1, -1);
	net_start(w);
	for (unsigned i = 1; i <= 4; i++)
		net_write(w, 1, i);
	net_run_s(w, 10 * MINUTE);
	assert_int_equal(holds(w, 2, 1), 5);
	assert_int_equal(holds(w, 3, 1), 5);
	assert_int_equal(aired(w, RF_A, 1, 5), 1);
	assert_int_equal(aired(w, RF_B, 1, 5), 1);
	assert_int_equal(aired(w, IP, 1, 5), 1);
	assert_true(w->offers[RF_B] > 0);	/* it is news there */
	net_write(w, 3, 2);	/* from IP: to b, which relays, not to a */
	net_run_s(w, 30 * MINUTE);
	assert_int_equal(holds(w, 0, 3), 2);
	assert_int_equal(holds(w, 2, 3), 2);
	assert_int_equal(holds(w, 1, 3), 0);
	assert_int_equal(aired(w, RF_B, 3, 2), 1);
	assert_int_equal(aired(w, RF_A, 3, 2), 0);
}

/* Kept from the air over restarts, at little cost; what the station itself and
 * radio stations write goes on as before. */
static void test_kept_from_the_air(void **state)
{
	struct net *w = *state;
	uint64_t frames;

	net_start_gate(w, false);
	net_write(w, 2, 1);
	net_write(w, 0, 2);
	net_run_s(w, HOUR);
	assert_int_equal(holds(w, 0, 2), 2);
	assert_int_equal(holds(w, 1, 2), 0);
	assert_int_equal(holds(w, 1, 0), 2);
	assert_int_equal(holds(w, 2, 0), 2);
	net_boot(w, 0);
	net_write(w, 1, 3);
	net_run_s(w, HOUR);
	assert_int_equal(holds(w, 1, 2), 0);
	assert_int_equal(holds(w, 2, 1), 2);
	assert_int_equal(aired(w, RF_A, 2, 1), 0);
	net_run_s(w, 10 * HOUR);
	frames = w->frames[RF_A];
	net_run_s(w, 10 * HOUR);
	assert_in_range(w->frames[RF_A] - frames, 5, 300);
}

/* The net writes all the time, and the radio channel hardly hears of it. */
static void test_busy_net(void **state)
{
	struct net *w = *state;
	uint64_t frames;

	net_start_gate(w, false);
	net_write(w, 0, 1);
	net_write(w, 1, 2);
	net_run_s(w, HOUR);
	frames = w->frames[RF_A];
	for (unsigned i = 0; i < 600; i++) {
		net_write(w, 2, i);
		net_run_s(w, MINUTE);
	}
	assert_int_equal(holds(w, 0, 2), 601);
	assert_in_range(w->frames[RF_A] - frames, 5, 250);
	net_write(w, 1, 3);	/* and what is for both goes on */
	net_write(w, 0, 3);
	net_run_s(w, 5 * MINUTE);
	assert_int_equal(holds(w, 0, 1), 3);
	assert_int_equal(holds(w, 1, 0), 3);
}

/* The operator changes his mind: from then on it goes. */
static void test_relay_later(void **state)
{
	struct net *w = *state;

	net_start_gate(w, false);
	net_write(w, 2, 1);
	net_run_s(w, 10 * MINUTE);
	assert_int_equal(holds(w, 1, 2), 0);
	assert_int_equal(w->offers[RF_A], 0);	/* nor is it offered */
	w->p[0].relays[0] = true;
	net_boot(w, 0);
	net_run_s(w, HOUR);
	assert_int_equal(holds(w, 1, 2), 2);
}

/* What another station has brought on the air is on it: it goes on by radio,
 * though it came here over IP first. */
static void test_aired_by_others(void **state)
{
	struct net *w = *state;

	net_place(w, RF_A, RF_B, IP);
	net_place(w, RF_A, IP, -1)->relays[0] = true;
	net_place(w, RF_B, -1, -1);
	net_place(w, IP, -1, -1);
	net_place(w, RF_A, -1, -1);	/* who lacks it */
	net_start(w);
	net_write(w, 3, 1);
	net_run_s(w, 5);
	assert_int_equal(holds(w, 0, 3), 2);
	assert_int_equal(aired(w, RF_A, 3, 2), 0);
	net_run_s(w, 30 * MINUTE);
	assert_true(aired(w, RF_A, 3, 2) >= 1);
	assert_int_equal(holds(w, 2, 3), 2);
}

/* A cry for help behind a backlog of somebody else: it is there before all of
 * that, though its author came last. */
static void test_urgent_overtakes(void **state)
{
	struct net *w = *state;

	net_start_gate(w, true);
	for (unsigned i = 0; i < 400; i++)
		net_write(w, 2, i);
	while (holds(w, 0, 2) < 401 && w->now_us < MINUTE * US_PER_S)
		net_step(w, w->now_us + US_PER_S);
	assert_int_equal(holds(w, 0, 2), 401);
	assert_int_equal(aired(w, RF_A, 2, 1), 0);
	net_write_as(w, 0, 1, true);
	while (holds(w, 1, 0) < 2 && w->now_us < HOUR * US_PER_S)
		net_step(w, w->now_us + US_PER_S);
	assert_int_equal(holds(w, 1, 0), 2);
	assert_int_equal(holds(w, 1, 2), 0);
	net_run_s(w, 10 * MINUTE);
	assert_int_equal(holds(w, 1, 2), 401);
	assert_int_equal(aired(w, RF_A, 2, 401), 1);
}

/* Seals are verified elsewhere: two bodies wait, and each moves the root in the
 * name of its own sender, not of who was heard last. */
static void test_taken_from(void **state)
{
	uint32_t seen[2] = { 0 };
	struct node_seal job;
	struct field f;

	(void)state;
	field_init(&f, 3, 11);
	f.s[0].config.verifies = true;
	field_author(&f, 1, 0, 1, 20, 0);
	field_author(&f, 2, 0, 2, 20, 0);
	field_start(&f);
	while (node_waiting(f.s[0].node) < 2 &&
	       f.now_us < 30 * MINUTE * US_PER_S)
		field_step(&f, f.now_us + US_PER_S);
	assert_int_equal(node_waiting(f.s[0].node), 2);
	for (unsigned n = 0; n < 2; n++) {
		assert_true(node_seal_next(f.s[0].node, &job));
		node_seal_verdict(f.s[0].node, job.token, true);
		node_admit(f.s[0].node, field_now(&f));
		field_take(&f, 0);
		assert_int_equal(node_waiting(f.s[0].node), 1 - n);
		seen[n] = f.s[0].node->taken_from;
	}
	assert_int_equal(seen[0] ^ seen[1],
			 sync_address_from_call("TE5T-2") ^
			 sync_address_from_call("TE5T-3"));
	assert_int_not_equal(seen[0], seen[1]);
	field_fini(&f);
}

#define NET_TEST(fn) cmocka_unit_test_setup_teardown(fn, net_setup, net_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NET_TEST(test_two_ports_once),
		NET_TEST(test_three_ports_once),
		NET_TEST(test_kept_from_the_air),
		NET_TEST(test_busy_net),
		NET_TEST(test_relay_later),
		NET_TEST(test_aired_by_others),
		NET_TEST(test_urgent_overtakes),
		cmocka_unit_test(test_taken_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
