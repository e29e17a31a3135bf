/* SPDX-License-Identifier: MIT
 *
 * `cairn sync`: one word to the neighbours at the operator's wish, where the
 * port's switch, guard and budget let it through.
 */
#include <errno.h>
#include <stdio.h>
#include "lib/node/node_parts.h"

/* The neighbour of that call sign on this port, be it long not heard. */
static struct sync_peer *speak_peer(const struct node_port *p,
				    const char *call)
{
	struct sync_peers *s = sync_port_peers(p->sync);
	char text[9];

	for (unsigned i = 0; i < SYNC_PEERS_MAX; i++)
		if (s->v[i].used &&
		    !strcmp(call, node_peer_call(p->node, &s->v[i], text)))
			return &s->v[i];
	return NULL;
}

/* Who is asked by name, since who holds the same answers that and not a root:
 * the only one not known to hold it, or of several of whom nothing is known
 * (after a start) the one heard last. NULL: the root is for whoever differs. */
static struct sync_peer *speak_asked(const struct node_port *p,
				     uint64_t now_us)
{
	uint64_t root = feed_root48(p->node->data.feeds);
	struct sync_peers *s = sync_port_peers(p->sync);
	struct sync_peer *asked = NULL;
	bool differs = false;
	unsigned n = 0;

	for (unsigned i = 0; i < SYNC_PEERS_MAX; i++) {
		struct sync_peer *q = &s->v[i];

		if (!sync_peer_live(q, now_us) ||
		    (q->known && q->root48 == root))
			continue;
		n++;
		differs |= q->known;
		if (!asked || q->heard_us > asked->heard_us)
			asked = q;
	}
	return n == 1 || !differs ? asked : NULL;
}

/* Whether it was said; if not, why. */
static bool speak_port(struct node_port *p, struct sync_peer *peer,
		       uint64_t now_us, char why[160])
{
	const char *waiting = node_port_waiting(p, now_us);

	if (waiting) {
		snprintf(why, 160, "port %s does not send: %s", p->c.name,
			 waiting);
		return false;
	}
	sync_port_speak(p->sync, peer, now_us);
	return true;
}

int node_speak(struct node *n, const char *name, struct clock_now now,
	       char why[160])
{
	unsigned meant = 0, said = 0;

	node_begin(n, now);
	why[0] = 0;
	for (int i = 0; i < n->n_ports; i++) {
		struct node_port *p = &n->ports[i];
		bool all = !name || !strcmp(name, p->c.name);
		struct sync_peer *peer = all ? speak_asked(p, now.mono_us) :
			speak_peer(p, name);

		if (!all && !peer)
			continue;
		meant++;
		said += speak_port(p, peer, now.mono_us, why);
	}
	if (said)
		return 0;
	if (!meant)
		snprintf(why, 160, name ? "no port and no neighbour of that "
			 "name" : "no port yet: see cairn.conf(5)");
	return meant ? -EPERM : -ENOENT;
}
