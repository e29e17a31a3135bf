/* SPDX-License-Identifier: MIT
 *
 * Network interfaces as the kernel tells of them (rtnetlink): a list, and news
 * of one by name. An interface may exist before its type is known: a TUN
 * device is of no type when it is created, and the first message with the
 * right one is that it is up. So every message is looked at.
 */
#pragma once
#include "lib/ring/ring.h"

#define NETDEV_NAME_MAX 16
#define NETDEV_TYPE_ETHERNET 1
#define NETDEV_TYPE_AX25 3

struct netdev {
	char name[NETDEV_NAME_MAX];
	unsigned index, mtu;
	uint16_t type;		/* ARPHRD_* */
	bool up;
	uint8_t address[6];	/* zeros if it has none of that size */
};

/* Every interface there is. 0 or -errno. */
int netdev_list(void (*fn)(void *ctx, const struct netdev *d), void *ctx);

struct netdev_watch;
/* Tells of the interface of that name: as it is now, and whenever something
 * changes; NULL: there is none (any more). NULL and errno set. */
struct netdev_watch *netdev_watch_new(struct ring *r, const char *name,
				      void (*changed)(void *ctx,
						      const struct netdev *d),
				      void *ctx);
void netdev_watch_free(struct netdev_watch *w);
/* Whether this kernel knows AX.25 at all: Linux 7.1 and later do not. */
bool netdev_kernel_ax25(void);
