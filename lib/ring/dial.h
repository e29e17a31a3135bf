/* SPDX-License-Identifier: MIT
 *
 * Names and TCP connections without waiting: a name server may take half a
 * minute to say nothing, and the loop has other things to do. A name is looked
 * up on a thread of its own, which lives as long as the question; what is a
 * number needs none. Then a name's addresses are tried in turn: localhost may
 * be ::1 first where the server listens on 127.0.0.1.
 *
 * Answers come from ring_turn, once, and never from inside the call that asked.
 */
#pragma once
#include <netdb.h>
#include "lib/ring/ring.h"

struct ring_resolve;
/* list: the callee's (freeaddrinfo), or NULL and a sentence in why. */
typedef void (*ring_resolved_fn)(void *ctx, struct addrinfo *list,
				 const char *why);
/* host: "" = any of ours; [brackets] are taken off. Of hints the flags, family
 * and type count. NULL: out of memory. */
struct ring_resolve *ring_resolve(struct ring *r, const char *host,
				  const char *service,
				  const struct addrinfo *hints,
				  ring_resolved_fn fn, void *ctx);
void ring_resolve_cancel(struct ring_resolve *v);	/* v may be NULL */

struct ring_dial;
/* fd: a connected socket with keep-alive and without delay, now the callee's;
 * or -1 and a sentence in why. */
typedef void (*ring_dialled_fn)(void *ctx, int fd, const char *why);
struct ring_dial *ring_dial(struct ring *r, const char *host,
			    const char *service, ring_dialled_fn fn, void *ctx);
void ring_dial_cancel(struct ring_dial *d);	/* d may be NULL */
/* Keep-alive and no delay, as what was dialled has them. */
void ring_tune_tcp(int fd);
