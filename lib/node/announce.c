/* SPDX-License-Identifier: MIT
 *
 * Reticulum announces of the destination `cairn.node`, carrying the digest as
 * app_data: one every 6 hours a port, or at the operator's word (never two in
 * one second, the receivers' limit, nor more than relays pass), valid for stock
 * nodes, which relay them and so draw the map. An announce that was relayed only
 * fills the map: its sender is no neighbour and could not hear an answer.
 *
 * Emission times never go back: the floor is persisted, for us and for every
 * author whose announce was acted on.
 */
#include <errno.h>
#include <stdio.h>
#include "lib/base/crypto.h"
#include "lib/node/node_parts.h"

#define ANNOUNCE_EVERY_US (6 * 3600 * US_PER_S)
#define ANNOUNCE_APP_MAX 89	/* announce and digest in one frame */
#define ANNOUNCES_MAX 6		/* relays pass so many ... */
#define ANNOUNCES_FALL_US (3600 * US_PER_S)	/* ... then one an hour */

/* ---- sending ---- */

/* A good clock, else what others were seen to have; never back. */
static uint64_t announce_time(struct node *n)
{
	uint64_t s = n->now.wall_good ? n->now.wall_ms / 1000 :
		n->adopted.wall_ms / 1000;

	if (s < n->c.build_wall_ms / 1000)
		s = n->c.build_wall_ms / 1000;
	if (s <= n->announced_s)
		s = n->announced_s + 1;
	n->announced_s = s;
	n->dirty = true;
	return s;
}

static int announce_make(struct node *n, uint8_t *dst, size_t cap)
{
	struct sync_message m = { .type = SYNC_DIGEST };
	uint8_t app[ANNOUNCE_APP_MAX], random5[5];
	int len;

	sync_digest_make(&n->env, &m.digest, 0);	/* who differs asks */
	len = sync_message_encode(app, sizeof(app), &m);
	if (len < 0)
		return len;
	be_put(random5, 5, random_next(&n->rng));
	return rns_announce_encode(dst, cap, &n->c.identity, n->name_hash,
				   random5, announce_time(n), NULL,
				   SPAN(app, (size_t)len));
}

/* One announce, on each port that may send and is not in debt: on how many.
 * -EAGAIN if no relay would pass it on. */
static int announce_send(struct node *n, uint64_t now_us)
{
	uint8_t packet[RNS_MTU];
	int len = -1, sent = 0;

	for (int i = 0; i < n->n_ports; i++) {
		struct node_port *p = &n->ports[i];

		if (!node_port_may_send(p) || n->env.clear_us(n, i, false,
							      now_us) > now_us)
			continue;
		if (!sent && !sync_credit_take(&n->announces, ANNOUNCES_MAX,
					       ANNOUNCES_FALL_US, now_us))
			return -EAGAIN;
		if (!sent)
			len = announce_make(n, packet, sizeof(packet));
		if (len < 0)
			return len;
		node_port_send_packet(p, SPAN(packet, (size_t)len));
		sent++;
	}
	if (sent)
		n->announced_us = now_us;
	return sent;
}

static void announce_due(struct sync_timer *t, uint64_t now_us)
{
	struct node *n = t->owner;

	timer_set(&n->heap, &t->timer, now_us + ANNOUNCE_EVERY_US);
	announce_send(n, now_us);
}

int node_announce(struct node *n, struct clock_now now, char why[160])
{
	int sent;

	node_begin(n, now);
	why[0] = 0;
	if (n->announced_us && now.mono_us < n->announced_us + US_PER_S) {
		snprintf(why, 160, "one announce a second");
		return -EAGAIN;
	}
	sent = announce_send(n, now.mono_us);
	if (sent == -EAGAIN)
		snprintf(why, 160, "relays pass %d announces, then one an hour",
			 ANNOUNCES_MAX);
	if (sent < 0)
		return sent;
	if (!sent) {
		snprintf(why, 160, "no port may send now (cairn status)");
		return -EPERM;
	}
	timer_set(&n->heap, &n->announce.timer,
		  now.mono_us + ANNOUNCE_EVERY_US);
	return 0;
}

/* The first within 6 hours of the start, at a time of chance. */
void node_announce_arm(struct node *n)
{
	if (!n->c.digest_announce || !n->c.identity.has_prv ||
	    timer_armed(&n->announce.timer))
		return;
	timer_set(&n->heap, &n->announce.timer, n->now.mono_us +
		  random_below(&n->rng, ANNOUNCE_EVERY_US));
}

void node_announce_init(struct node *n)
{
	n->announce.fire = announce_due;
	n->announce.owner = n;
}

/* ---- receiving ---- */

/* Newer than what was acted on for this author? Then it is now. */
static bool announce_newer(struct node *n, const struct rns_announce *a)
{
	struct node_floor *f, *oldest = &n->floors[0];

	for (f = n->floors; f < n->floors + NODE_FLOORS_MAX; f++) {
		if (memcmp(f->author, a->identity_hash, AUTHOR_SIZE) == 0)
			break;
		if (f->emitted_s < oldest->emitted_s)
			oldest = f;
	}
	if (f == n->floors + NODE_FLOORS_MAX) {
		f = oldest;
		*f = (struct node_floor){ 0 };
		memcpy(f->author, a->identity_hash, AUTHOR_SIZE);
	}
	if (a->emitted_s <= f->emitted_s)
		return false;
	f->emitted_s = a->emitted_s;
	n->dirty = true;
	return true;
}

/* An announce binds to the call sign of its author's `station`: under any
 * other source it is no neighbour's. */
static bool announce_call_fits(struct node *n, const struct rns_announce *a,
			       const char *call)
{
	char label[2 * AUTHOR_SIZE + 1];
	uint32_t slot = feed_find(n->data.feeds,
				  author_label(label, a->identity_hash));

	if (slot == FEED_SLOT_NONE || !call[0])
		return true;
	return strcmp(feed_at(n->data.feeds, slot)->call, call) == 0;
}

static void announce_digest(struct node *n, struct node_port *port,
			    const char *call, bool direct,
			    const struct rns_announce *a,
			    const struct sync_digest *d)
{
	uint32_t address = call[0] ? sync_address_from_call(call) :
		author_alias(n->dataset, a->identity_hash);

	if (direct && announce_call_fits(n, a, call))
		sync_port_digest(port->sync, address, call, d,
				 n->now.mono_us);
}

/* Any valid announce was heard; by its identity if no call sign came with it
 * from the announcer himself. */
static struct node_heard *announce_heard(struct node *n,
					 const struct node_port *port,
					 const struct rns_packet *p,
					 const char *call, bool direct,
					 const struct rns_announce *a)
{
	bool named = call[0] && p->hops == 0;
	char name[2 * 5 + 1];
	struct node_heard *h;

	hex_encode(name, SPAN(a->identity_hash, 5));
	h = node_hear(n, port->number, named ? call : name, named ? 0 :
		      (p->type2 ? RNS_HEADER_MAX : RNS_HEADER_MIN) + p->data.n);
	memcpy(h->author, a->identity_hash, AUTHOR_SIZE);
	h->direct |= direct;
	h->hops = p->hops;
	return h;
}

static void announce_map(struct node_heard *h, const struct sync_digest *d)
{
	h->cairn = h->mapped = true;
	h->root48 = d->root48;
	h->events = d->events;
}

static enum node_verdict announce_verified(struct node *n,
					   struct node_port *port,
					   const char *call, bool direct,
					   const struct rns_packet *p,
					   const struct rns_announce *a)
{
	struct sync_message m;
	struct node_heard *h;

	if (rns_paths_offer(n->paths, p, a, n->now.mono_us) != RNS_OK)
		return NODE_DUPLICATE;
	h = announce_heard(n, port, p, call, direct, a);
	if (memcmp(a->name_hash, n->name_hash, RNS_NAME_HASH) != 0)
		return NODE_NOT_OURS;
	if (sync_message_decode(&m, a->app_data) != SYNC_OK ||
	    m.type != SYNC_DIGEST)
		return NODE_BAD_ANNOUNCE;
	if (m.digest.dataset_tag != (uint16_t)be_get(n->dataset, 2))
		return NODE_OTHER_DATASET;
	announce_map(h, &m.digest);
	if (!announce_newer(n, a))
		return NODE_DUPLICATE;
	announce_digest(n, port, call, direct, a, &m.digest);
	return NODE_OK;
}

enum node_verdict node_announce_input(struct node *n, struct node_port *port,
				      const char *call, bool direct,
				      const struct rns_packet *p)
{
	struct rns_announce a;

	if (rns_announce_admissible(p) != RNS_OK ||
	    rns_announce_parse(&a, p) != RNS_OK)
		return NODE_BAD_ANNOUNCE;
	if (memcmp(a.key, n->c.identity.pub, sizeof(a.key)) == 0)
		return NODE_OWN_ECHO;
	if (rns_paths_check(n->paths, p, &a, n->now.mono_us) != RNS_OK)
		return NODE_DUPLICATE;	/* before any signature */
	if (rns_announce_verify(&a, p) != RNS_OK)
		return NODE_BAD_ANNOUNCE;
	return announce_verified(n, port, call,
				 direct && p->hops == 0 && !p->type2, p, &a);
}
